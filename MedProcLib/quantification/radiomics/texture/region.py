"""The discretized region on a grid as small as its neighborhoods allow."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....core.errors import InputError
from ...bit_mask import BitMask

# Tables as long as the highest level are made up to here.
DIRECT_LEVELS = 1 << 20


@dataclass(frozen=True)
class Region:
    """Levels of a region within a margin of background, by rank among those present.

    ranks: ints as small as hold them (z, y, x), 0 outside, C order; levels: level of each rank (levels[0] is 0);
    n_levels: the discretization's number of levels, N_g; morphological: the region before re-segmentation.
    """

    ranks: np.ndarray
    levels: np.ndarray
    n_levels: int
    morphological: BitMask

    @cached_property
    def flat(self) -> np.ndarray:
        """Ranks as one line: a neighbor at (z, y, x) is `step((z, y, x))` further on, or outside."""
        return self.ranks.reshape(-1)

    def places(self, most: int) -> Iterator[np.ndarray]:
        """Places of the region's voxels in the flat ranks, ascending, so many at a time at most."""
        if self.count <= most:
            yield self._places
            return
        ends = np.cumsum(self.voxels_by_slice)
        start = 0
        while start < self.slices:
            before = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + most, "right")))
            found = np.flatnonzero(self.flat[start * self.plane : stop * self.plane]) + start * self.plane
            for first in range(0, found.size, most):
                yield found[first : first + most]
            start = stop

    @cached_property
    def _places(self) -> np.ndarray:
        """Of all: each matrix of a small region asks for them."""
        return np.flatnonzero(self.flat)

    @property
    def count(self) -> int:
        """Voxels of the region."""
        return int(self.voxels_by_slice.sum())

    @cached_property
    def voxels_by_slice(self) -> np.ndarray:
        return np.count_nonzero(self.ranks, axis=(1, 2))

    @property
    def slices(self) -> int:
        return self.ranks.shape[0]

    @property
    def plane(self) -> int:
        """Voxels of a slice."""
        return self.ranks.shape[1] * self.ranks.shape[2]

    def step(self, vector: tuple[int, int, int]) -> int:
        z, y, x = vector
        return z * self.plane + y * self.ranks.shape[2] + x


def region_of(levels: np.ndarray, n_levels: int, intensity: BitMask, morphological: BitMask, reach: float) -> Region:
    """Region with a margin of the reach of its neighborhoods, in voxels.

    levels: int (n,), 1..n_levels, of the voxels of the intensity mask in its order; n_levels: N_g of the
    discretization, of empty levels too; morphological: the region before re-segmentation, from whose border zones have
    their distance. Planes that hold none of it are left out, but for as many as keep its pieces further apart than the
    reach, so that small lesions far apart cost no more than one. Raises InputError for an empty region, levels that are
    less than 1 or above n_levels, and a morphological region that lacks voxels of it.
    """
    if not levels.size:
        raise InputError("The region is empty: no voxel has a gray level.")
    if levels.min() < 1 or levels.max() > n_levels:
        raise InputError(f"Gray levels are {levels.min()} to {levels.max()}; 1 to {n_levels} were announced.")
    if morphological.shape != intensity.shape or (morphological & intensity).count < levels.size:
        raise InputError(
            "The region of the intensities is not part of the morphological region; use one mask for both."
        )
    margin = math.floor(reach)
    occupied = morphological.occupied
    axes = [_axis(planes, margin) for planes in occupied]
    shape = tuple(size for _, size in axes)
    source, target = np.ix_(*occupied[1:]), np.ix_(*(places for places, _ in axes[1:]))
    ranks, present = _ranked(levels)
    near, small, first = BitMask(shape), np.zeros(shape, ranks.dtype), 0
    for old, new in zip(occupied[0].tolist(), axes[0][0].tolist(), strict=True):
        inside = intensity[old]
        last = first + int(np.count_nonzero(inside))
        plane = np.zeros(inside.shape, ranks.dtype)
        plane[inside] = ranks[first:last]
        small[new][target] = plane[source]
        there = np.zeros(shape[1:], bool)
        there[target] = morphological[old][source]
        near[new] = there
        first = last
    return Region(small, present, n_levels, near)


def _axis(planes: np.ndarray, margin: int) -> tuple[np.ndarray, int]:
    """Places in the small grid of the occupied planes of an axis, and its size."""
    gaps = np.minimum(np.diff(planes, prepend=planes[0]), margin + 1)
    places = margin + np.cumsum(gaps)
    return places, int(places[-1]) + margin + 1


def _ranked(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranks (n,; 1 of the lowest) among the levels present, and the level of each rank (0 of rank 0)."""
    highest = int(levels.max())
    if highest > DIRECT_LEVELS:
        present, ranks = np.unique(levels, return_inverse=True)
        return ranks.astype(np.int32) + np.int32(1), np.append(0, present).astype(np.int64)
    occurs = np.zeros(highest + 1, bool)
    occurs[0] = True
    occurs[levels] = True
    present = np.flatnonzero(occurs)
    table = np.zeros(highest + 1, np.min_scalar_type(len(present)))
    table[present] = np.arange(len(present))
    return table[levels], present
