"""Which voxels lie inside closed planar contours: even-odd in a plane, which stands for the slab around it."""

from collections.abc import Sequence

import numpy as np

from .errors import InputError
from .geometry import Geometry

# Heights are written with few decimals: contours closer than this lie in one plane.
SAME_PLANE_MM = 0.02
# A contour lies along the slices when its points stray by no more than this share of a slice's thickness.
ALONG_SLICES = 0.1


def mask_of_contours(contours: Sequence[np.ndarray], grid: Geometry) -> np.ndarray:
    """Voxels (z, y, x) of a 3D grid whose centers are inside contours, each (n, 3) LPS mm, closed by its first point.

    A contour inside another one is a hole (DICOM PS3.3 C.8.8.6.3). Where planes of contours and slices differ, a slice
    has the contours of the nearest plane, if that is within half the smallest distance between planes.
    Raises InputError for contours that do not lie along the slices.
    """
    places = [grid.indices(points) for points in contours]
    if any(np.ptp(points[:, 2]) > ALONG_SLICES for points in places):
        raise InputError(
            "its contours do not lie along the slices of the image: give the image that they were drawn on."
        )
    heights = np.array([points[:, 2].mean() for points in places]) * grid.spacing[2]
    planes = _planes(heights)
    reach = np.diff(planes).min() / 2 if len(planes) > 1 else grid.spacing[2] / 2
    mask = np.zeros(grid.size[::-1], bool)
    for number in range(grid.size[2]):
        away = np.abs(planes - number * grid.spacing[2])
        nearest = int(away.argmin())
        if away[nearest] <= reach + SAME_PLANE_MM:
            for points, height in zip(places, heights, strict=True):
                if abs(height - planes[nearest]) <= SAME_PLANE_MM:
                    mask[number] ^= inside_polygon(points[:, :2], mask.shape[1:])
    return mask


def _planes(heights: np.ndarray) -> np.ndarray:
    """Sorted heights, one of those that lie in one plane."""
    ordered = np.sort(heights)
    return ordered[np.concatenate(([True], np.diff(ordered) > SAME_PLANE_MM))]


def inside_polygon(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels (rows, columns) whose centers are inside a polygon of (column, row) points."""
    (x, y), (next_x, next_y) = points.T, np.roll(points, -1, axis=0).T
    rows = np.arange(shape[0])[:, None]
    line, edge = np.nonzero((y <= rows) != (next_y <= rows))
    slope = (next_x[edge] - x[edge]) / (next_y[edge] - y[edge])
    crossing = x[edge] + (line - y[edge]) * slope
    flips = np.zeros((shape[0], shape[1] + 1), np.int64)
    np.add.at(flips, (line, np.clip(np.ceil(crossing), 0, shape[1]).astype(int)), 1)
    return flips.cumsum(axis=1)[:, :-1] % 2 == 1
