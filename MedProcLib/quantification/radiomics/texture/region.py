"""The discretized region on a grid as small as its neighborhoods allow."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....core.errors import InputError

# Tables as long as the highest level are made up to here.
DIRECT_LEVELS = 1 << 20


@dataclass(frozen=True)
class Region:
    """Levels of a region within a margin of background, by rank among those present.

    ranks: ints as small as hold them (z, y, x), 0 outside, C order; levels: level of each rank (levels[0] is 0);
    n_levels: the discretization's number of levels, N_g; morphological: bool (z, y, x), the region before
    re-segmentation.
    """

    ranks: np.ndarray
    levels: np.ndarray
    n_levels: int
    morphological: np.ndarray

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


def region_of(levels: np.ndarray, n_levels: int, morphological: np.ndarray, reach: float) -> Region:
    """Region with a margin of the reach of its neighborhoods, in voxels.

    levels: int (z, y, x), 0 outside the region, 1..n_levels inside; n_levels: N_g of the discretization, of empty
    levels too; morphological: bool (z, y, x), the region before re-segmentation, from whose border zones have their
    distance. Planes that hold none of it are left out, but for as many as keep its pieces further apart than the reach,
    so that small lesions far apart cost no more than one. Raises InputError for an empty region, levels that are
    negative or above n_levels, and a morphological region that lacks voxels of it.
    """
    if not levels.any():
        raise InputError("The region is empty: no voxel has a gray level.")
    if levels.min() < 0 or levels.max() > n_levels:
        raise InputError(f"Gray levels are {levels.min()} to {levels.max()}; 1 to {n_levels} were announced.")
    if morphological.shape != levels.shape or levels[~morphological].any():
        raise InputError(
            "The region of the intensities is not part of the morphological region; use one mask for both."
        )
    margin = math.floor(reach)
    occupied = [np.flatnonzero(morphological.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    axes = [_axis(planes, margin) for planes in occupied]
    shape = tuple(size for _, size in axes)
    source, target = np.ix_(*occupied), np.ix_(*(places for places, _ in axes))
    near, small = np.zeros(shape, bool), np.zeros(shape, np.min_scalar_type(n_levels))
    near[target] = morphological[source]
    small[target] = levels[source]
    return Region(*_ranked(small), n_levels, near)


def _axis(planes: np.ndarray, margin: int) -> tuple[np.ndarray, int]:
    """Places in the small grid of the occupied planes of an axis, and its size."""
    gaps = np.minimum(np.diff(planes, prepend=planes[0]), margin + 1)
    places = margin + np.cumsum(gaps)
    return places, int(places[-1]) + margin + 1


def _ranked(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranks (0 of level 0) among the levels present, and the level of each rank."""
    highest = int(levels.max())
    if highest > DIRECT_LEVELS:
        present, ranks = np.unique(levels, return_inverse=True)
        return ranks.reshape(levels.shape).astype(np.int32), present.astype(np.int64)
    occurs = np.zeros(highest + 1, bool)
    for plane in levels:
        occurs[plane] = True
    present = np.flatnonzero(occurs)
    table = np.zeros(highest + 1, np.min_scalar_type(len(present)))
    table[present] = np.arange(len(present))
    return table[levels], present
