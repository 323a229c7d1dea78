"""Means over the voxels of a search window, weighted by how alike the patches around them are.

The distance of the patches at x and at x + o is that at x + o and at x, so each is computed once and serves both. All
steps run over flat arrays in which a shift is an offset, for a whole row of offsets at a time, in buffers that stay in
the processor's cache.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

# Values in a buffer: enough that calls cost little beside the work, few enough for a core's cache.
BUFFER_VALUES = 100_000
# Along an axis the search goes so many steps to either side at most; of fine voxels, or a wide search, they are longer
# than a voxel, as the work grows with the sixth power of the fineness otherwise.
MOST_STEPS = 8

Radii = tuple[int, int, int]  # voxels, z, y, x
SemiAxes = tuple[float, float, float]


class Weight(Protocol):
    """How much a voxel counts, from how unlike its patch is: of one row of offsets (rows) at many voxels (columns)."""

    center: float  # of the voxel itself

    def __call__(self, sums: np.ndarray, distances: np.ndarray, out: np.ndarray) -> None:
        """sums: of the squared differences over the patch; distances: squared, of each offset, search radius = 1."""


def patch_means(
    values: np.ndarray,
    search: SemiAxes,
    patch: Radii,
    weight: Weight,
    check: Callable[[float], None],
    squares: bool = False,
) -> np.ndarray:
    """Weighted mean around each voxel, for an array without the margin of search + patch radii that `values` has.

    values: float32, z, y, x; search: semi-axes in voxels of the ellipsoid of offsets looked at, see MOST_STEPS.
    squares: mean of the squared values instead. check: called often with the fraction done, may raise to stop.
    """
    return _Means(values, search, patch, weight, squares).computed(check)


def rows_of_offsets(search: SemiAxes) -> Iterator[tuple[int, int, int]]:
    """dz, dy and the largest dx of the offsets in the ellipsoid, of each pair of opposite rows only one."""
    reach, step = [int(s) for s in search], _steps(search)
    for dz in range(0, reach[0] + 1, step[0]):
        most_dy = reach[1] // step[1] * step[1]
        for dy in range(-most_dy if dz else 0, most_dy + 1, step[1]):
            left = 1 - sum((d / s) ** 2 for d, s in zip((dz, dy), search, strict=False) if d)
            if left >= 0:
                yield dz, dy, int(search[2] * left**0.5 + 1e-6) // step[2] * step[2]


def _steps(search: SemiAxes) -> Radii:
    """Voxels from one offset to the next, along each axis."""
    z, y, x = (max(1, -(-int(s) // MOST_STEPS)) for s in search)
    return z, y, x


class _Means:
    """Sums of weights and of weighted values, flat, with a guard so that shifts never leave the array."""

    def __init__(self, values: np.ndarray, search: SemiAxes, patch: Radii, weight: Weight, squares: bool) -> None:
        self.shape, self.search, self.patch, self.weight = values.shape, search, patch, weight
        self.margin = tuple(int(s) + p for s, p in zip(search, patch, strict=True))
        self.size = tuple(n - 2 * m for n, m in zip(values.shape, self.margin, strict=True))
        self.width, self.plane = values.shape[2], values.shape[1] * values.shape[2]
        self.guard, self.step = self.margin[2], _steps(search)[2]
        self.values = np.pad(values.reshape(-1), self.guard)
        self.averaged = self.values**2 if squares else self.values
        self.total, self.mean = np.zeros_like(self.values), np.zeros_like(self.values)
        self.buffers: dict[tuple[int, int], _Buffers] = {}

    def computed(self, check: Callable[[float], None]) -> np.ndarray:
        my, ny, sy = self.margin[1], self.size[1], int(self.search[1])
        offsets = list(rows_of_offsets(self.search))
        rows = max(1, BUFFER_VALUES // ((2 * (int(self.search[2]) // self.step) + 1) * self.width))
        starts = range(my - sy, my + ny + sy, rows)
        for number, (first, (dz, dy, most)) in enumerate(itertools.product(starts, offsets)):
            check(number / (len(starts) * len(offsets)))
            # rows of which the voxel itself or the one at this offset is wanted
            start, stop = max(first, my - max(dy, 0)), min(first + rows, my + ny - min(dy, 0))
            least = -most if dz or dy else self.step
            if start < stop and least <= most:
                self._add(start, stop, dz, dy, np.arange(least, most + 1, self.step))
        center = np.float32(self.weight.center)
        means = self._inner(self.mean) + center * self._inner(self.averaged)
        means /= self._inner(self.total) + center
        return means

    def _inner(self, flat: np.ndarray) -> np.ndarray:
        inner = tuple(slice(m, m + n) for m, n in zip(self.margin, self.size, strict=True))
        return flat[self.guard : flat.size - self.guard].reshape(self.shape)[inner]

    def _add(self, start: int, stop: int, dz: int, dy: int, dx: np.ndarray) -> None:
        """Count the pairs whose first voxel lies in these rows and whose second is at these offsets."""
        (mz, nz), (pz, py, px) = (self.margin[0], self.size[0]), self.patch
        buffers = self._buffers(len(dx), (stop - start) * self.width)
        shift = dz * self.plane + dy * self.width + int(dx[0])
        offset = [np.broadcast_to(d, len(dx)) for d in (dz, dy, dx)]
        distances = np.sum([(d / max(s, 1)) ** 2 for d, s in zip(offset, self.search, strict=True)], axis=0)
        squared = -1
        for z in range(mz - dz, mz + nz):
            first, second = z >= mz, z + dz < mz + nz
            if not (first or second):
                continue
            for plane in range(max(squared + 1, z - pz), z + pz + 1):
                begin = self.guard + plane * self.plane + (start - py) * self.width - px
                buffers.square_differences(self.values, begin, begin + shift, plane)
            squared = z + pz
            buffers.weigh(self.patch, self.width, self.weight, distances)
            at = self.guard + z * self.plane + start * self.width
            if first:
                buffers.add_to_first(self.total, self.mean, self.averaged, at, at + shift)
            if second:
                buffers.add_to_second(self.total, self.mean, self.averaged, at, at + shift)

    def _buffers(self, offsets: int, length: int) -> "_Buffers":
        key = (offsets, length)
        if key not in self.buffers:
            self.buffers[key] = _Buffers(offsets, length, self.patch, self.width, self.step)
        return self.buffers[key]


class _Buffers:
    """The work for `offsets` offsets along x, a step apart (the rows of the arrays), at `length` consecutive voxels."""

    def __init__(self, offsets: int, length: int, patch: Radii, width: int, step: int) -> None:
        pz, py, px = patch
        self.offsets, self.length, self.step = offsets, length, step
        guard = step * (offsets - 1)
        self.planes = np.empty((2 * pz + 1, offsets, length + 2 * (py * width + px)), np.float32)
        self.column = np.empty_like(self.planes[0])
        self.line = np.empty((offsets, length + 2 * py * width), np.float32)
        # weights with zeros around, so that they can be read askew: by the second voxel of their pairs
        wide = np.zeros((offsets, length + 2 * guard), np.float32)
        self.weights = wide[:, guard : guard + length]
        self.askew = _view(wide.reshape(-1), guard, (offsets, length + guard), wide.shape[1] - step)
        self.weighted = np.empty((offsets, length + guard), np.float32)
        self.summed = np.empty(length + guard, np.float32)

    def square_differences(self, values: np.ndarray, first: int, second: int, z: int) -> None:
        squares = self.planes[z % len(self.planes)]
        np.subtract(
            _view(values, second, squares.shape, self.step), values[first : first + squares.shape[1]], out=squares
        )
        np.multiply(squares, squares, out=squares)

    def weigh(self, patch: Radii, width: int, weight: Weight, distances: np.ndarray) -> None:
        """Weights from the squared differences in the planes around."""
        sums = self.planes[0]
        for plane in self.planes[1:]:
            sums = np.add(sums, plane, out=self.column)
        sums = _window_sums(sums, patch[2], 1, self.line)
        sums = _window_sums(sums, patch[1], width, self.weights)
        weight(sums, distances, self.weights)

    def add_to_first(self, total: np.ndarray, mean: np.ndarray, averaged: np.ndarray, first: int, second: int) -> None:
        shape, to = self.weights.shape, slice(first, first + self.length)
        summed, weighted = self.summed[: self.length], self.weighted[:, : self.length]
        total[to] += np.add.reduce(self.weights, 0, out=summed)
        np.multiply(self.weights, _view(averaged, second, shape, self.step), out=weighted)
        mean[to] += np.add.reduce(weighted, 0, out=summed)

    def add_to_second(self, total: np.ndarray, mean: np.ndarray, averaged: np.ndarray, first: int, second: int) -> None:
        shape, to = self.askew.shape, slice(second, second + self.askew.shape[1])
        total[to] += np.add.reduce(self.askew, 0, out=self.summed)
        np.multiply(self.askew, _view(averaged, first, shape, -self.step), out=self.weighted)
        mean[to] += np.add.reduce(self.weighted, 0, out=self.summed)


def _view(flat: np.ndarray, start: int, shape: tuple[int, ...], row_step: int) -> np.ndarray:
    """A matrix whose rows begin row_step values after one another (ndarray itself: as_strided is far slower)."""
    return np.ndarray(shape, np.float32, flat, 4 * start, (4 * row_step, 4))


def _window_sums(values: np.ndarray, radius: int, step: int, out: np.ndarray) -> np.ndarray:
    """Sums of 2 radius + 1 values, step apart, along the rows; without copying when the radius is 0."""
    if radius == 0:
        return values
    length = values.shape[1] - 2 * radius * step
    out = out[:, :length]
    np.add(values[:, :length], values[:, step : step + length], out=out)
    for number in range(2, 2 * radius + 1):
        np.add(out, values[:, number * step : number * step + length], out=out)
    return out
