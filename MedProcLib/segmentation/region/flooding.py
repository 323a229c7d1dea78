"""What watersheds flood: heights in whole steps, with a wall where there is no region."""

import numpy as np

# Steps between the lowest and the highest place: queues of many more take long.
STEPS = 2000


def in_steps(heights: np.ndarray, region: np.ndarray, step: float | None = None) -> np.ndarray:
    """The heights (uint16, from 0) in the region, in steps of this size, and a wall higher than all of them elsewhere.

    Without a step, or with one too small for the range, there are STEPS of them.
    """
    chosen = heights[region]
    low, high = float(chosen.min()), float(chosen.max())
    smallest = (high - low) / STEPS
    step = max(step or 0.0, smallest) or 1.0
    result = np.rint((np.clip(heights, low, high) - low) / step).astype(np.uint16)
    result[~region] = result[region].max() + 1
    return result
