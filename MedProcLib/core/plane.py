"""The voxels that a flat piece of a plane, as a slice view shows it, passes through."""

import numpy as np

from .errors import InputError
from .geometry import Geometry
from .image_filter import Box


def box_of_polygon(grid: Geometry, corners: np.ndarray) -> Box:
    """The smallest box (z, y, x) of voxels of the grid around a flat convex polygon (n, dimension; LPS, mm).

    What of the polygon lies outside the grid's voxels does not count. Raises InputError when that is all of it.
    """
    polygon = grid.indices(corners)
    for axis, size in enumerate(grid.size):
        for sign, limit in ((1, -0.5), (-1, size - 0.5)):
            polygon = _beyond(polygon, axis, sign, limit)
    if len(polygon) == 0:
        raise InputError("The slice lies outside the image: move it there to see a preview.")
    box = []
    # a thousandth of a voxel is rounding: a plane through the centers of a layer needs that layer only
    for low, high, size in zip(polygon.min(axis=0) + 1e-3, polygon.max(axis=0) - 1e-3, grid.size, strict=True):
        first = int(np.clip(np.floor(low), 0, size - 1))
        box.append(slice(first, int(np.clip(np.ceil(high) + 1, first + 1, size))))
    return tuple(reversed(box))


def _beyond(polygon: np.ndarray, axis: int, sign: int, limit: float) -> np.ndarray:
    """The part of the polygon where sign * (coordinate - limit) >= 0 (Sutherland & Hodgman, CACM 17(1), 1974)."""
    if len(polygon) == 0:
        return polygon
    height = sign * (polygon[:, axis] - limit)
    kept = []
    for here, there, a, b in zip(polygon, np.roll(polygon, -1, axis=0), height, np.roll(height, -1), strict=True):
        if a >= 0:
            kept.append(here)
        if (a >= 0) != (b >= 0):
            kept.append(here + (there - here) * (a / (a - b)))
    return np.array(kept).reshape(-1, polygon.shape[1])
