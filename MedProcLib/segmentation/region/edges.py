"""How strong the edges of an image are against what flat tissue shows."""

import numpy as np

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...enhancement.structure.derivatives import in_blocks
from ...enhancement.structure.gradient_magnitude import gradient, magnitude

# The median of this many values is good enough.
ENOUGH = 500_000


def edge_strength(
    values: np.ndarray, region: np.ndarray, grid: Geometry, scale_mm: float, progress: Progress = SILENT
) -> tuple[np.ndarray, float]:
    """Gradient magnitude (float32, z, y, x) in multiples of its median in the region, and that median (per mm).

    About 1 in flat tissue; all 0 in a constant image. scale_mm: SD of the Gaussian that the gradient is taken at.
    """
    low, high = float(values.min()), float(values.max())
    # scaled first: squares of huge values overflow
    scaled = ((values - low) / ((high - low) or 1.0)).astype(np.float32)
    result = np.zeros(values.shape, np.float32)
    spacing = tuple(reversed(grid.spacing))

    def fill(part):
        result[part] = magnitude(gradient(scaled, scale_mm, spacing, part))

    in_blocks(fill, tuple(slice(0, n) for n in values.shape), progress)
    positive = result[region & (result > 0)]
    positive = positive[:: max(1, positive.size // ENOUGH)]
    flat = float(np.median(positive)) if positive.size else 1.0
    return result / np.float32(flat), flat * (high - low)
