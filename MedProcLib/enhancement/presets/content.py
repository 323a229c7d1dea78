"""What kind of image this is, told from its values alone: rules of thumb, each with the reason it gives."""

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.noise import noise_sd

# Hounsfield units of tissue in the lung, of what counts as body, and of the noise from which a body CT is a noisy one.
LUNG_HU = (-950, -600)
BODY_ABOVE_HU = -950
MUCH_LUNG = 0.1
NOISY_HU = 30
# PET: voxels at least so large (mm), and three quarters of what is not 0 far below the hot spots.
PET_SPACING_MM = 2.0
PET_SHARE = 0.2
# Ultrasound: 8-bit, black outside the fan, and grains of at least this coefficient of variation inside it.
BLACK_SHARE = 0.15
SPECKLE_VARIATION = 0.15
GRAIN = 5  # pixels


class Kind(NamedTuple):
    """modality: 'CT', 'MR', 'PT', 'US' or 'DX'; detail: of CT 'lung', 'noisy' or ''; reason: why, for the user."""

    modality: str
    detail: str
    reason: str


def kind_of(image: sitk.Image) -> Kind:
    """Modality of a scalar image, 2D or 3D, from its range, spacing, number of slices and noise."""
    values = sitk.GetArrayViewFromImage(image).astype(np.float32)
    values = np.where(np.isfinite(values), values, 0)
    spacing = tuple(reversed(image.GetSpacing()))
    low, high = float(values.min()), float(values.max())
    if low <= -300 and low >= -4096 and 100 <= high <= 70000 and -1100 <= float(np.median(values)) <= 300:
        return _ct(values, spacing, low, high)
    flat = values.ndim == 2 or 1 in values.shape
    if _is_speckled(values, low, high):
        return Kind("US", "", "8-bit values, black outside the fan and grainy inside look like ultrasound")
    if flat:
        return Kind("DX", "", "a single 2D image without Hounsfield units looks like a radiograph")
    if low >= 0 and min(spacing[-2:]) >= PET_SPACING_MM and _has_hot_spots(values):
        return Kind("PT", "", f"large voxels ({min(spacing[-2:]):.2g} mm) with few hot spots look like PET")
    return Kind("MR", "", "values without Hounsfield units look like MR; its weighting cannot be told from them")


def _ct(values: np.ndarray, spacing: tuple[float, ...], low: float, high: float) -> Kind:
    looks = f"values from {low:.0f} to {high:.0f} look like Hounsfield units"
    body = values > BODY_ABOVE_HU
    airy = (values > LUNG_HU[0]) & (values < LUNG_HU[1])
    size = [1] * (values.ndim - 2) + [3, 3]  # not the blurred edges of the body
    lung = float(ndimage.minimum_filter(airy, size).sum()) / max(1, int(body.sum()))
    tissue = (values > -200) & (values < 200)
    noise = noise_sd(np.clip(values, -200, 200), spacing, tissue) if tissue.any() else 0.0
    if noise > NOISY_HU:
        return Kind("CT", "noisy", f"{looks}, with noise of {noise:.0f} HU")
    if lung > MUCH_LUNG:
        return Kind("CT", "lung", f"{looks}, {100 * lung:.0f} % of the body is lung")
    return Kind("CT", "", looks)


def _has_hot_spots(values: np.ndarray) -> bool:
    positive = values[values > 0]
    if positive.size == 0:
        return False
    return bool(np.percentile(positive, 75) < PET_SHARE * np.percentile(values, 99.9))


def _is_speckled(values: np.ndarray, low: float, high: float) -> bool:
    """Grains whose strength goes with the brightness, in an 8-bit image that is black in places."""
    if low < 0 or high > 255 or not np.array_equal(values, np.round(values)) or np.mean(values == 0) < BLACK_SHARE:
        return False
    size = [GRAIN if n > GRAIN and axis >= values.ndim - 2 else 1 for axis, n in enumerate(values.shape)]
    mean = ndimage.uniform_filter(values, size)
    variance = np.maximum(ndimage.uniform_filter(values**2, size) - mean**2, 0)
    inside = ndimage.minimum_filter(values, size) > 0
    if inside.sum() < GRAIN**2:
        return False
    return float(np.median(np.sqrt(variance[inside]) / mean[inside])) > SPECKLE_VARIATION
