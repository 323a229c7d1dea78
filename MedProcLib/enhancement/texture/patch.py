"""A box of an image that separable kernels run over, with the standard's conditions beyond the image's border.

A patch knows where it lies in the image, so that a result is the same whether it is computed from the whole image, a
slab or a preview: beyond the image's border the boundary condition holds, beyond the patch's the margin is used up.
Arrays and all that is said per axis are in z, y, x order (y, x in 2D).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.image_filter import Box
from ...core.progress import SILENT, Progress

# IBSI 2: zero padding (Z3VE), nearest value (SIJG), periodic (Z7YO), mirror about the border voxels' outer face (ZDTV)
Boundary = Literal["zero", "nearest", "periodic", "mirror"]
_NDIMAGE_MODES = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
_NUMPY_MODES = {"zero": "constant", "nearest": "edge", "periodic": "wrap", "mirror": "symmetric"}

# A kernel along each axis; None where nothing is done along the axis.
Kernels = tuple[np.ndarray | None, ...]


@dataclass(frozen=True)
class Patch:
    """values: float array; start: the place of its first voxel in the image; whole: the image's size."""

    values: np.ndarray
    start: tuple[int, ...]
    whole: tuple[int, ...]
    boundary: Boundary

    @classmethod
    def of(cls, values: np.ndarray, boundary: Boundary) -> "Patch":
        """A whole image, in float32 or float64. Raises InputError for an unknown boundary condition."""
        if boundary not in _NDIMAGE_MODES:
            raise InputError(f"Boundary condition '{boundary}' is not one of {', '.join(_NDIMAGE_MODES)}.")
        dtype = np.float32 if values.dtype.itemsize <= 4 and values.dtype.kind in "fiub" else np.float64
        return cls(values.astype(dtype, copy=False), (0,) * values.ndim, values.shape, boundary)

    @property
    def box(self) -> Box:
        """Of the image, what the patch is."""
        return tuple(slice(a, a + n) for a, n in zip(self.start, self.values.shape, strict=True))

    def cut(self, axis: int, keep: slice) -> "Patch":
        """The part between two places along an axis."""
        first = self.start[axis]
        values = self.values[(slice(None),) * axis + (slice(keep.start - first, keep.stop - first),)]
        return Patch(values, (*self.start[:axis], keep.start, *self.start[axis + 1 :]), self.whole, self.boundary)

    def convolved(self, axis: int, kernel: np.ndarray, keep: slice) -> "Patch":
        """Convolution along an axis with a kernel of odd length, kept between two places of the image."""
        radius = len(kernel) // 2
        if keep.stop - keep.start < radius:
            return self._convolved_in_few(axis, kernel, keep)
        needed = slice(max(0, keep.start - radius), min(self.whole[axis], keep.stop + radius))
        if self.boundary == "periodic":
            needed = slice(0, self.whole[axis])
        part = self.cut(axis, needed)
        values = ndimage.convolve1d(part.values, kernel, axis, mode=_NDIMAGE_MODES[self.boundary])
        return Patch(values, part.start, self.whole, self.boundary).cut(axis, keep)

    def _convolved_in_few(self, axis: int, kernel: np.ndarray, keep: slice) -> "Patch":
        # ndimage would compute the margin too, which is most of it in a preview
        radius, count = len(kernel) // 2, keep.stop - keep.start
        box = list(self.box)
        box[axis] = slice(keep.start - radius, keep.stop + radius)
        values = np.moveaxis(self.extended(tuple(box)), axis, 0)
        total = np.zeros((count, *values.shape[1:]), values.dtype)
        for number, weight in enumerate(kernel[::-1]):
            if weight:
                total += values[number : number + count] * values.dtype.type(weight)
        start = (*self.start[:axis], keep.start, *self.start[axis + 1 :])
        return Patch(np.moveaxis(total, 0, axis), start, self.whole, self.boundary)

    def extended(self, box: Box) -> np.ndarray:
        """Values in a box of the image that may reach beyond its border, where the boundary condition holds."""
        values, first = self.values, list(self.start)
        for axis, (wanted, size) in enumerate(zip(box, self.whole, strict=True)):
            low, high = max(0, wanted.start), min(size, wanted.stop)
            before, after = low - wanted.start, wanted.stop - high
            if self.boundary == "periodic" and (before or after):
                low, high = 0, size
            keep = [slice(None)] * values.ndim
            keep[axis] = slice(low - first[axis], high - first[axis])
            values, first[axis] = values[tuple(keep)], low
            if before or after:
                width = [(before, after) if a == axis else (0, 0) for a in range(values.ndim)]
                values = np.pad(values, width, mode=_NUMPY_MODES[self.boundary])  # type: ignore[call-overload]
                first[axis] -= before
                keep[axis] = slice(wanted.start - first[axis], wanted.stop - first[axis])
                values, first[axis] = values[tuple(keep)], wanted.start
        return values


# A pass along one axis: the axis, and which part of it must be known afterwards.
Pass = tuple[int, slice]
# For each pass the kernel, or None to only cut.
Path = tuple[np.ndarray | None, ...]


def passes(box: Box, whole: Sequence[int], radii: Sequence[Sequence[int]]) -> list[Pass]:
    """The passes of successive separable convolutions, the last of which must know the box of the image.

    radii: of the kernels of each convolution, per axis. All passes along an axis come before those along the next: the
    result is the same, and where few slices are wanted few remain after the first axis.
    """
    found: list[Pass] = []
    for axis, (wanted, size) in enumerate(zip(box, whole, strict=True)):
        for number in range(1, len(radii) + 1):
            later = sum(radius[axis] for radius in radii[number:])
            found.append((axis, slice(max(0, wanted.start - later), min(size, wanted.stop + later))))
    return found


def path_of(stages: Sequence[Kernels]) -> Path:
    """The kernels of successive convolutions (for each, per axis) in the order of the passes."""
    return tuple(kernel for along in zip(*stages, strict=True) for kernel in along)


def walk(
    patch: Patch, steps: Sequence[Pass], paths: Sequence[Path], progress: Progress = SILENT
) -> Iterator[tuple[int, np.ndarray]]:
    """For each path its number and the values after all its passes. Paths that begin alike share the computation."""
    yield from _walk(patch, list(steps), paths, list(range(len(paths))), 0, progress)


def _walk(
    patch: Patch, steps: list[Pass], paths: Sequence[Path], numbers: list[int], depth: int, progress: Progress
) -> Iterator[tuple[int, np.ndarray]]:
    if depth == len(steps):
        for number in numbers:
            yield number, patch.values
        return
    progress.check()
    groups: dict[bytes | None, list[int]] = {}
    for number in numbers:
        groups.setdefault(_key(paths[number][depth]), []).append(number)
    axis, keep = steps[depth]
    for members in groups.values():
        kernel = paths[members[0]][depth]
        part = patch.cut(axis, keep) if kernel is None else patch.convolved(axis, kernel, keep)
        yield from _walk(part, steps, paths, members, depth + 1, progress)


def _key(kernel: np.ndarray | None) -> bytes | None:
    return None if kernel is None else np.asarray(kernel, float).tobytes()
