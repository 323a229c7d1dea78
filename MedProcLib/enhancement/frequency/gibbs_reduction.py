"""Removal of Gibbs ringing from MR images."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import numpy as np
from scipy import fft

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT

# Shifts tried to either side, of up to half a voxel.
SHIFTS = 6
# The oscillation is measured between this many voxel pairs, to either side of the voxel and its neighbors.
WINDOW = 3


@operation(
    "enhancement.gibbs_reduction",
    title="Reduce Gibbs ringing (MR)",
    gives="image",
    source="Kellner et al., Gibbs-ringing artifact removal based on local subvoxel-shifts, MRM 76(5), 2016; "
    "interpolated images in interleaved parts: Lee et al., MRM 86(5), 2021",
)
class GibbsReduction(ImageFilter):
    """Remove the ripples that a finite number of measured frequencies leaves beside edges of MR images.

    Each voxel is read where the ripple crosses zero, within half a voxel of it, in the plane of the two finest axes.
    It needs the image as it was measured: filtered, resampled or partial-Fourier images keep part of their ripples.
    """

    interpolation: Annotated[int, Range(1, 4), "times the scanner refined the voxels in plane by zero filling"] = 1

    def margin(self, grid):
        axes = _plane_axes(grid)
        return tuple(n if axis in axes else 0 for axis, n in enumerate(reversed(grid.size)))

    def apply(self, values, region, place, learned, progress=SILENT):
        axes = _plane_axes(place.whole)
        if not axes:
            return values
        others = [axis for axis in range(values.ndim) if axis not in axes]
        for index in np.ndindex(*[values.shape[axis] for axis in others]):
            progress.check()
            where: list = [slice(None)] * values.ndim
            for axis, k in zip(others, index, strict=True):
                where[axis] = k
            # slices that are margin only
            if any(not place.wanted[a].start <= k < place.wanted[a].stop for a, k in zip(others, index, strict=True)):
                continue
            plane = values[tuple(where)]
            n = self.interpolation
            for start in np.ndindex(*[min(n, side) for side in plane.shape]):
                part = tuple(slice(s, None, n) for s in start)
                plane[part] = unrung(plane[part])
        return values


def _plane_axes(grid: Geometry) -> list[int]:
    """The two finest axes (z, y, x order; x and y first) of more than one voxel."""
    axes = [axis for axis in range(grid.dimension) if grid.size[axis] > 1]
    return sorted(grid.dimension - 1 - axis for axis in sorted(axes, key=lambda axis: grid.spacing[axis])[:2])


def unrung(plane: np.ndarray) -> np.ndarray:
    """A line or plane without ringing; a new array.

    Each axis is freed of ringing in the part of the image that holds the frequencies which ring along it: the two parts
    add up to the image (Kellner et al., eq. 4).
    """
    if plane.ndim == 0 or plane.size < 4:
        return plane.copy()
    if plane.ndim == 1:
        return _unrung_lines(plane[np.newaxis])[0]
    spectrum = fft.rfft2(plane)
    row = 1 + np.cos(2 * np.pi * fft.fftfreq(plane.shape[0]))[:, None]
    column = 1 + np.cos(2 * np.pi * fft.rfftfreq(plane.shape[1]))
    total = row + column
    # where both vanish (the highest frequency along both axes) each takes half
    share = np.divide(row, total, out=np.full(total.shape, 0.5), where=total > 1e-9).astype(plane.dtype)
    along_x = fft.irfft2(spectrum * share, plane.shape)
    along_y = plane - along_x
    with ThreadPoolExecutor(2) as workers:
        x, y = workers.map(_unrung_lines, (along_x, along_y.T))
    return x + y.T


def _unrung_lines(lines: np.ndarray) -> np.ndarray:
    """Lines along the last axis, each sample read at the shift with the least oscillation beside it."""
    lines = np.ascontiguousarray(lines)
    length = lines.shape[1]
    if length < 4:
        return lines.copy()
    spectrum = fft.rfft(lines, axis=1)
    frequency = fft.rfftfreq(length)
    reach = WINDOW + 2
    least = np.full(lines.shape, np.inf, lines.dtype)
    result = lines.copy()
    # the unshifted lines first, so that they win a tie
    for number in sorted(range(-SHIFTS, SHIFTS + 1), key=abs):
        shift = 0.5 * number / SHIFTS
        turn = np.exp(2j * np.pi * frequency * shift).astype(spectrum.dtype)
        shifted = np.pad(fft.irfft(spectrum * turn, length, axis=1), ((0, 0), (reach, reach)), mode="wrap")
        # step[k] lies between samples k - reach and k - reach + 1
        step = shifted[:, 1:] - shifted[:, :-1]
        np.abs(step, out=step)
        sums = step[:, : step.shape[1] - WINDOW + 1].copy()
        for k in range(1, WINDOW):
            sums += step[:, k : step.shape[1] - WINDOW + 1 + k]
        left, right = sums[:, 1 : 1 + length], sums[:, reach + 1 : reach + 1 + length]
        oscillation = np.minimum(left, right)
        better = oscillation < least
        np.minimum(least, oscillation, out=least)
        middle = shifted[:, reach : reach + length]
        beside = shifted[:, reach - 1 : reach - 1 + length] if shift > 0 else shifted[:, reach + 1 : reach + 1 + length]
        between = beside - middle
        between *= lines.dtype.type(abs(shift))
        between += middle
        np.copyto(result, between, where=better)
    return result
