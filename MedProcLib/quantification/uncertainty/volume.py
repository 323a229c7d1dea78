"""How well a volume is known that was measured by counting voxels."""

import functools
import math

import numpy as np

from ..shape.crofton import crofton_area
from .interval import Interval

# Terms of the lattice sum that are added up one by one, per axis with the finest steps; the rest is an integral.
TERMS = 12
# Fewer voxels have no area of their own: they are taken for a ball.
FEWEST_VOXELS = 8
# Of fewer voxels than this the measured area misses a sixth, in the mean of balls, ellipsoids, boxes, cylinders and
# tori, as shifts by a voxel step over edges.
FEW_VOXELS, MISSED = 300, 1 / 6


def volume_interval(
    mask: np.ndarray, spacing: tuple[float, float, float], border_sd_mm: float = 0.0, area: float | None = None
) -> Interval:
    """95 % interval of the volume (mm3) of a body whose voxel centers inside are the mask bool (z, y, x).

    spacing: x, y, z in mm. Two errors, independent of each other: where the body lies on the grid, and where the border
    was drawn, off by the same border_sd_mm (standard deviation, outward or inward) everywhere. The second is a matter
    of the reader or threshold, and zero when not given. See `grid_volume_sd` for the first; area: of the surface in mm2
    where it is known (`surface_area`), for speed.
    """
    volume = np.count_nonzero(mask) * math.prod(spacing)
    area = surface_area(mask, spacing) if area is None else area
    sd = math.hypot(counting_sd(mask, spacing, area), area * border_sd_mm)
    return Interval.around(volume, sd, math.prod(spacing) / 8)


def counting_sd(mask: np.ndarray, spacing: tuple[float, float, float], area: float) -> float:
    """Standard deviation (mm3) of the volume of a mask by voxel counting; area: measured by `surface_area`, mm2."""
    missed = MISSED if np.count_nonzero(mask) < FEW_VOXELS else 0.0
    return grid_volume_sd(area / (1 - missed), spacing)


def grid_volume_sd(area: float, spacing: tuple[float, float, float]) -> float:
    """Standard deviation (mm3) of a volume by voxel counting over all places and orientations of a body on the grid.

    The variance is the sum of the body's power spectrum over the reciprocal lattice (Kendall and Rankin, Q J Math 4,
    1953), which for a body with a surface falls with the fourth power of frequency f as area / (8 pi^3 f^4), in the
    mean over orientations (Matern, J Microsc 153, 1989): area times the lattice's Epstein zeta function. For cubes of
    side u it is 0.0667 area u^4.
    """
    return math.sqrt(area * _lattice_sum(tuple(float(side) for side in spacing)) / (8 * math.pi**3))


def surface_area(mask: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """Surface area (mm2); of a handful of voxels, that of the ball of the same volume."""
    count = np.count_nonzero(mask)
    if count < FEWEST_VOXELS:
        return float((36 * math.pi * (count * math.prod(spacing)) ** 2) ** (1 / 3))
    return crofton_area(mask, spacing)


@functools.lru_cache(maxsize=64)
def _lattice_sum(spacing: tuple[float, ...]) -> float:
    """Sum of 1 / f^4 (mm4) over the lattice of frequencies that the voxels cannot tell from 0."""
    steps = 1 / np.array(spacing)
    limit = TERMS * float(steps.min())
    axes = [np.arange(-int(limit / step), int(limit / step) + 1) * step for step in steps]
    squares = np.add.outer(np.add.outer(axes[0] ** 2, axes[1] ** 2), axes[2] ** 2)
    near = squares[(squares > 0) & (squares <= limit**2)]
    return float((near**-2.0).sum()) + 4 * math.pi * math.prod(spacing) / limit
