"""A smooth field known on every few voxels of an image, and its values on any part of the image.

The field is the cubic B-spline through the coarse values. Its coefficients are found once, so a slab, a preview and the
whole image get the same values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import Box
from ...core.voxels import float_type

# Coarse voxels by which the field is continued, straight on, beyond the outermost known ones.
BORDER = 4
# Digits of a spacing that count: images whose headers differ in the last bits are treated alike.
DIGITS = 4
# Slices of the field that are held at once when it is averaged.
SLICES = 8


@dataclass(frozen=True)
class Coarsening:
    """Voxels every `factors` voxels of an array, z, y, x order, beginning with `first`: samples or means of blocks."""

    factors: tuple[int, ...]
    first: tuple[float, ...]
    count: tuple[int, ...]
    spacing: tuple[float, ...]

    @classmethod
    def to_spacing(cls, grid: Geometry, spacing_mm: float) -> "Coarsening":
        """Of samples, centered, with spacings nearest to, but not above, this one (mm)."""
        sizes, spacings = tuple(reversed(grid.size)), _round_spacing(grid)
        factors = tuple(int(min(max(1, spacing_mm / s + 1e-3), n)) for s, n in zip(spacings, sizes, strict=True))
        count = tuple(n // f for n, f in zip(sizes, factors, strict=True))
        first = tuple((n - 1 - (c - 1) * f) // 2 for n, c, f in zip(sizes, count, factors, strict=True))
        return cls(factors, first, count, tuple(f * s for f, s in zip(factors, spacings, strict=True)))

    @classmethod
    def in_blocks(cls, grid: Geometry, spacing_mm: Sequence[float]) -> "Coarsening":
        """Of the means of blocks with about these sides (mm, z, y, x; infinity: the whole axis)."""
        sizes, spacings = tuple(reversed(grid.size)), _round_spacing(grid)
        factors = tuple(
            int(min(max(1, wanted / s + 1e-3), n)) for wanted, s, n in zip(spacing_mm, spacings, sizes, strict=True)
        )
        count = tuple(n // f for n, f in zip(sizes, factors, strict=True))
        first = tuple((n - c * f) // 2 + (f - 1) / 2 for n, c, f in zip(sizes, count, factors, strict=True))
        return cls(factors, first, count, tuple(f * s for f, s in zip(factors, spacings, strict=True)))

    def samples(self, array: np.ndarray) -> np.ndarray:
        """Voxels of an array of the image's shape; for a coarsening to_spacing."""
        starts = [int(first) for first in self.first]
        return array[tuple(slice(a, a + n * f, f) for a, n, f in zip(starts, self.count, self.factors, strict=True))]

    def sums(
        self, values: np.ndarray, region: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sums of function(values) over the voxels of each block that are in the region, and their number."""
        flat = (1,) * (3 - values.ndim)
        volume, inside = values.reshape(flat + values.shape), region.reshape(flat + region.shape)
        factors, count = flat + self.factors, flat + self.count
        starts = [0] * len(flat) + [
            round(first - (f - 1) / 2) for first, f in zip(self.first, self.factors, strict=True)
        ]
        rows, columns = (slice(starts[a], starts[a] + count[a] * factors[a]) for a in (1, 2))
        shape = (count[1], factors[1], count[2], factors[2])
        sums, numbers = np.zeros(count), np.zeros(count)
        for z in range(count[0] * factors[0]):
            used = inside[starts[0] + z, rows, columns]
            part = np.zeros(used.shape)
            part[used] = function(volume[starts[0] + z, rows, columns][used])
            sums[z // factors[0]] += part.reshape(shape).sum((1, 3))
            numbers[z // factors[0]] += used.reshape(shape).sum((1, 3))
        return sums.reshape(self.count), numbers.reshape(self.count)

    @property
    def grid(self) -> Geometry:
        """Of the coarse array, at no place in particular: the field does not depend on where the patient lies."""
        dimension = len(self.count)
        identity = tuple(float(x) for x in np.eye(dimension).ravel())
        return Geometry(self.count[::-1], self.spacing[::-1], (0.0,) * dimension, identity)


@dataclass(frozen=True)
class CoarseField:
    """A field by its B-spline coefficients (with a border) on a coarsening of the image's voxels."""

    coefficients: np.ndarray
    coarsening: Coarsening

    @classmethod
    def through(cls, values: np.ndarray, coarsening: Coarsening) -> "CoarseField":
        """The field with these values at the voxels of the coarsening."""
        coefficients = values.astype(np.float64)
        for axis, size in enumerate(values.shape):
            if size > 1:
                width = [(BORDER, BORDER) if a == axis else (0, 0) for a in range(values.ndim)]
                coefficients = np.pad(coefficients, width, mode="reflect", reflect_type="odd")
                coefficients = ndimage.spline_filter1d(coefficients, 3, axis, mode="mirror")
        return cls(coefficients.astype(float_type(coefficients)), coarsening)

    def plus(self, value: float) -> "CoarseField":
        return CoarseField(self.coefficients + self.coefficients.dtype.type(value), self.coarsening)

    def on(self, box: Box) -> np.ndarray:
        """Values at the voxels of a box of the image's array."""
        values = self.coefficients
        # the axes along which there is most to be left out first
        for axis in sorted(range(len(box)), key=lambda a: (box[a].stop - box[a].start) / values.shape[a]):
            part = box[axis]
            if self.coarsening.count[axis] == 1:
                values = np.repeat(values, part.stop - part.start, axis)
            else:
                weights, used = self._weights(axis, part)
                reached = np.moveaxis(values, axis, 0)[used]
                values = np.moveaxis(np.tensordot(weights, reached, 1), 0, axis)
        return np.ascontiguousarray(values)

    def _weights(self, axis: int, part: slice) -> tuple[np.ndarray, slice]:
        """What each coefficient along an axis counts at each voxel (voxels, coefficients), and which these are."""
        first, factor = self.coarsening.first[axis], self.coarsening.factors[axis]
        place = (np.arange(part.start, part.stop) - first) / factor + BORDER
        below = np.floor(place).astype(int)
        t = place - below
        taps = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
        used = slice(int(below[0]) - 1, int(below[-1]) + 3)
        weights = np.zeros((len(place), used.stop - used.start), np.float32)
        for number, tap in enumerate(taps):
            weights[np.arange(len(place)), below - 1 + number - used.start] = tap / 6
        return weights, used


def mean_inside(
    field: CoarseField, values: np.ndarray, region: np.ndarray, function: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> float:
    """Mean of function(field, values) over the voxels of a region of the image, computed a few slices at a time."""
    total, count = 0.0, 0
    for start in range(0, len(region), SLICES):
        part = region[start : start + SLICES]
        if not part.any():
            continue
        box = (slice(start, start + len(part)), *(slice(0, n) for n in region.shape[1:]))
        found = function(field.on(box)[part].astype(np.float64), values[box][part])
        total += float(found.sum(dtype=np.float64))
        count += found.size
    return total / count


def _round_spacing(grid: Geometry) -> tuple[float, ...]:
    return tuple(float(f"{s:.{DIGITS}g}") for s in reversed(grid.spacing))
