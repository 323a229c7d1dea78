"""How two segments of one image lie to each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ..region import Region, joined
from .axes import PrincipalAxes, angle_between, principal_axes


@dataclass(frozen=True)
class Body:
    """A segment as distances need it: principal axes, and middles (n, 3; index x, y, z) of its outer voxel faces."""

    axes: PrincipalAxes
    surface: np.ndarray
    tree: cKDTree

    @classmethod
    def of(cls, regions: Sequence[Region], grid: Geometry) -> "Body":
        """Of the regions (not empty, they do not touch) of a segment in a 3D image."""
        whole = joined(regions)
        surface = np.concatenate([face_middles(region.mask) + region.start[::-1] for region in regions])
        return cls(
            principal_axes(whole.mask, grid_of_box(grid, whole.box)),
            surface,
            cKDTree(surface * np.array(grid.spacing)),
        )


@dataclass(frozen=True)
class PairDistances:
    """surface_distance: smallest between the surfaces, mm, 0 when they touch; nearest (2, 3): the points that are so
    near, LPS; centroid_distance: mm; axis_angle: between the longest principal axes, 0 to 90 degrees (NaN for a single
    voxel)."""

    surface_distance: float
    nearest: np.ndarray
    centroid_distance: float
    axis_angle: float


def pair_distances(first: Body, second: Body, grid: Geometry) -> PairDistances:
    """Distances between two segments of one label map; the surface is taken at the middles of the outer voxel faces."""
    asked, other = (first, second) if len(first.surface) <= len(second.surface) else (second, first)
    apart, numbers = other.tree.query(asked.tree.data)
    closest = int(np.argmin(apart))
    nearest = [asked.surface[closest], other.surface[numbers[closest]]]
    axes = first.axes, second.axes
    return PairDistances(
        float(apart[closest]),
        grid.points(np.stack(nearest if asked is first else nearest[::-1])),
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
