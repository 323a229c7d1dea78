"""Corners of the surface mesh of a mask, and their convex hull."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError


@dataclass(frozen=True)
class Hull:
    """Convex hull of a surface: corners (n, 3) x, y, z in mm, volume in mm3, area in mm2, normals (m, 3) of faces."""

    corners: np.ndarray
    volume: float
    area: float
    normals: np.ndarray


def surface_points(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Corners (n, 3) of the marching cubes surface of a mask at half height, x, y, z in mm, in no order.

    mask: bool (z, y, x); what touches the array's border is closed there. They lie half-way between the center of a
    voxel inside and that of a neighbor outside.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    points = []
    for axis in range(3):
        middles = np.argwhere(np.diff(padded, axis=axis)) - 1.0
        middles[:, axis] += 0.5
        points.append(middles[:, ::-1] * spacing)
    return np.concatenate(points)


def surface_hull(mask: np.ndarray, spacing: tuple[float, float, float]) -> Hull:
    """Convex hull of the surface of a mask that is not empty (bool, z, y, x; spacing x, y, z in mm).

    One voxel suffices: its surface is an octahedron. Voxels so thin or so small that Qhull takes them for flat keep
    their hull, as it is found in voxels, where its sides are alike.
    """
    points = surface_points(_without_interior(mask), (1.0, 1.0, 1.0))
    hull = ConvexHull(points)
    corners = points[hull.vertices] * spacing
    try:
        stretched = ConvexHull(corners)
    except QhullError:
        stretched = ConvexHull(corners, qhull_options="QJ Pp")
    return Hull(corners, float(stretched.volume), float(stretched.area), _distinct(stretched.equations[:, :3]))


def _without_interior(mask: np.ndarray) -> np.ndarray:
    """The mask without the voxels between the ends of each line along x: the hull has no corner there."""
    lines = mask.any(axis=2)
    first = mask.argmax(axis=2)[lines]
    last = mask.shape[2] - 1 - mask[:, :, ::-1].argmax(axis=2)[lines]
    z, y = np.nonzero(lines)
    ends = np.zeros_like(mask)
    ends[z, y, first] = ends[z, y, last] = True
    return ends


def _distinct(normals: np.ndarray) -> np.ndarray:
    """Normals up to sign and rounding."""
    largest = np.take_along_axis(normals, np.abs(normals).argmax(axis=1)[:, None], axis=1)
    return np.unique(np.round(normals * np.sign(largest), 9), axis=0)
