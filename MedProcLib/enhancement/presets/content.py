"""What kind of image this is, told from its values alone: rules of thumb, each with the reason it gives."""

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.noise import fine_noise_sd

# Hounsfield units of tissue in the lung, of other tissue, and of the noise from which a body CT is a noisy one.
LUNG_HU = (-950, -600)
TISSUE_ABOVE_HU = -300
NOISY_HU = 30
# A chest has so much lung for each voxel of other tissue (17 CT: chests 0.08 to 0.35, others up to 0.05).
MUCH_LUNG = 0.07
# Lung has tissue around, foam of cushions and tables a shell and air: share of the ring from and to so many pixels of
# about so many mm. Of all slices so many are looked at.
RING, RING_MM, MOST_TISSUE, SLICES = (2.5, 4.5), 4.0, 0.65, 24
# PET: voxels at least so large (mm), and three quarters of what is not 0 far below the hot spots.
PET_SPACING_MM = 2.0
PET_SHARE = 0.2
# Ultrasound: 8-bit, black outside the fan, and grains of at least this coefficient of variation inside it, which is so
# much of the picture; of it so little comes or goes from slice to slice (4 volumes up to 0.09, heads and
# necks in 8-bit MR from 0.15 on).
BLACK_SHARE = 0.15
SPECKLE_VARIATION = 0.15
FAN_SHARE, FAN_CHANGE = 0.05, 0.12
GRAIN = 5  # pixels
# Pictures, limits chosen on about 250 of nuclei, breasts, fetuses and chests: how much of the variance is left in the
# mean over a sixth of the shorter side (organs; nuclei are many and small), where the median lies in the range of
# values (ground or organ), and the coefficient of variation of grains within what is not the darkest quarter.
COARSE, DARK_GROUND, BRIGHT_GROUND = 6, 0.2, 0.4
FEW_COARSE, FEW_COARSE_STAINED = 0.3, 0.5
DARK_PICTURE, GRAINY = 0.4, 0.05


class Kind(NamedTuple):
    """modality: 'CT', 'MR', 'PT', 'US', 'DX' or 'SM' (microscopy); reason: why, for the user.

    detail: of CT 'lung', 'noisy' or ''; of microscopy 'bright' or 'dark', as the objects are; '' of others.
    """

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
        picture = _picture(values.squeeze(), low)
        if picture is not None:
            return picture
        return Kind("DX", "", "a single 2D image without Hounsfield units looks like a radiograph")
    if low >= 0 and min(spacing[-2:]) >= PET_SPACING_MM and _has_hot_spots(values):
        return Kind("PT", "", f"large voxels ({min(spacing[-2:]):.2g} mm) with few hot spots look like PET")
    return Kind("MR", "", "values without Hounsfield units look like MR; its weighting cannot be told from them")


def _ct(values: np.ndarray, spacing: tuple[float, ...], low: float, high: float) -> Kind:
    looks = f"values from {low:.0f} to {high:.0f} look like Hounsfield units"
    lung = _lung_share(values, spacing)
    tissue = (values > -200) & (values < 200)
    noise = fine_noise_sd(np.clip(values, -200, 200), spacing, tissue) if tissue.any() else 0.0
    if noise > NOISY_HU:
        return Kind("CT", "noisy", f"{looks}, with noise of {noise:.0f} HU")
    if lung > MUCH_LUNG:
        return Kind("CT", "lung", f"{looks}, with {100 * lung:.0f} ml of lung to 100 ml of tissue")
    return Kind("CT", "", looks)


def _lung_share(values: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Volume of what is as airy as lung and has tissue around it, in its slice, by that of tissue."""
    slices = values.reshape(-1, *values.shape[-2:])
    steps = [
        max(1, min(round(RING_MM / side), n // 48)) for side, n in zip(spacing[-2:], slices.shape[1:], strict=True)
    ]
    some = slices[:: max(1, len(slices) // SLICES)]
    coarse = ndimage.uniform_filter(some, (1, *steps))[:, :: steps[0], :: steps[1]]
    tissue = coarse > TISSUE_ABOVE_HU
    airy = (coarse > LUNG_HU[0]) & (coarse < LUNG_HU[1])
    airy = ndimage.minimum_filter(airy, (1, 3, 3))  # not the blurred edges of the body
    in_slice = np.zeros((3, 3, 3), bool)
    in_slice[1] = True
    pieces, count = ndimage.label(airy, in_slice)
    if not count or not tissue.any():
        return 0.0
    far = max(airy.shape[1:])
    distance, nearest = ndimage.distance_transform_edt(~airy, (far, 1, 1), return_indices=True)
    ring = (distance >= RING[0]) & (distance <= RING[1])
    around = pieces[tuple(nearest)][ring]
    numbers = np.bincount(around, minlength=count + 1)
    share = np.bincount(around, tissue[ring], count + 1) / np.maximum(numbers, 1)
    return float(np.count_nonzero((pieces > 0) & (share > MOST_TISSUE)[pieces])) / np.count_nonzero(tissue)


def _picture(values: np.ndarray, low: float) -> Kind | None:
    """Whether a picture (y, x) looks like microscopy or ultrasound; None when not."""
    darkest, quarter, median, brightest = (float(x) for x in np.percentile(values, (1, 25, 50, 99.5)))
    variance = float(values.var())
    if values.ndim < 2 or min(values.shape) < 2 * COARSE or not brightest > darkest or not variance > 0:
        return None
    ground = (median - darkest) / (brightest - darkest)
    coarse = float(ndimage.uniform_filter(values, min(values.shape) // COARSE).var()) / variance
    if ground < DARK_GROUND and coarse < FEW_COARSE:
        return Kind("SM", "bright", "many small bright things on a dark ground look like fluorescence microscopy")
    if ground > BRIGHT_GROUND and coarse < FEW_COARSE_STAINED:
        return Kind("SM", "dark", "many small dark things on a bright ground look like microscopy of a stain")
    grains = _variation(values - low)[values > quarter]
    if ground < DARK_PICTURE and grains.size and float(np.median(grains)) > GRAINY:
        return Kind("US", "", "a dark picture that is grainy all over looks like ultrasound")
    return None


def _variation(values: np.ndarray) -> np.ndarray:
    """Coefficient of variation around each pixel, of values that are 0 or more; 0 where all are 0."""
    size = [GRAIN if n > GRAIN and axis >= values.ndim - 2 else 1 for axis, n in enumerate(values.shape)]
    mean = ndimage.uniform_filter(values, size)
    variance = np.maximum(ndimage.uniform_filter(values**2, size) - mean**2, 0)
    return np.divide(np.sqrt(variance), mean, out=np.zeros_like(mean), where=mean > 0)


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
    inside = ndimage.minimum_filter(values, size) > 0
    if inside.sum() < GRAIN**2 or inside.mean() < FAN_SHARE:
        return False
    # the fan is the same in all slices, a head in the black of 8-bit MR is not
    slices = values.reshape(-1, *values.shape[-2:])
    outer, middle = (slices[len(slices) // part] == 0 for part in (8, 2))
    if np.mean(outer != middle) > FAN_CHANGE:
        return False
    return float(np.median(_variation(values)[inside])) > SPECKLE_VARIATION
