"""How far borders differ between two scans of the same: voxels mix both sides differently, at times by much."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..core.geometry import Geometry
from ..quantification.uncertainty.interval import TWO_SIDED_95
from .resolution import Sampling

# A border is where values within a voxel vary by this many times the usual SD of the difference.
BORDER_SD = 10.0
FEWEST_VOXELS, MOST_VOXELS = 100, 500_000
STEPS = 12


def border_sd(
    first: np.ndarray,
    other: np.ndarray,
    sd: np.ndarray,
    region: np.ndarray,
    grid: Geometry,
    samplings: Sequence[Sampling] = (),
) -> np.ndarray:
    """SD (z, y, x) to add in quadrature to the one expected of the difference of two images (z, y, x).

    sd: what is expected by noise, slope and detail, fitted to medians: few voxels of bone and gas differ by far more,
    where thick slices mix what is beside each other. It is a share of what an image varies by within a voxel of the
    coarser study (the smaller of both images', since a border that one of them has alone is change): the share by which
    95 % of the differences at borders lie within 1.96 SD, so that change of up to 5 % of the borders does not hide
    itself. Zero where sd alone does.
    """
    reach = _reach(grid, samplings)
    vary = np.minimum(*(ndimage.maximum_filter(v, reach) - ndimage.minimum_filter(v, reach) for v in (first, other)))
    borders = region & (vary > BORDER_SD * np.median(sd[region]))
    places = np.flatnonzero(borders)
    if len(places) < FEWEST_VOXELS:
        return np.zeros_like(sd)
    places = places[:: -(-len(places) // MOST_VOXELS)]  # as many tell the share, of a large CT in a second
    size, usual, range_ = np.abs(other.flat[places] - first.flat[places]), sd.flat[places], vary.flat[places]
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        share = (low + high) / 2
        if np.percentile(size / np.hypot(usual, share * range_), 95) > TWO_SIDED_95:
            low = share
        else:
            high = share
    return low * vary


def _reach(grid: Geometry, samplings: Sequence[Sampling]) -> list[int]:
    """Voxels (z, y, x; odd) that the voxels of the coarser study are wide along each axis of the grid."""
    axes = np.reshape(grid.direction, (3, 3))
    widths = [np.asarray(grid.spacing)]
    widths += [np.sqrt(12 * np.einsum("ia,ij,ja->a", axes, s.average, axes)) for s in samplings]
    voxels = np.max(widths, axis=0) / grid.spacing
    return [2 * max(1, round(float(n) / 2)) + 1 for n in reversed(voxels)]
