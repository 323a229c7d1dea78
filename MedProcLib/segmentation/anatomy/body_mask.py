"""Outline of the body (or any object) against air."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import foreground, gaussian, inside, values_of
from ..common.air_noise import noise_about_zero
from ..common.field_of_view import outside_field
from ..common.hounsfield import AIR_HU, extremes, hounsfield
from ..common.morphology import closed, filled, main_piece
from ..common.patient_grid import mask_on_grid, on_patient_grid
from ..common.upright import placed_like, upright
from ..common.working_grid import mask_on_image, on_working_grid
from .ct_body import CT_AIR_HU, body_region
from .refine import refined

WORKING_MM = 2.0
# Around what is denser than this, air is left out of the work.
CONTENT_HU = -800.0
MOST_HU = 3100.0  # of CT stored in 12 bits; what PET in Bq/ml exceeds
NOISE_MM = 4.0  # standard deviation; about as wide as PET's own resolution


@operation(
    "segmentation.body_mask",
    title="Body mask",
    gives="mask",
    source="Hu et al., Automatic lung segmentation for accurate quantitation, IEEE TMI 20(6), 2001 (body and air by "
    "threshold and connectivity); Otsu, IEEE SMC 9(1), 1979",
)
class BodyMask:
    """Outline the body against the air around it, with lungs and other cavities filled and the table left out.

    In CT, arms and legs that lie apart from the trunk belong to the body, and a table that it lies on is recognized by
    being the same in all slices, also where no body is on it.
    """

    kind: Annotated[
        Literal["automatic", "CT", "other"],
        "CT: fixed threshold in HU; other: Otsu's threshold; automatic: CT where values below -500 are not noise",
    ] = "automatic"
    threshold_HU: Annotated[float, Range(-900, 200, "HU"), "CT: what is denser is body"] = -300.0
    opening_mm: Annotated[float, Range(0, 30, "mm"), "radius that cuts bridges to the table and to clothes"] = 4.0
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the openings (airways, noise) that are closed"] = 6.0

    def __call__(self, image, mask=None, progress=SILENT):
        if self.kind == "CT" or (self.kind == "automatic" and _is_hounsfield(image)):
            return _of_ct(self, image, mask, progress)
        return _of_any(self, image, mask, progress)


def _is_hounsfield(image: sitk.Image) -> bool:
    values = sitk.GetArrayViewFromImage(image)
    low, high = extremes(values)
    # noisy soft tissue without air around it is noise about 0 as well
    return low < CT_AIR_HU and (high < MOST_HU or noise_about_zero(values) is None)


def _of_ct(settings: BodyMask, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> sitk.Image:
    read, sample, outline, fine = progress.parts(1, 1, 6, 2)
    ct = upright(hounsfield(image, read), CONTENT_HU)
    grid, work = on_patient_grid(ct, WORKING_MM, AIR_HU, CONTENT_HU, progress=sample)
    if mask is not None:
        work = np.where(mask_on_grid(placed_like(mask, ct), grid), work, AIR_HU)
    body = body_region(work, grid, settings.threshold_HU, settings.opening_mm, settings.closing_mm, outline)
    if not body.any():
        raise InputError(
            f"Nothing is above {settings.threshold_HU:g} HU; the largest value is {work.max():.0f} HU: "
            "lower the threshold."
        )
    values = refined(ct, {1: body}, grid, lambda hu: hu > settings.threshold_HU, progress=fine)
    unseen = outside_field(ct)
    if unseen is not None:
        values[unseen] = 0
    return _masked(values, image, mask)


def _masked(values: np.ndarray, image: sitk.Image, mask: sitk.Image | None) -> sitk.Image:
    view = sitk.GetArrayViewFromImage(image)
    if mask is not None:
        values &= sitk.GetArrayViewFromImage(mask) != 0
    if view.dtype.kind == "f":
        values &= np.isfinite(view)
    if not values.any():
        raise InputError("Nothing was found: choose a smaller opening radius or another threshold.")
    return Geometry.of(image).image_of(values)


def _of_any(settings: BodyMask, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> sitk.Image:
    values, valid = values_of(image)
    first, smoothing, second, third = progress.parts(1, 1, 7, 1)
    grid, work, _ = on_working_grid(image, values, inside(mask, valid), WORKING_MM, first)
    # the square root brings dark tissue nearer to bright tissue than to air
    body = foreground(np.sqrt(_above_air(work, grid, smoothing)), np.isfinite(work))
    return mask_on_image(_outline(settings, body, grid, second), grid, image, third)


def _above_air(values: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """Values less that of air, not below 0, where the noise of air about 0 (PET) is smoothed and taken off."""
    noise = noise_about_zero(values)
    if noise is None:
        return np.maximum(values - values.min(), 0)
    smooth = gaussian(values, grid, [NOISE_MM] * grid.dimension, progress)
    return np.maximum(smooth - 2 * (noise_about_zero(smooth) or 0.0), 0)


def _outline(settings: BodyMask, body: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    close, fill, cut, slices = progress.parts(4, 1, 4, 1)
    body = filled(closed(body, grid, settings.closing_mm, close), grid, fill)
    body = main_piece(body, grid, settings.opening_mm, cut)
    return _filled_by_slice(body, grid, slices)


def _filled_by_slice(body: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """Fill holes of each transverse slice: cavities that the first and last slice cut open are no holes in 3D."""
    if grid.dimension == 2:
        return filled(body, grid, progress)
    # the array axis that runs most nearly from feet to head
    axis = 2 - int(np.argmax(np.abs(np.reshape(grid.direction, (3, 3))[2])))
    result = body.copy()
    planes = np.moveaxis(result, axis, 0)
    plane_grid = Geometry(tuple(reversed(planes.shape[1:])), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))
    for number in range(len(planes)):
        planes[number] = filled(planes[number], plane_grid)
        progress((number + 1) / len(planes), "Filling slices")
    return result
