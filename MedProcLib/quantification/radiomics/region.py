"""A region as the features see it: interpolated, filtered, re-segmented (IBSI, arXiv 1612.07003, chapter 2)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box
from ...core.voxels import FLOAT32_HOLDS, largest_value, near_values
from ..bit_mask import BitMask
from ..intensity_peak import RADIUS_MM, intensity_peaks
from .chosen import families_of, filter_of, range_of
from .diagnostics import of_image, of_masks
from .interpolation import Axis, Interpolated
from .response import response, with_margin
from .statistics import in_blocks, in_parts, mean_of

if TYPE_CHECKING:
    from .settings import Radiomics

# Fourth powers of larger values overflow.
LARGEST = 1e60
# slices of which the whole image's range and mean are taken at a time
SLAB = 8
# a mask value that is the threshold but for rounding reaches it
ROUNDING = 1e-6


@dataclass(frozen=True)
class Region:
    """A region in its box of the new grid, z, y, x.

    morphological, intensity: the mask before and after re-segmentation; values: those of the intensity mask in its
    order (n,), all finite, float32 where the image has no more digits, float64 otherwise; peaks: local and global
    intensity peak, None where they were not asked for; spacing: x, y, z in mm; bounds: of re-segmentation, None where
    there is none; diagnostics, notes: of the steps.
    """

    morphological: BitMask
    intensity: BitMask
    values: np.ndarray
    peaks: tuple[float, float] | None
    spacing: tuple[float, float, float]
    bounds: tuple[float | None, float | None]
    diagnostics: dict[str, float]
    notes: tuple[str, ...]


def prepared(image: sitk.Image, labels: sitk.Image, label: int, box: Box, settings: Radiomics) -> Region:
    """The region of a label within its box (z, y, x) of the image. Raises InputError that says what emptied it.

    Only the box and what interpolation, filter and intensity peaks need around it is computed, and of that little more
    than the region's own values is held.
    """
    source, mask, grid = _as_volume(image), _as_volume(labels), _grid(image)
    axes = _axes(image, settings)
    recipe = filter_of(settings)
    diagnostics = _before(source, mask, label, box)
    peaked = image.GetDimension() == 3 and "local_intensity" in families_of(settings)
    part = tuple(axis.box(b.start, b.stop - 1, RADIUS_MM * peaked) for axis, b in zip(axes, box, strict=True))
    morphological = _mask(mask, label, axes, part, settings)
    wide = part if recipe is None else with_margin(part, recipe, axes)
    around = Surroundings(source, axes, wide, settings)
    cut = tuple(slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, wide, strict=True))
    known = None if around.known is None else around.known[cut]
    inside = morphological if known is None else morphological & BitMask.of(known)
    notes = []
    voxels = inside.count
    lost = morphological.count - voxels
    if lost:
        which = (
            "1 voxel of the region holds no number and is"
            if lost == 1
            else f"{lost} voxels of the region hold no number and are"
        )
        notes.append(f"{which} left out of all but its shape")
    if not voxels:
        raise InputError(f"All voxels of the region of label {label} hold no number (NaN or infinite).")
    bounds = range_of(settings)
    filled = around.filled(around.whole) if recipe else None
    values = around.inside(inside) if filled is None else filled[cut][inside[:]]
    size = tuple(axis.new_count for axis in axes)
    diagnostics |= of_masks("interp", size, inside, morphological, in_parts(values))
    intensity = inside
    if bounds != (None, None) or settings.resegmentation_sd:
        kept = _kept(values, bounds, settings.resegmentation_sd, label)
        intensity, values = inside.chosen(kept), _compressed(values, kept)
        del kept
    diagnostics |= of_masks("reseg", size, intensity, morphological, in_parts(values))
    z, y, x = (axis.new_spacing for axis in axes)
    near: Surroundings | np.ndarray = around
    if recipe is not None and filled is not None:
        # bounds of the image's intensities are none of the response's
        near, bounds = response(filled, wide, axes, grid, recipe)[cut], (None, None)
        values = near[intensity[:]]
        near = near if known is None else np.where(known, near, np.nan)
    peaks = intensity_peaks(near, intensity, (x, y, z)) if peaked else None
    # without the surroundings of the peaks
    core = morphological.box
    intensity = intensity.part(core)
    morphological = intensity if intensity.count == morphological.count else morphological.part(core)
    return Region(morphological, intensity, values, peaks, (x, y, z), bounds, diagnostics, tuple(notes))


def _before(source: np.ndarray, mask: np.ndarray, label: int, box: Box) -> dict[str, float]:
    """Diagnostics of the region as it is in the image."""
    inside, part = BitMask([b.stop - b.start for b in box]), source[box]
    for z, plane in enumerate(mask[box]):
        inside[z] = plane == label
    values = (plane[here] for plane, here in zip(part, inside, strict=True))
    return of_masks("init", source.shape, inside, inside, values)


def image_diagnostics(image: sitk.Image, settings: Radiomics) -> dict[str, float]:
    """Size, spacing and, where the settings ask for it, range and mean of the image before and after interpolation."""
    source, axes = _as_volume(image), _axes(image, settings)

    def slabs(count: int) -> Iterator[slice]:
        for start in range(0, count if settings.image_diagnostics else 0, SLAB):
            yield slice(start, min(start + SLAB, count))

    def interpolated_slabs() -> Iterator[np.ndarray]:
        for slab in slabs(axes[0].new_count):
            near = Surroundings(source, axes, (slab, *(slice(0, axis.new_count) for axis in axes[1:])), settings)
            yield near.filled(near.whole)

    before, after = [axis.count for axis in axes], [axis.new_count for axis in axes]
    return of_image("init", before, [axis.spacing for axis in axes], (source[s] for s in slabs(before[0]))) | of_image(
        "interp", after, [axis.new_spacing for axis in axes], interpolated_slabs()
    )


def _as_volume(image: sitk.Image) -> np.ndarray:
    view = sitk.GetArrayViewFromImage(image)
    return view if view.ndim == 3 else view[np.newaxis]


def _grid(image: sitk.Image) -> Geometry:
    """The image's grid; a 2D image is a slice 1 mm thick."""
    grid = Geometry.of(image)
    if grid.dimension == 3:
        return grid
    direction = np.eye(3)
    direction[:2, :2] = np.reshape(grid.direction, (2, 2))
    return Geometry((*grid.size, 1), (*grid.spacing, 1.0), (*grid.origin, 0.0), tuple(direction.ravel()))


def _axes(image: sitk.Image, settings: Radiomics) -> list[Axis]:
    """z, y, x. By slices, and in a 2D image, the third axis stays as it is."""
    grid, by_slices = _grid(image), settings.dimension == "2D" or image.GetDimension() == 2
    side = settings.spacing_mm
    between = 0.0 if by_slices else settings.slice_spacing_mm or side
    wanted = (side, side, between)
    return [Axis.of(*axis) for axis in zip(grid.size, grid.spacing, wanted, strict=True)][::-1]


class Surroundings:
    """Interpolated intensities (float64) in a box of the new grid, read in parts as arrays are, NaN where not known.

    Those inside a mask are held in float32 where the image has no more digits: kind.
    known: where the nearest voxel of the image holds a number, None where all do; across: see Interpolated.
    """

    def __init__(self, source: np.ndarray, axes: list[Axis], box: Box, settings: Radiomics) -> None:
        self.known: np.ndarray | None = None
        self.kind = np.result_type(source.dtype, np.float32)

        def read(part: Box) -> np.ndarray:
            values = source[part]
            if source.dtype.kind in "iu":
                return values
            if largest_value(values) > FLOAT32_HOLDS:
                self.kind = np.dtype(np.float64)
            valid = np.isfinite(values)
            if valid.all():
                return values
            there = Interpolated(lambda where: np.isfinite(source[where]), axes, box, "nearest", kind=np.uint8)
            self.known = there[tuple(slice(0, n) for n in there.shape)] != 0
            return near_values(values, valid) if valid.any() else np.zeros(values.shape)

        self._values = Interpolated(read, axes, box, settings.interpolation, settings.antialias)
        self._rounded = settings.round_intensities
        self.shape, self.across = self._values.shape, self._values.across
        self.whole = tuple(slice(0, n) for n in self.shape)

    def filled(self, part: Box) -> np.ndarray:
        """The intensities in a part of the box, that of the nearest where a voxel holds none. Raises InputError."""
        values = self._values[part]
        if largest_value(values) > LARGEST:
            raise InputError(
                f"The image holds values of {largest_value(values):.0e}, too large to compute with: divide it."
            )
        return np.rint(values, out=values) if self._rounded else values

    def __getitem__(self, part: Box) -> np.ndarray:
        values = self.filled(part)
        if self.known is not None:
            values[~self.known[part]] = np.nan
        return values

    def inside(self, mask: BitMask) -> np.ndarray:
        """The intensities where a mask of the box is true, in its order (n,)."""
        counts = mask.count_by_line
        starts = np.cumsum(counts).reshape(counts.shape) - counts
        found = np.empty(int(counts.sum()), self.kind)
        for part in self._values.parts():
            values, chosen = self.filled(part), mask[part]
            for z, plane in enumerate(values):  # the lines of a part lie together within each slice only
                taken = plane[chosen[z]]
                first = starts[part[0].start + z, part[1].start]
                found[first : first + len(taken)] = taken
        return found


def _mask(mask: np.ndarray, label: int, axes: list[Axis], box: Box, settings: Radiomics) -> BitMask:
    if all(part.stop > part.start for part in box):  # else it lies between the new voxels
        # single precision: rounding is far below what counts as the threshold
        share = Interpolated(
            lambda where: mask[where] == label, axes, box, settings.mask_interpolation, kind=np.float32
        )
        result = BitMask(share.shape)
        for part in share.parts():
            result[part] = share[part] >= settings.mask_threshold - ROUNDING
        if result.count:
            return result
    raise InputError(
        f"Interpolation left no voxel of the region of label {label}: it is smaller than the new voxels; choose a "
        "smaller spacing_mm or mask_threshold."
    )


def _kept(values: np.ndarray, bounds: tuple[float | None, float | None], sd: float, label: int) -> np.ndarray:
    """Where intensities of a region (n,) are within bounds, and within `sd` standard deviations of the mean of all.

    Both bounds belong to the range. Source: IBSI 2.5 (Vallieres et al., PMB 60(14), 2015).
    """
    low, high = bounds
    kept = np.ones(values.shape, bool)
    if low is not None:
        kept &= values >= low
    if high is not None:
        kept &= values <= high
    if not kept.any():
        raise InputError(
            f"Re-segmentation left no voxel of the region of label {label}: its intensities are {values.min():g} to "
            f"{values.max():g}; widen resegmentation_range."
        )
    if sd:
        mean = mean_of(values)
        deviation = math.sqrt(sum(float(np.square(part - mean).sum()) for part in in_blocks(values)) / values.size)
        for part, there in zip(in_blocks(values), in_parts(kept), strict=True):
            there &= np.abs(part - mean) <= sd * deviation * (1 + 1e-12)
        if not kept.any():
            raise InputError(
                f"Re-segmentation left no voxel of the region of label {label} within {sd:g} standard deviations of "
                "its mean; raise resegmentation_sd."
            )
    return kept


def _compressed(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The values (n,) that are kept, moved to the front of the same array."""
    count = 0
    for part, there in zip(in_parts(values), in_parts(kept), strict=True):
        taken = part[there]
        values[count : count + taken.size] = taken
        count += taken.size
    return values[:count]
