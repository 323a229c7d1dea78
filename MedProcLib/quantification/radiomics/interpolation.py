"""Voxels of another size on a grid with the same center, as IBSI has it, computed for a part of the image only.

Source: IBSI (arXiv 1612.07003), 2.4 and appendix on interpolation grids; cubic B-splines: Unser, Aldroubi and Eden,
IEEE TSP 41(2), 1993. All that is said per axis is in z, y, x order.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import ndimage

from ...core.image_filter import Box
from ...enhancement.geometry.interpolation import blur_radius, blur_sds

Interpolator = Literal["nearest", "linear", "cubic"]
# Voxels on each side that a value depends on: the weights of a cubic spline fall by 3.7 a voxel, here to 1e-9.
REACH = {"nearest": 1, "linear": 1, "cubic": 16}
# Voxels that are interpolated at a time: they bound the memory.
VOXELS_AT_ONCE = 1 << 15
# Voxels of a slab along all axes but one, and its fewest places across.
SLAB_VOXELS, THINNEST = 1 << 18, 24
# Share of a voxel by which rounding of the spacing may exceed a whole number of voxels.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Axis:
    """One axis of the old grid and of the new one that shares its center: voxels and mm."""

    count: int
    spacing: float
    new_count: int
    new_spacing: float

    @classmethod
    def of(cls, count: int, spacing: float, new_spacing: float) -> "Axis":
        """The new axis covers the old one; a new spacing of 0, or equal to the old but for rounding, keeps it."""
        if new_spacing <= 0 or abs(new_spacing - spacing) <= ROUNDING * spacing:
            return cls(count, spacing, count, spacing)
        return cls(count, spacing, max(1, math.ceil(count * spacing / new_spacing - ROUNDING)), new_spacing)

    @property
    def kept(self) -> bool:
        return self.new_count == self.count and self.new_spacing == self.spacing

    def old_index(self, new_index: np.ndarray) -> np.ndarray:
        """Where voxels of the new grid lie on the old one, in its voxels."""
        return (self.count - 1) / 2 + (new_index - (self.new_count - 1) / 2) * (self.new_spacing / self.spacing)

    def new_index(self, old_index: float) -> float:
        return (self.new_count - 1) / 2 + (old_index - (self.count - 1) / 2) * (self.spacing / self.new_spacing)

    def box(self, low: int, high: int, margin_mm: float) -> slice:
        """New voxels that old ones low..high may reach into, and those within a margin of these."""
        margin = 0 if self.kept else 1
        extra = math.ceil(margin_mm / self.new_spacing)
        first = math.ceil(self.new_index(low - margin) - ROUNDING) - extra
        last = math.floor(self.new_index(high + margin) + ROUNDING) + extra
        return slice(max(0, first), min(self.new_count, last + 1))


class Interpolated:
    """Values in a box of the new grid, read in parts and interpolated on reading, so the whole is not held.

    A cubic spline along several axes is made in slabs across another one, of which those are held that were read last;
    the last of its axes is left to be gone along on reading. A slab's values depend on what lies within the reach of
    the spline, not on what is read. shape: of the box; across: the axis (z, y, x) along which it is best read in order.
    Beyond its border the image goes on with its border values.
    """

    def __init__(
        self,
        read: Callable[[Box], np.ndarray],
        axes: Sequence[Axis],
        box: Box,
        how: Interpolator,
        antialias: bool = False,
        kind: type = np.float64,
    ) -> None:
        """read: gives the finite voxels in a box of the old grid; it is asked once, for what the result depends on.

        antialias: blur to the size of larger voxels first. kind: of the result, and of what is held on the way.
        """
        sds = blur_sds([max(1.0, axis.new_spacing / axis.spacing) for axis in axes]) if antialias else [0.0] * len(axes)
        places = [axis.old_index(np.arange(part.start, part.stop)) for axis, part in zip(axes, box, strict=True)]
        indices = []
        for axis, place, sd in zip(axes, places, sds, strict=True):
            reach = 0 if axis.kept else REACH[how] + blur_radius(sd)
            indices.append(np.arange(math.floor(place[0]) - reach, math.ceil(place[-1]) + reach + 1))
        within = [np.clip(index, 0, axis.count - 1) for index, axis in zip(indices, axes, strict=True)]
        needed = tuple(slice(int(index[0]), int(index[-1]) + 1) for index in within)
        values = read(needed)
        lines = [
            _Line(number, index - part.start, place - own[0], sd, how)
            for number, (index, part, place, own, sd) in enumerate(
                zip(within, needed, places, indices, sds, strict=True)
            )
            if not axes[number].kept
        ]
        # axes that get fewer voxels first: the arrays on the way are smaller
        lines.sort(key=lambda line: len(line.places) / values.shape[line.axis])
        self.shape = tuple(len(place) for place in places)
        before = lines[:-1] if how == "cubic" else []
        self._values, self._lines, self._kind = values, lines[len(before) :], kind
        self._before, self._slabs = before, dict[int, np.ndarray]()
        self.across = 1 if any(line.how == "cubic" and line.axis == 0 for line in self._lines) else 0
        row = math.prod(values.shape) // values.shape[self.across]
        self._thickness = max(THINNEST, SLAB_VOXELS // row)

    def __getitem__(self, part: Box) -> np.ndarray:
        """A new array of the values in a part of the box."""
        if not self._before:
            return self._read(self._values, part)
        across, thick = self.across, self._thickness
        rows = part[across]
        numbers = range(rows.start // thick, (rows.stop - 1) // thick + 1)
        self._slabs = {number: slab for number, slab in self._slabs.items() if number in numbers}
        read = []
        for number in numbers:
            if number not in self._slabs:
                self._slabs[number] = self._slab(slice(number * thick, min((number + 1) * thick, self.shape[across])))
            own = slice(max(rows.start - number * thick, 0), min(rows.stop - number * thick, thick))
            read.append(self._read(self._slabs[number], tuple(own if a == across else p for a, p in enumerate(part))))
        return read[0] if len(read) == 1 else np.concatenate(read, axis=across)

    def _slab(self, rows: slice) -> np.ndarray:
        """The values of some places across, along all axes but the last one."""
        values, lines = self._values, []
        if all(line.axis != self.across for line in self._before):
            values = values[(slice(None), rows) if self.across else (rows,)]
        for line in self._before:
            if line.axis == self.across:
                near, first, last = line.near(rows)
                values = values[(slice(None), slice(first, last)) if self.across else (slice(first, last),)]
                line = near
            lines.append(line)
        return _along_all(values, lines, self._lines[-1].axis, self._kind)

    def _read(self, held: np.ndarray, part: Box) -> np.ndarray:
        lines = [line.cut(part[line.axis]) for line in self._lines]
        needed = list(part)
        for line, first, last in lines:
            needed[line.axis] = slice(first, last)
        values = held[tuple(needed)]
        for line, _, _ in lines:
            values = _along(values, line, self._kind)
        return values if lines else values.astype(self._kind)

    def parts(self, voxels: int = VOXELS_AT_ONCE) -> Iterator[Box]:
        """Parts that make up the box, in order, of about so many voxels each; they cost little more than the whole."""
        across, count = self.across, self.shape[self.across]
        at_once = max(1, voxels * count // math.prod(self.shape))
        for start in range(0, count, at_once):
            yield tuple(
                slice(start, min(start + at_once, n)) if axis == across else slice(0, n)
                for axis, n in enumerate(self.shape)
            )


@dataclass(frozen=True)
class _Line:
    """What is done along an axis: voxels to take, places among these to interpolate at, blur before (SD in voxels)."""

    axis: int
    taken: np.ndarray
    places: np.ndarray
    sd: float
    how: Interpolator

    def cut(self, part: slice) -> tuple["_Line", int, int]:
        """What is done for a part of the places, on the voxels from a first one up to a last one of those held."""
        if self.how == "cubic":
            return replace(self, places=self.places[part]), 0, int(self.taken.max()) + 1
        return self.near(part)

    def near(self, part: slice) -> tuple["_Line", int, int]:
        """The same on no more voxels than those within the reach of a value."""
        places = self.places[part]
        reach = REACH[self.how] + blur_radius(self.sd)
        start = max(0, math.floor(places[0]) - reach)
        taken = self.taken[start : math.ceil(places[-1]) + reach + 1]
        first, last = int(taken.min()), int(taken.max()) + 1
        return replace(self, taken=taken - first, places=places - start), first, last


def _along_all(values: np.ndarray, lines: list[_Line], across: int, kind: type) -> np.ndarray:
    """Values at places along several axes, some planes of another axis at a time: no array on the way is held whole."""
    shape = list(values.shape)
    for line in lines:
        shape[line.axis] = len(line.places)
    result: np.ndarray = np.empty(shape, kind)
    at_once = max(1, VOXELS_AT_ONCE * shape[across] // result.size)
    for start in range(0, shape[across], at_once):
        part = tuple(slice(start, start + at_once) if axis == across else slice(None) for axis in range(values.ndim))
        planes = values[part]
        for line in lines:
            planes = _along(planes, line, kind)
        result[part] = planes
    return result


def _along(values: np.ndarray, line: _Line, kind: type) -> np.ndarray:
    """Values at places along an axis, some lines of it at a time to bound the memory."""
    axis = line.axis
    shape = list(values.shape)
    shape[axis] = len(line.places)
    result: np.ndarray = np.empty(shape, kind)
    other = 1 if axis == 0 else 0
    longest = max(len(line.taken), len(line.places))
    at_once = max(1, VOXELS_AT_ONCE // (longest * (values.size // values.shape[axis] // values.shape[other])))
    for start in range(0, values.shape[other], at_once):
        part = tuple(slice(start, start + at_once) if a == other else slice(None) for a in range(values.ndim))
        _interpolate(values[part], line, result[part])
    return result


def _interpolate(values: np.ndarray, line: _Line, result: np.ndarray) -> None:
    axis = line.axis
    values = np.take(values, line.taken, axis=axis).astype(result.dtype, copy=False)
    if blur_radius(line.sd):
        values = ndimage.gaussian_filter1d(values, line.sd, axis, mode="nearest", radius=blur_radius(line.sd))
    if line.how == "nearest":
        np.take(values, np.floor(line.places + 0.5 - ROUNDING).astype(int), axis=axis, out=result)
        return
    first = np.floor(line.places).astype(int)
    weights = _linear_weights(line.places - first)
    if line.how == "cubic":
        values = ndimage.spline_filter1d(values, 3, axis, mode="mirror", output=values.dtype)
        weights, first = _cubic_weights(line.places - first), first - 1
    last = values.shape[axis] - 1
    result[...] = 0
    for number, weight in enumerate(weights):
        shape = [-1 if a == axis else 1 for a in range(values.ndim)]
        taken = np.take(values, np.minimum(first + number, last), axis=axis)
        taken *= weight.astype(values.dtype).reshape(shape)
        result += taken


def _linear_weights(t: np.ndarray) -> tuple[np.ndarray, ...]:
    return 1 - t, t


def _cubic_weights(t: np.ndarray) -> tuple[np.ndarray, ...]:
    """Cubic B-spline at distances 1 + t, t, 1 - t and 2 - t."""
    s = 1 - t
    return s**3 / 6, 2 / 3 - t**2 * (2 - t) / 2, 2 / 3 - s**2 * (2 - s) / 2, t**3 / 6
