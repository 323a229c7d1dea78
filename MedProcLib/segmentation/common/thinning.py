"""Thinning of a region to the curves in its middle, with its topology kept: pieces, tunnels (holes) and cavities."""

import functools
import itertools
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ...core.progress import SILENT, Progress

# The 26 neighbors (z, y, x) in the order of the bits of a neighborhood, and which of them touch over faces or edges.
NEIGHBORS = [n for n in itertools.product((-1, 0, 1), repeat=3) if any(n)]
FACES = sum(1 << i for i, n in enumerate(NEIGHBORS) if np.abs(n).sum() == 1)
EDGES_AND_FACES = sum(1 << i for i, n in enumerate(NEIGHBORS) if np.abs(n).sum() <= 2)
# A neighborhood is looked up in two halves of so many bits.
HALF = 13


def thinned(region: np.ndarray, spacing: Sequence[float] | None = None, progress: Progress = SILENT) -> np.ndarray:
    """The skeleton of a region (bool; z, y, x or y, x): one voxel wide curves, connected over corners.

    spacing: mm per axis of the array (alike when None). The region is peeled off in order of the distance to its border
    in mm, so that the curves run in its middle on uneven voxels too. Background is connected over faces; beyond the
    array is background. Solid pieces without tunnels end as trees, hollow ones as closed surfaces.

    Voxels go while they are simple (Bertrand & Malandain, Pattern Recognition Letters 15, 1994) and no ends of curves,
    from six sides in turn (Lee, Kashyap & Chu, CVGIP: Graphical Models 56(6), 1994). Those of one side are deleted in
    eight sets of voxels that do not touch each other, so that a set may go at once.
    """
    if not region.any():
        return region.copy()
    if region.ndim == 2:
        return thinned(region[np.newaxis], None if spacing is None else (1.0, *spacing), progress)[0]
    return _Peeling(region, spacing).run(progress)


class _Peeling:
    """A padded copy of the region, flat, from which voxels are taken."""

    def __init__(self, region: np.ndarray, spacing: Sequence[float] | None) -> None:
        self.inner = tuple(slice(1, n + 1) for n in region.shape)
        padded = np.pad(region, 1)
        self.shape = padded.shape
        self.volume = padded.astype(np.uint8).ravel()
        strides = np.array([self.shape[1] * self.shape[2], self.shape[2], 1])
        self.offsets = [int(np.dot(n, strides)) for n in NEIGHBORS]
        axes = [axis for axis, n in enumerate(region.shape) if n > 1] or [2]
        self.sides = [int(sign * strides[axis]) for axis in axes for sign in (-1, 1)]
        self.layers = self._layers(padded, axes, spacing or (1.0, 1.0, 1.0))

    def _layers(self, padded: np.ndarray, axes: list[int], spacing: Sequence[float]) -> list[np.ndarray]:
        """The points (flat indices) that lie within one, two, ... voxel sides of the border, each once."""
        used = [spacing[axis] for axis in axes]
        flat = tuple(slice(None) if axis in axes else 1 for axis in range(3))
        points = np.flatnonzero(self.volume)
        depth = np.zeros(padded.shape, np.float32)
        depth[flat] = ndimage.distance_transform_edt(padded[flat], used)
        layer = (depth.ravel()[points] / min(used)).astype(np.int32)
        order = np.argsort(layer, kind="stable")
        return np.split(points[order], np.flatnonzero(np.diff(layer[order])) + 1)

    def run(self, progress: Progress) -> np.ndarray:
        points = np.zeros(0, np.intp)
        for number, layer in enumerate(self.layers):
            progress(number / len(self.layers), "Thinning")
            points, before = np.concatenate([points, layer]), -1
            # a layer goes as far as it can: the next one must not overtake it
            while points.size != before:
                before = points.size
                points = self._round(points)
                progress.check()
        return self.volume.reshape(self.shape)[self.inner] != 0

    def _round(self, points: np.ndarray) -> np.ndarray:
        """Delete what goes, from each side in turn; returns the points that are left."""
        for side in self.sides:
            candidates = points[self.volume[points + side] == 0]
            candidates = candidates[self._removable(candidates)]
            z, y, x = np.unravel_index(candidates, self.shape)
            sets = (z & 1) * 4 + (y & 1) * 2 + (x & 1)
            for number in range(8):
                some = candidates[sets == number]
                self.volume[some[self._removable(some)]] = 0
            points = points[self.volume[points] != 0]
        return points

    def _removable(self, points: np.ndarray) -> np.ndarray:
        """Which points are simple and not the end of a curve."""
        around = np.zeros(points.size, np.int32)
        for bit, offset in enumerate(self.offsets):
            around |= self.volume[points + offset].astype(np.int32) << bit
        # a power of two is a single neighbor; none is a piece of one voxel
        result = (around & (around - 1)) != 0
        result[result] = simple(around[result])
        return result


def simple(around: np.ndarray) -> np.ndarray:
    """Which neighborhoods (bit i is set where NEIGHBORS[i] belongs to the region) let their center go.

    Simple: the region's neighbors are one piece (26-connected), and so is the background that touches the center
    (6-connected within the 18 neighbors).
    """
    result = _filled(around & -around, around, _spread(26)) == around
    background = ~around & EDGES_AND_FACES
    beside = background & FACES
    reached = _filled(beside & -beside, background, _spread(6))
    return result & (beside != 0) & ((beside & ~reached) == 0)


def _filled(start: np.ndarray, allowed: np.ndarray, spread: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """What is connected to the start within the allowed."""
    low, high = spread
    mask = (1 << HALF) - 1
    reached = start
    while True:
        wider = (low[reached & mask] | high[reached >> HALF]) & allowed
        if np.array_equal(wider, reached):
            return reached
        reached = wider


@functools.cache
def _spread(connectivity: int) -> tuple[np.ndarray, np.ndarray]:
    """For each half of a neighborhood the neighbors that its members touch, themselves included."""
    reach = 1 if connectivity == 6 else 3
    touches = [
        sum(
            1 << j
            for j, other in enumerate(NEIGHBORS)
            if np.abs(np.subtract(n, other)).max() <= 1 and np.abs(np.subtract(n, other)).sum() <= reach
        )
        for n in NEIGHBORS
    ]
    halves = []
    for first in (0, HALF):
        table = np.zeros(1 << HALF, np.int32)
        for bit in range(HALF):
            table[1 << bit : 2 << bit] = table[: 1 << bit] | touches[first + bit]
        halves.append(table)
    return halves[0], halves[1]
