"""Noise level of an image."""

import numpy as np

from .statistics import MAD_TO_SD


def noise_sd(values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray) -> float:
    """Standard deviation of the noise in the region, in the image's intensities; 0 when nothing can be measured.

    Immerkaer's operator (the difference of two Laplacians, CVIU 64(2), 1996), which is blind to planes and to
    straight edges along the axes, in the plane of the two finest axes; robust (MAD) against structure.
    """
    axes = [axis for axis in np.argsort(spacing_zyx, kind="stable") if values.shape[axis] >= 3][:2]
    if not axes:
        return 0.0
    response, where = values, region
    for axis in axes:
        before, middle, after = (_part(response, axis, k) for k in range(3))
        response = before - 2 * middle + after
        where = _part(where, axis, 1)
    residuals = response[where]
    # the operator [1, -2, 1] multiplies the variance of white noise by 6 for each axis
    return MAD_TO_SD * float(np.median(np.abs(residuals))) / 6 ** (len(axes) / 2) if residuals.size else 0.0


def _part(array: np.ndarray, axis: int, first: int) -> np.ndarray:
    """All but two samples along an axis, from this one on."""
    return np.moveaxis(np.moveaxis(array, axis, 0)[first : first + array.shape[axis] - 2], 0, axis)
