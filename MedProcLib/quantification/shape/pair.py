"""How two segments on one grid lie to each other."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ..region import Region, Segment, joined
from .axes import PrincipalAxes, angle_between, principal_axes
from .smooth_surface import face_middles, margin_of, smooth_surface

# Voxels along the sides of the blocks whose surface is sought at a time.
BLOCK = 24
# The nearest places of two surfaces lie no farther apart than those of their voxels' faces by this much, in the largest
# side of a voxel.
FARTHER = 2.0
# Of the faces a first look takes one in so many; how far those are bounds the search of all.
EVERY = 20


@dataclass(frozen=True)
class Body:
    """A segment as distances need it: its label's number in labels (z, y, x), its principal axes and voxels, the
    middles (n, 3; index x, y, z) of its outer voxel faces with a tree of them in mm, and its surface by block."""

    labels: np.ndarray
    number: int
    whole: Region
    grid: Geometry
    axes: PrincipalAxes
    faces: np.ndarray
    tree: cKDTree
    blocks: dict[tuple[int, ...], np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: np.ndarray, segment: Segment, grid: Geometry) -> "Body":
        """Of a segment of the labels (z, y, x) of a 3D image."""
        regions = segment.regions(labels)
        whole = joined(regions)
        faces = np.concatenate([face_middles(np.pad(r.mask, 1)) + r.start[::-1] - 1 for r in regions])
        axes = principal_axes(whole.mask, grid_of_box(grid, whole.box))
        return cls(labels, segment.number, whole, grid, axes, faces, cKDTree(faces * np.array(grid.spacing)))

    def surface_near(self, places: np.ndarray) -> np.ndarray:
        """The surface without steps (n, 3; index x, y, z) in the blocks of places on its faces."""
        wanted = np.unique(np.floor(places / BLOCK).astype(int), axis=0)
        return np.concatenate([self._of_block(tuple(block)) for block in wanted.tolist()])

    def _of_block(self, block: tuple[int, ...]) -> np.ndarray:
        if block not in self.blocks:
            first = np.array(block) * BLOCK
            margin = margin_of(self.grid.spacing)
            low, high = first - margin, first + BLOCK + margin
            inside = np.zeros((high - low)[::-1], bool)
            there = np.clip(low, 0, self.grid.size), np.clip(high, 0, self.grid.size)
            inside[_box(*(end - low for end in there))] = self.labels[_box(*there)] == self.number
            places = smooth_surface(inside, self.grid.spacing) + low
            # a surface may lie a voxel beside the face of which the block is
            kept = ((places >= first - 1) & (places <= first + BLOCK + 1)).all(axis=1)
            self.blocks[block] = places[kept]
        return self.blocks[block]


@dataclass(frozen=True)
class PairDistances:
    """surface_distance: smallest between the surfaces, mm, 0 where they touch or cross; nearest (2, 3): the points that
    are so near, LPS; centroid_distance: mm; axis_angle: between the longest principal axes, 0 to 90 degrees (NaN for a
    single voxel); shared_volume: mm3 in both."""

    surface_distance: float
    nearest: np.ndarray
    centroid_distance: float
    axis_angle: float
    shared_volume: float


def pair_distances(first: Body, second: Body) -> PairDistances:
    """Distances between two segments on one grid, which may overlap."""
    shared = _shared_voxels(first, second)
    crossing = 0 < shared < min(body.whole.count for body in (first, second))
    apart, nearest = _nearest(first, second)
    axes = first.axes, second.axes
    return PairDistances(
        0.0 if crossing else apart,
        first.grid.points(nearest),
        math.dist(axes[0].centroid, axes[1].centroid),
        angle_between(axes[0].directions[0], axes[1].directions[0])
        if min(a.lengths[0] for a in axes) > 0
        else math.nan,
        shared * first.grid.voxel_volume,
    )


def _nearest(first: Body, second: Body) -> tuple[float, np.ndarray]:
    """Smallest distance in mm, and the places (2, 3), index x, y, z, of the first and the second that are so near."""
    few, many = (first, second) if len(first.faces) <= len(second.faces) else (second, first)
    spacing = np.array(first.grid.spacing)
    farther = FARTHER * spacing.max()
    some, _ = many.tree.query(few.tree.data[::EVERY])
    apart, numbers = many.tree.query(few.tree.data, distance_upper_bound=some.min() + farther)
    closest = int(np.argmin(apart))
    pair = [few.faces[closest], many.faces[numbers[closest]]]
    if apart[closest] > 0:  # where faces meet the surfaces do
        reach = float(apart[closest]) + farther
        near = few.tree.data[apart <= reach]
        around = np.flatnonzero(
            ((many.tree.data >= near.min(axis=0) - reach) & (many.tree.data <= near.max(axis=0) + reach)).all(axis=1)
        )
        back, _ = cKDTree(near).query(many.tree.data[around], distance_upper_bound=reach)
        surfaces = few.surface_near(near / spacing), many.surface_near(many.faces[around[np.isfinite(back)]])
        apart, numbers = cKDTree(surfaces[1] * spacing).query(surfaces[0] * spacing)
        closest = int(np.argmin(apart))
        pair = [surfaces[0][closest], surfaces[1][numbers[closest]]]
    return float(apart[closest]), np.stack(pair if few is first else pair[::-1])


def _shared_voxels(first: Body, second: Body) -> int:
    """Voxels of both."""
    if first.labels is second.labels:
        return 0
    box = tuple(
        slice(max(a.start, b.start), max(a.start, b.start, min(a.stop, b.stop)))
        for a, b in zip(first.whole.box, second.whole.box, strict=True)
    )
    return int(np.count_nonzero((first.labels[box] == first.number) & (second.labels[box] == second.number)))


def _box(low: np.ndarray, high: np.ndarray) -> tuple[slice, ...]:
    """Slices z, y, x between indices x, y, z."""
    return tuple(itertools.starmap(slice, zip(low[::-1].tolist(), high[::-1].tolist(), strict=True)))
