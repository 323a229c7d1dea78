"""Local thickness: how large a ball inside a segment can be that holds a given voxel."""

import numpy as np
from scipy import ndimage

from .even_grid import EvenMask, even_mask

# Sizes of balls that are told apart, and voxels of the grid they are put in.
SIZES = 12
MOST_VOXELS = 200_000


def thickness(mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Mean over the voxels, and maximum, of the local thickness in mm.

    The local thickness is the diameter of the largest ball inside that holds the point (Hildebrand and Rueegsegger, J
    Microsc 185(1), 1997). mask: bool (z, y, x), not empty; spacing: x, y, z in mm. Balls are of 12 sizes.
    """
    even = even_mask(mask, spacing, MOST_VOXELS, SIZES)
    if not even.inside.any():
        thinnest = min(np.ptp(np.argwhere(mask), axis=0)[::-1] * spacing + spacing)
        return float(thinnest), float(thinnest)
    local = _local(even)
    return float(local[even.inside].mean()), 2 * even.largest_radius


def _local(even: EvenMask) -> np.ndarray:
    """Local thickness (mm) of each voxel, 0 outside."""
    result = np.zeros(even.inside.shape, np.float32)
    largest = even.largest_radius
    sizes = max(2, min(SIZES, round(2 * largest / even.step)))
    above = largest
    for radius in largest * np.arange(sizes - 1, -1, -1) / sizes:
        holds = even.depth >= radius
        if radius < even.step / 2:
            covered = even.inside
        else:
            covered = ndimage.distance_transform_edt(~holds) * even.step <= radius + even.step
        fresh = covered & even.inside & (result == 0)
        result[fresh] = radius + above
        above = radius
    return result
