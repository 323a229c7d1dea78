"""Local thickness: how large a ball inside a segment can be that holds a given voxel."""

import numpy as np
from scipy import ndimage

from .even_grid import EvenMask, even_mask
from .inscribed_ball import ball_radii

# Sizes of balls that are told apart, closest among the largest, and voxels of the grid they are put in.
SIZES = 12
MOST_VOXELS = 200_000
# Of so many balls, spread over those at least this share as large as the largest, it is found what the grid took.
BALLS, LARGE = 30, 0.9


def thickness(mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Mean over the voxels, and maximum, of the local thickness in mm.

    The local thickness is the diameter of the largest ball inside that holds the point (Hildebrand and Rueegsegger, J
    Microsc 185(1), 1997). mask: bool (z, y, x), not empty; spacing: x, y, z in mm. Balls are of 12 sizes; what a grid
    takes from the large ones, as their centers lie between voxels and the surface is stepped, it takes from all.
    """
    even = even_mask(mask, spacing, MOST_VOXELS, SIZES)
    if not even.inside.any():
        thinnest = min(np.ptp(np.argwhere(mask), axis=0)[::-1] * spacing + spacing)
        return float(thinnest), float(thinnest)
    largest = even.largest_radius
    peaks = np.argwhere((even.depth == ndimage.maximum_filter(even.depth, 3)) & (even.depth >= LARGE * largest))
    peaks = peaks[np.linspace(0, len(peaks) - 1, min(BALLS, len(peaks))).astype(int)]
    taken = float(np.mean(ball_radii(even, peaks) * even.step - even.depth[tuple(peaks.T)]))
    local = np.clip(_local(even)[even.inside] + 2 * taken, 0, None)
    return float(local.mean()), 2 * (largest + taken)


def _local(even: EvenMask) -> np.ndarray:
    """Local thickness (mm) of each voxel, 0 outside."""
    result = np.zeros(even.inside.shape, np.float32)
    largest = even.largest_radius
    sizes = max(2, min(SIZES, round(2 * largest / even.step)))
    above = largest
    for radius in largest * (1 - (np.arange(1, sizes + 1) / sizes) ** 2):
        holds = even.depth >= radius
        if radius < even.step / 2:
            covered = even.inside
        else:
            covered = ndimage.distance_transform_edt(~holds) * even.step <= radius + even.step
        fresh = covered & even.inside & (result == 0)
        result[fresh] = radius + above
        above = radius
    return result
