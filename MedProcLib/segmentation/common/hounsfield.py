"""CT values as they should be: in Hounsfield units, with air wherever the scanner saw nothing."""

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.hounsfield import DARKEST_TISSUE_HU, is_stored
from ...core.progress import SILENT, Progress, execute
from .field_of_view import outside_field

AIR_HU, LARGEST_HU = -1024, 3071
# Voxels outside the scanner's field of view that are not as dark as air hold one value, which is above this.
PADDING_ABOVE_HU = -200.0


def hounsfield(image: sitk.Image, progress: Progress = SILENT) -> sitk.Image:
    """The image in whole HU from -1024 to 3071 (int16); what holds no number or lies outside the field of view is air.

    Raises InputError for an image that is plainly not in HU.
    """
    values = sitk.GetArrayViewFromImage(image)
    low, high = extremes(values)
    if not low < DARKEST_TISSUE_HU or is_stored(values):
        raise InputError(
            f"The image goes from {low:.4g} to {high:.4g}, so it is not in Hounsfield units (air -1000, fat -100, "
            "water 0): choose a CT image, or bring its values to HU first (Enhancement, 'CT in Hounsfield units')."
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        filled = np.where(np.isfinite(values), values, AIR_HU)
        image = _on_grid_of(image, filled)
    clamp = sitk.ClampImageFilter()
    clamp.SetOutputPixelType(sitk.sitkInt16)
    clamp.SetLowerBound(AIR_HU)
    clamp.SetUpperBound(LARGEST_HU)
    return _without_padding(execute(clamp, image, progress=progress, message="Reading Hounsfield units"))


def extremes(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest number of an array. Raises InputError when it holds none."""
    low, high = float(values.min()), float(values.max())
    if np.isfinite(high - low):
        return low, high
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise InputError("The image holds no number: all its voxels are NaN or infinite.")
    return float(finite.min()), float(finite.max())


def _without_padding(image: sitk.Image) -> sitk.Image:
    """Air where a value of tissue (often 0) stands for all that lies outside a round field of view.

    Recognized by all corners of the image holding just this value.
    """
    if image.GetPixel((0,) * image.GetDimension()) <= PADDING_ABOVE_HU:
        return image
    padding = outside_field(image)
    if padding is None:
        return image
    values = sitk.GetArrayFromImage(image)
    values[padding] = AIR_HU
    return _on_grid_of(image, values)


def _on_grid_of(image: sitk.Image, values: np.ndarray) -> sitk.Image:
    result = sitk.GetImageFromArray(values)
    result.CopyInformation(image)
    return result
