"""Strength of the speckle in an ultrasound image, and the windows its filters look through."""

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.statistics import mode_and_sd

# Side in voxels of the windows of which the most frequent one is taken: that lies in homogeneous tissue.
WINDOW = 5
# More voxels than this make the estimate no better: slices are left out.
ENOUGH_VOXELS = 4_000_000
# of the mean: what is darker is no tissue
BRIGHT = 0.5


def speckle_cv(values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray) -> float:
    """Coefficient of variation (standard deviation / mean) of fully developed speckle; 0 when there is none.

    The mode of the local one (Aja-Fernandez & Alberola-Lopez, IEEE TIP 15(9), 2006) over windows brighter than half
    the region's mean, in the plane of the two finest axes. It is 1 / sqrt(number of looks) for an intensity image.
    Raises InputError for images whose mean is not positive: speckle is proportional to the signal.
    """
    mean = float(values.mean(where=region, dtype=float))
    if not mean > 0:
        raise InputError("Speckle is proportional to the signal, but the mean of this image is not positive: shift it.")
    axes = [int(axis) for axis in np.argsort(spacing_zyx, kind="stable") if values.shape[axis] >= WINDOW][:2]
    if not axes:
        return 0.0
    every = max(1, values.size // ENOUGH_VOXELS)
    chosen = tuple(slice(None) if axis in axes else slice(None, None, every) for axis in range(values.ndim))
    window = [WINDOW if axis in axes else 1 for axis in range(values.ndim)]
    local_mean, variance = local_mean_and_variance(values[chosen] / mean, window, 1.0)
    homogeneous = ndimage.minimum_filter(region[chosen], window) & (local_mean > BRIGHT)
    if not homogeneous.any():
        return 0.0
    cv = mode_and_sd(np.sqrt(variance[homogeneous]) / local_mean[homogeneous])[0]
    return cv if cv > 1e-6 else 0.0


def local_mean_and_variance(values: np.ndarray, window: list[int], level: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (unbiased) in a box of these sides around each voxel.

    level: a typical value, subtracted before squaring so that nothing is lost to rounding.
    """
    count = max(2, int(np.prod(window)))
    values = values - values.dtype.type(level)
    mean = ndimage.uniform_filter(values, window, mode="reflect")
    np.square(values, out=values)
    variance = ndimage.uniform_filter(values, window, mode="reflect")
    variance -= mean**2
    np.maximum(variance, 0, out=variance)
    variance *= count / (count - 1)
    mean += level
    return mean, variance


def window_radii(radius_mm: float, spacing: tuple[float, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The radius in voxels per axis: at least 1 in the two finest axes, 0 along an axis of one voxel."""
    finest = [axis for axis in np.argsort(spacing, kind="stable") if shape[axis] > 1][:2]
    return tuple(
        0 if n == 1 else max(int(axis in finest), int(radius_mm / s + 1e-6))
        for axis, (s, n) in enumerate(zip(spacing, shape, strict=True))
    )
