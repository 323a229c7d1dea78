"""A PET series on disk as an image in SUV."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset

from ...core.dicom import read_dicom_slices
from ...core.dicom_header import MALFORMED
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.itk_message import one_line
from ...core.progress import SILENT, Progress
from ...core.slice_stack import stack_order
from .factors import SuvFactors, suv_factors
from .frames import frame_headers, rescaled_frames
from .settings import SuvSettings

# Share of the injected activity found in the image: some more than all is noise and rounding; far more is impossible.
SUSPICIOUS_SHARE, ABSURD_SHARE = 1.2, 100.0


@dataclass(frozen=True)
class SuvImage:
    """image: float32 SUV on the grid of the series; factors: how it came about, per_slice in the order of slices."""

    image: sitk.Image
    factors: SuvFactors


def suv_image(
    files: Sequence[Path],
    image: sitk.Image | None = None,
    settings: SuvSettings = SuvSettings(),  # noqa: B008 (immutable)
    progress: Progress = SILENT,
) -> SuvImage:
    """SUV of a PET series, or of one (multi-frame) file.

    files: of its slices; image: their rescaled values, when these were read already with the slices in this order
    (core.files.ImageFile). Raises InputError like suv_factors, and for an image of more activity than was injected.
    """
    if image is None:
        found = read_dicom_slices(files)
        image, files = found.image, found.files
    progress(0.1, "Reading PET headers")
    headers, values = _headers_and_values(files, image)
    factors = suv_factors(headers, settings)
    progress(0.7, "Computing SUV")
    scaled = (values * factors.per_slice[:, None, None]).astype(np.float32)
    geometry = Geometry.of(image)
    factors = _check_share(scaled, factors, geometry.voxel_volume / 1000)
    return SuvImage(geometry.image_of(scaled), factors)


def _headers_and_values(files: Sequence[Path], image: sitk.Image) -> tuple[list[Dataset], np.ndarray]:
    """Headers and rescaled values (slices, rows, columns), both in the order of the image's slices."""
    if image.GetNumberOfComponentsPerPixel() > 1 or image.GetDimension() != 3:
        raise InputError("It is a color image or no volume of slices, not a PET series.")
    try:
        headers = [pydicom.dcmread(path, stop_before_pixels=len(files) > 1, force=True) for path in files]
        if len(files) > 1:
            return list(headers), sitk.GetArrayViewFromImage(image)
        frames = frame_headers(headers[0])
        if len(frames) == 1:
            return frames, sitk.GetArrayViewFromImage(image)
        # GDCM knows one slope for all frames
        order = stack_order(
            np.array([[float(value) for value in frame.ImagePositionPatient] for frame in frames]),
            [float(value) for value in frames[0].ImageOrientationPatient],
        )
        values = rescaled_frames(headers[0].pixel_array, frames)[order]
        return [frames[index] for index in order], values
    except InputError:
        raise
    except (*MALFORMED, RuntimeError) as error:
        raise InputError(f"{files[0]} is damaged or compressed in a way unknown ({one_line(error)}).") from None


def _check_share(values: np.ndarray, factors: SuvFactors, voxel_ml: float) -> SuvFactors:
    """Warn of, or refuse, an image with more activity than was injected: sum of SUV x volume / weight, at 1 g/ml."""
    if factors.weight_kg is None or factors.bw_per_suv is None:
        return factors
    total = float(np.nansum(values, dtype=np.float64)) * factors.bw_per_suv * voxel_ml / (factors.weight_kg * 1000)
    if total > ABSURD_SHARE:
        raise InputError(
            f"By its header the image holds {total:.3g} times the injected activity: activity, times or weight are "
            "wrong; check them, and give the right ones (--dose, --injection-time, --weight)."
        )
    if total > SUSPICIOUS_SHARE:
        text = f"the image holds {total:.2f} times the injected activity: check activity, times and weight"
        return replace(factors, warnings=(*factors.warnings, text))
    return factors
