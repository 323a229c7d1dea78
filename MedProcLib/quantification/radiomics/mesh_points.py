"""Corners of the surface mesh of a mask, and their convex hull."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from ..bit_mask import BitMask

# Voxels of the slices whose hull is taken at a time: they bound the memory.
SLAB_LINES = 1 << 12


@dataclass(frozen=True)
class Hull:
    """Convex hull of a surface: corners (n, 3) x, y, z in mm, volume in mm3, area in mm2, normals (m, 3) of faces."""

    corners: np.ndarray
    volume: float
    area: float
    normals: np.ndarray


def surface_hull(mask: BitMask, spacing: tuple[float, float, float]) -> Hull:
    """Convex hull of the surface of a mask that is not empty (spacing x, y, z in mm).

    One voxel suffices: its surface is an octahedron. Voxels so thin or so small that Qhull takes them for flat keep
    their hull, as it is found in voxels, where its sides are alike.
    """
    thickness = max(1, SLAB_LINES // mask.shape[1])
    slabs = [_outermost(mask, slice(z, z + thickness)) for z in range(0, mask.shape[0], thickness)]
    # what is a corner of the whole is one of its slab
    points = slabs[0] if len(slabs) == 1 else np.concatenate([p[ConvexHull(p).vertices] for p in slabs if len(p)])
    hull = ConvexHull(points)
    corners = points[hull.vertices] * spacing
    try:
        stretched = ConvexHull(corners)
    except QhullError:
        stretched = ConvexHull(corners, qhull_options="QJ Pp")
    return Hull(corners, float(stretched.volume), float(stretched.area), _distinct(stretched.equations[:, :3]))


def _outermost(mask: BitMask, slab: slice) -> np.ndarray:
    """Corners of the surface of some slices, in voxels, on the voxels at the ends of each line along x: the hull has no
    others."""
    start = max(0, slab.start - 1)
    near = mask[start : slab.stop + 1]
    lines = np.logical_or.reduce(near, axis=2)
    lines[: slab.start - start] = False
    lines[slab.stop - start :] = False
    z, y = np.nonzero(lines)
    first = near.argmax(axis=2)[lines]
    last = near.shape[2] - 1 - near[:, :, ::-1].argmax(axis=2)[lines]
    points = [np.stack([end + half, y, z], axis=1) for end, half in ((first, -0.5), (last, 0.5))]
    for end in (first, last):
        for dz, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            outside = ~_at(near, z + dz, y + dy, end)
            points.append(np.stack([end, y + dy / 2, z + dz / 2], axis=1)[outside])
    return np.add(np.concatenate(points), (0, 0, start))


def _at(mask: np.ndarray, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The mask at indices, false beyond its border along z and y."""
    there = (z >= 0) & (z < mask.shape[0]) & (y >= 0) & (y < mask.shape[1])
    there[there] = mask[z[there], y[there], x[there]]
    return there


def _distinct(normals: np.ndarray) -> np.ndarray:
    """Normals up to sign and rounding."""
    largest = np.take_along_axis(normals, np.abs(normals).argmax(axis=1)[:, None], axis=1)
    return np.unique(np.round(normals * np.sign(largest), 9), axis=0)
