"""The noise that operations take away."""

import numpy as np

from ...core.geometry import Geometry
from ...core.noise import ENOUGH_VOXELS, fine_noise_sd
from ...core.voxels import foreground, largest_value

# Noise below this share of the largest value is rounding.
LEAST_NOISE = 1e-6


def tissue_noise(values: np.ndarray, region: np.ndarray, grid: Geometry, known: float = 0.0) -> float:
    """Standard deviation of the noise, measured where it is not known (0); 0 when there is none to remove.

    Measured in the foreground: in MR the background's noise is not that of the tissue.
    """
    # as much as the estimate can use: neither it nor the foreground needs every slice of a large image
    every = max(1, values.size // ENOUGH_VOXELS)
    spacing = tuple(reversed(grid.spacing))
    some = (slice(None),) * int(np.argmax(spacing)) + (slice(None, None, every),)
    values, region = (values[some], region[some]) if region[some].any() else (values, region)
    if not np.ptp(values[region]) > 0:
        return 0.0
    noise = known or fine_noise_sd(values, spacing, foreground(values, region))
    return max(noise, LEAST_NOISE * largest_value(values)) if noise > 0 else 0.0
