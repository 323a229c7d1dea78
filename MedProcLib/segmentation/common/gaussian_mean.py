"""Gaussian means of a part of an image alone (normalized convolution)."""

import numpy as np

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian

# A mean over less than this share of the Gaussian would be rounding noise.
LEAST_WEIGHT = 1e-3


def mean_within(
    values: np.ndarray, region: np.ndarray, grid: Geometry, sd_mm: float, progress: Progress = SILENT
) -> np.ndarray:
    """Mean around each voxel of what lies in the region (bool, of the values' shape); 0 far from it."""
    return mean_and_weight(values, region, grid, sd_mm, progress)[0]


def mean_and_weight(
    values: np.ndarray, region: np.ndarray, grid: Geometry, sd_mm: float, progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """The same, and the region's share of the Gaussian at each voxel, which is to be above LEAST_WEIGHT."""
    first, second = progress.parts(1, 1)
    widths = [sd_mm] * grid.dimension
    weight = gaussian(region, grid, widths, first)
    total = gaussian(np.where(region, values, 0), grid, widths, second)
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > LEAST_WEIGHT), weight
