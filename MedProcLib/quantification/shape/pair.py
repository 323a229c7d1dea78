"""How two segments of one image lie to each other."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ...core.errors import InputError
from ...core.geometry import Geometry
from .axes import angle_between, principal_axes


@dataclass(frozen=True)
class PairDistances:
    """surface_distance: smallest between the surfaces, mm, 0 when they touch or overlap; nearest (2, 3): the points
    that are so near, LPS; centroid_distance: mm; axis_angle: between the longest principal axes, 0 to 90 degrees (NaN
    for a single voxel)."""

    surface_distance: float
    nearest: np.ndarray
    centroid_distance: float
    axis_angle: float


def pair_distances(first: np.ndarray, second: np.ndarray, geometry: Geometry) -> PairDistances:
    """Distances between two segments: masks bool (z, y, x) on one 3D geometry.

    The surface is taken at the middles of the outer voxel faces. Raises InputError when a segment is empty.
    """
    if not (first.any() and second.any()):
        raise InputError("A distance needs two segments, and one of these is empty: choose segments with voxels.")
    axes = [principal_axes(mask, geometry) for mask in (first, second)]
    overlap = np.argwhere(first & second)
    if len(overlap):
        distance, nearest = 0.0, np.tile(overlap[0, ::-1].astype(float), (2, 1))
    else:
        surfaces = [face_middles(mask) for mask in (first, second)]
        spacing = np.array(geometry.spacing)
        apart, numbers = cKDTree(surfaces[1] * spacing).query(surfaces[0] * spacing)
        closest = int(np.argmin(apart))
        distance, nearest = float(apart[closest]), np.stack([surfaces[0][closest], surfaces[1][numbers[closest]]])
    return PairDistances(
        distance,
        geometry.points(nearest),
        math.dist(axes[0].centroid, axes[1].centroid),
        angle_between(axes[0].directions[0], axes[1].directions[0])
        if min(a.lengths[0] for a in axes) > 0
        else math.nan,
    )


def face_middles(mask: np.ndarray) -> np.ndarray:
    """Middles (n, 3), index x, y, z, of the voxel faces between inside and outside of a mask (z, y, x)."""
    points = []
    padded = np.pad(mask, 1)
    for axis in range(3):
        places = np.argwhere(np.diff(padded.view(np.int8), axis=axis)) - 1.0
        places[:, axis] += 0.5
        points.append(places)
    return np.concatenate(points)[:, ::-1]
