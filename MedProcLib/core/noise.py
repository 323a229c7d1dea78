"""Noise level of an image."""

import math

import numpy as np
from scipy import ndimage

from .shared_noise import blur_of, mode_of_energy, visible
from .statistics import mode_and_sd
from .zero_filling import measured

# Scanners interpolate, so neighbors share their noise: voxels two apart are compared, whose noise then is nearly their
# own. Where neighbors show that it was blurred further (SD in voxels, from none to all), voxels three apart are, which
# tell noise from structure less well; what they still share follows from how neighbors differ.
FINE_LAG, LAG = 2, 3
BLURRED = (0.4, 0.6)
# Side in voxels of the windows of which the most frequent one is taken: that lies in homogeneous tissue.
WINDOW = 7
# Voxels amid so many equal ones (a side, in voxels) show no noise: they are saturated, cut off or filled in. Where a
# larger share of a region is so, it is left out, but for a region of which less than that share would be left.
EVEN, MUCH_EVEN = 5, 0.05
# More voxels than this make the estimate no better: slices are left out.
ENOUGH_VOXELS = 4_000_000
# The blur of the noise and what it makes of the most frequent energy follow from each other.
ROUNDS = 3


def noise_sd(values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray) -> float:
    """Standard deviation of the noise in the region, in the image's intensities; 0 when nothing can be measured.

    Immerkaer's operator (CVIU 64(2), 1996; blind to planes and to edges along the axes) in the plane of the two
    finest axes, and the mode of its local energy (Aja-Fernandez et al., IEEE TIP 17(8), 2008), to be robust against
    structure. Neighbors may share noise as a Gaussian blur of up to 1.5 voxels (SD) makes them, or as zeros in k-space
    do. Single estimates scatter by 1 % (SD) in 80,000 voxels of a region, 3 % in 6,000 and 10 % in 300, twice that
    where noise is shared.
    """
    axes = finest_axes(values.shape, spacing_zyx, LAG)
    chosen = some_slices(values.shape, axes)
    values, region = values[chosen], region[chosen]
    found = _shared_noise_sd(values, spacing_zyx, region)
    fewer = measured(values, region, axes)
    if fewer is None or not fewer[1].any():
        return found
    # what is fine detail there is smooth here, so neither is too small
    return min(found, fewer[-1] ** 0.5 * _shared_noise_sd(fewer[0], spacing_zyx, fewer[1]))


def _shared_noise_sd(values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray) -> float:
    """As `noise_sd`, where neighbors share noise as a Gaussian blur makes them."""
    if len(finest_axes(values.shape, spacing_zyx, LAG)) < len(finest_axes(values.shape, spacing_zyx, FINE_LAG)):
        return white_noise_sd(values, spacing_zyx, region)  # of a small region alone that can be told
    lags = (1, FINE_LAG, LAG)
    axes, largest, modes = _modes(values, spacing_zyx, region, lags)
    if not all(modes):
        return largest * modes[1]  # neighbors that do not differ tell nothing of what they share
    blur, found = 0.0, modes
    for _ in range(ROUNDS):
        found = [
            mode / mode_of_energy(axes, lag, WINDOW, round(blur, 2)) for mode, lag in zip(modes, lags, strict=True)
        ]
        blur = blur_of(LAG, (found[-1] / found[0]) ** (2 / axes))
    fine, coarse = (part / visible(lag, blur) ** (axes / 2) for part, lag in zip(found[1:], lags[1:], strict=True))
    return largest * float(np.interp(blur, BLURRED, (fine, coarse)))


def fine_noise_sd(values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray) -> float:
    """As `noise_sd`, of what voxels two apart do not share of the noise, which is what denoisers tell from detail.

    What operations do by this figure is tuned to it as it is: white noise reads 4 % low, as the mode of energies lies
    below their mean (`white_noise_sd` has that divided out), noise that was blurred by 0.7 voxels reads 0.8 of its
    deviation, by 1 voxel half of it.
    """
    _axes, largest, (mode,) = _modes(values, spacing_zyx, region, (FINE_LAG,))
    return largest * mode


def white_noise_sd(values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray) -> float:
    """As `fine_noise_sd`, without its bias in white noise."""
    axes, largest, (mode,) = _modes(values, spacing_zyx, region, (FINE_LAG,))
    return largest * mode / mode_of_energy(axes, FINE_LAG, WINDOW) if mode else 0.0


def finest_axes(shape: tuple[int, ...], spacing_zyx: tuple[float, ...], lag: int) -> list[int]:
    """The two finest axes of those that the operator fits into."""
    return [int(axis) for axis in np.argsort(spacing_zyx, kind="stable") if shape[axis] > 2 * lag][:2]


def some_slices(shape: tuple[int, ...], axes: list[int]) -> tuple[slice, ...]:
    """Which slices of an image, across these axes, are enough to tell its noise."""
    every = max(1, math.prod(shape) // ENOUGH_VOXELS)
    return tuple(slice(None) if axis in axes else slice(None, None, every) for axis in range(len(shape)))


def second_difference(values: np.ndarray, axes: list[int], lag: int) -> np.ndarray:
    """Mixed second difference along the axes of voxels so far apart, of those that have both.

    It multiplies the variance of white noise by 6 for each axis.
    """
    for axis in axes:
        before, middle, after = (_from(values, axis, k * lag, lag) for k in range(3))
        values = before - 2 * middle + after
    return values


def _modes(
    values: np.ndarray, spacing_zyx: tuple[float, ...], region: np.ndarray, lags: tuple[int, ...]
) -> tuple[int, float, list[float]]:
    """How many axes were compared along; the largest value; the noise over it, as differences of each lag show it."""
    axes = finest_axes(values.shape, spacing_zyx, lags[-1])
    largest = float(np.abs(values).max())
    if not axes or not largest > 0:
        return 0, 0.0, [0.0] * len(lags)
    chosen = some_slices(values.shape, axes)
    values, region = values[chosen] / largest, _noisy(values[chosen], region[chosen], axes, lags[-1])
    return len(axes), largest, [_mode(values, region, axes, lag) for lag in lags]


def _noisy(values: np.ndarray, region: np.ndarray, axes: list[int], lag: int) -> np.ndarray:
    """The region without windows that even voxels take part in, see EVEN."""
    much = MUCH_EVEN * np.count_nonzero(region)
    if np.count_nonzero(np.diff(values, axis=axes[0]) == 0) <= much:
        return region

    def around(reach: int) -> list[int]:
        return [2 * reach + 1 if axis in axes else 1 for axis in range(values.ndim)]

    side = around(EVEN // 2)
    even = ndimage.maximum_filter(values, side) == ndimage.minimum_filter(values, side)
    if np.count_nonzero(even & region) <= much:
        return region
    left = region & ~ndimage.maximum_filter(even, around(EVEN // 2 + lag + WINDOW // 2))
    return left if np.count_nonzero(left) > much else region


def _mode(values: np.ndarray, where: np.ndarray, axes: list[int], lag: int) -> float:
    """Most frequent root of the mean energy of a window."""
    response = second_difference(values, axes, lag)
    for axis in axes:
        where = _from(where, axis, lag, lag)
    window = [WINDOW if axis in axes else 1 for axis in range(values.ndim)]
    energy = ndimage.uniform_filter(response**2, window)
    whole = ndimage.minimum_filter(where, window)
    energy = energy[whole if whole.any() else where]
    return mode_and_sd(np.sqrt(np.maximum(energy, 0) / 6 ** len(axes)))[0] if energy.size else 0.0


def _from(array: np.ndarray, axis: int, first: int, lag: int) -> np.ndarray:
    """As many samples along an axis as the operator leaves, from this one on."""
    return np.moveaxis(np.moveaxis(array, axis, 0)[first : first + array.shape[axis] - 2 * lag], 0, axis)
