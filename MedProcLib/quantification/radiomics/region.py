"""A region as the features see it: interpolated, filtered, re-segmented (IBSI, arXiv 1612.07003, chapter 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box
from ...core.voxels import largest_value, near_values
from ..intensity_peak import RADIUS_MM
from .chosen import families_of, filter_of, range_of
from .diagnostics import of_image, of_masks
from .interpolation import Axis, interpolated
from .response import response, with_margin

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
    """A part of the image around a region, arrays z, y, x.

    values: float64, NaN where the image has no number; morphological, intensity: bool, the mask before and after
    re-segmentation; spacing: x, y, z in mm; bounds: of re-segmentation, None where there is none; diagnostics, notes:
    of the steps.
    """

    values: np.ndarray
    morphological: np.ndarray
    intensity: np.ndarray
    spacing: tuple[float, float, float]
    bounds: tuple[float | None, float | None]
    diagnostics: dict[str, float]
    notes: tuple[str, ...]


def prepared(image: sitk.Image, labels: sitk.Image, label: int, box: Box, settings: Radiomics) -> Region:
    """The region of a label within its box (z, y, x) of the image. Raises InputError that says what emptied it.

    Only the box and what interpolation, filter and intensity peaks need around it is computed.
    """
    source, mask, grid = _as_volume(image), _as_volume(labels), _grid(image)
    axes = _axes(image, settings)
    recipe = filter_of(settings)
    near = RADIUS_MM if "local_intensity" in families_of(settings) else 0.0
    part = tuple(axis.box(b.start, b.stop - 1, near) for axis, b in zip(axes, box, strict=True))
    wide = part if recipe is None else with_margin(part, recipe, axes)
    values, number_there = _intensities(source, axes, wide, settings)
    morphological = _mask(mask, label, axes, part, settings)
    cut = tuple(slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, wide, strict=True))
    notes = []
    plain, known = values[cut], number_there[cut]
    inside = morphological & known
    lost = int(np.count_nonzero(morphological)) - int(np.count_nonzero(inside))
    if lost:
        notes.append(f"{lost} voxels of the region hold no number and are left out of all but its shape")
    if not inside.any():
        raise InputError(f"All voxels of the region of label {label} hold no number (NaN or infinite).")
    bounds = range_of(settings)
    intensity = _resegmented(plain, inside, bounds, settings.resegmentation_sd, label)
    first = mask[box] == label
    diagnostics = of_masks("init", source.shape, first, first, source[box])
    diagnostics |= of_masks("interp", tuple(axis.new_count for axis in axes), inside, morphological, plain)
    diagnostics |= of_masks("reseg", tuple(axis.new_count for axis in axes), intensity, morphological, plain)
    if recipe is not None:
        # bounds of the image's intensities are none of the response's
        plain, bounds = response(values, wide, axes, grid, recipe)[cut], (None, None)
    z, y, x = (axis.new_spacing for axis in axes)
    plain = plain if known.all() else np.where(known, plain, np.nan)
    return Region(plain, morphological, intensity, (x, y, z), bounds, diagnostics, tuple(notes))


def image_diagnostics(image: sitk.Image, settings: Radiomics) -> dict[str, float]:
    """Size, spacing and, where the settings ask for it, range and mean of the image before and after interpolation."""
    source, axes = _as_volume(image), _axes(image, settings)

    def slabs(count: int) -> Iterator[slice]:
        for start in range(0, count if settings.image_diagnostics else 0, SLAB):
            yield slice(start, min(start + SLAB, count))

    def interpolated_slabs() -> Iterator[np.ndarray]:
        for slab in slabs(axes[0].new_count):
            yield _intensities(source, axes, (slab, *(slice(0, axis.new_count) for axis in axes[1:])), settings)[0]

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


def _intensities(source: np.ndarray, axes: list[Axis], box: Box, settings: Radiomics) -> tuple[np.ndarray, np.ndarray]:
    """Interpolated intensities in a box of the new grid, and where the nearest voxel of the image holds a number."""
    known = np.ones([b.stop - b.start for b in box], bool)

    def read(part: Box) -> np.ndarray:
        values = source[part]
        valid = np.isfinite(values)
        if valid.all():
            return values
        known[...] = interpolated(lambda where: np.isfinite(source[where]), axes, box, "nearest", kind=np.uint8)
        return near_values(values, valid) if valid.any() else np.zeros(values.shape)

    values = interpolated(read, axes, box, settings.interpolation, settings.antialias)
    if largest_value(values) > LARGEST:
        raise InputError(
            f"The image holds values of {largest_value(values):.0e}, too large to compute with: divide it."
        )
    return (np.rint(values, out=values) if settings.round_intensities else values), known


def _mask(mask: np.ndarray, label: int, axes: list[Axis], box: Box, settings: Radiomics) -> np.ndarray:
    # single precision: rounding is far below what counts as the threshold
    share = interpolated(lambda where: mask[where] == label, axes, box, settings.mask_interpolation, kind=np.float32)
    result = share >= settings.mask_threshold - ROUNDING
    if not result.any():
        raise InputError(
            f"Interpolation left no voxel of the region of label {label}: it is smaller than the new voxels; choose a "
            "smaller spacing_mm or mask_threshold."
        )
    return result


def _resegmented(
    values: np.ndarray, mask: np.ndarray, bounds: tuple[float | None, float | None], sd: float, label: int
) -> np.ndarray:
    """The mask where intensities are within bounds, and within `sd` standard deviations of the mean of those that are.

    Both bounds belong to the range. Source: IBSI 2.5 (Vallieres et al., PMB 60(14), 2015).
    """
    low, high = bounds
    kept = mask
    if low is not None:
        kept = kept & (values >= low)
    if high is not None:
        kept = kept & (values <= high)
    if not kept.any():
        inside = values[mask]
        raise InputError(
            f"Re-segmentation left no voxel of the region of label {label}: its intensities are {inside.min():g} to "
            f"{inside.max():g}; widen resegmentation_range."
        )
    if sd:
        inside = values[mask]
        mean, deviation = float(inside.mean()), float(inside.std())
        kept = kept & (np.abs(values - mean) <= sd * deviation * (1 + 1e-12))
        if not kept.any():
            raise InputError(
                f"Re-segmentation left no voxel of the region of label {label} within {sd:g} standard deviations of "
                "its mean; raise resegmentation_sd."
            )
    return kept
