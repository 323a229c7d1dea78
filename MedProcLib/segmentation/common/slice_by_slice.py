"""What is done in each transverse slice (z, y, x) on its own, for all slices at once."""

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from ...core.geometry import Geometry

# So far apart slices do not reach each other in distance maps.
APART_MM = 1e5


def slices_apart(grid: Geometry) -> Geometry:
    """The grid with its slices so far apart that distances are those within a slice."""
    return Geometry(grid.size, (*grid.spacing[:2], APART_MM), grid.origin, grid.direction)


def filled_slices(region: np.ndarray) -> np.ndarray:
    """The region with the holes filled that it encloses in a slice."""
    return np.stack([ndimage.binary_fill_holes(plane) for plane in region])


def hull(plane: np.ndarray) -> np.ndarray:
    """The convex hull of a slice (y, x)."""
    points = np.argwhere(plane & ~ndimage.binary_erosion(plane))
    if len(points) < 4:
        return plane
    try:
        sides = np.unique(np.round(ConvexHull(points).equations, 9), axis=0)
    except QhullError:
        return plane  # all in one line
    result = np.zeros_like(plane)
    low, high = points.min(axis=0), points.max(axis=0)
    y, x = (np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
    inside = np.ones((len(y), len(x)), bool)
    for across_y, across_x, offset in sides:
        inside &= across_y * y[:, None] + across_x * x[None] + offset <= 0.5
    result[low[0] : high[0] + 1, low[1] : high[1] + 1] = inside
    return result
