"""Spatial autocorrelation of the intensities of a region, exact for any size."""

import math

import numpy as np
from scipy import fft

# Points of the transforms above which they are in single precision: it is good to 1e-4, and takes half the memory.
LARGE = 30_000_000


def moran_and_geary(values: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Moran's I (IBSI N365) and Geary's C (NPT7) of the voxels inside a mask, each pair weighted by 1 / distance.

    values, mask: (z, y, x), as small as the region allows; spacing: x, y, z in mm. NaN of fewer than two voxels or of
    equal ones. Sums over all pairs are correlations, taken by Fourier transforms: exact but for rounding, in
    n log n steps. Source: Moran, Biometrika 37, 1950; Geary, Inc Statistician 5(3), 1954.
    """
    inside = np.asarray(mask, bool)
    count = int(np.count_nonzero(inside))
    if count < 2:
        return math.nan, math.nan
    chosen = values[inside].astype(np.float64)
    deviations = chosen - chosen.mean()
    scale = float(np.abs(deviations).max())
    if not scale > 0 or not np.ptp(chosen) > 0:
        return math.nan, math.nan
    deviations /= scale
    shape = [fft.next_fast_len(2 * n - 1, real=True) for n in inside.shape]
    precision = np.float64 if math.prod(shape) <= LARGE else np.float32
    weights = _inverse_distances(shape, inside.shape, spacing).astype(precision, copy=False)
    weights = np.ascontiguousarray(fft.rfftn(weights).real)
    plain = _transformed(inside, deviations, shape, precision)
    products = _pair_sum(weights, plain, plain, shape)
    del plain  # these arrays are eight times the size of the region's box
    ones = _transformed(inside, np.ones(count), shape, precision)
    total = _pair_sum(weights, ones, ones, shape)
    squares = _pair_sum(weights, _transformed(inside, deviations**2, shape, precision), ones, shape)
    variance_sum = float(deviations @ deviations)
    moran = count / total * products / variance_sum
    geary = (count - 1) / (2 * total) * (2 * squares - 2 * products) / variance_sum
    return moran, geary


def _inverse_distances(shape: list[int], sizes: tuple[int, ...], spacing: tuple[float, float, float]) -> np.ndarray:
    """1 / distance of every offset within the box, negative ones at the end, as circular correlation wants them."""
    squared = np.zeros(1)
    for n, size, side in zip(shape, sizes, reversed(spacing), strict=True):
        offsets = np.zeros(n)
        offsets[:size] = np.arange(size) * side
        offsets[n - size + 1 :] = np.arange(size - 1, 0, -1) * side
        squared = np.add.outer(squared, offsets**2)
    squared = squared[0]
    # no voxel is paired with itself, and none with what pads the box
    squared[squared == 0] = np.inf
    return np.power(squared, -0.5, out=squared)


def _transformed(inside: np.ndarray, values: np.ndarray, shape: list[int], precision: type) -> np.ndarray:
    array: np.ndarray = np.zeros(inside.shape, precision)
    array[inside] = values
    return fft.rfftn(array, shape)


def _pair_sum(weights: np.ndarray, first: np.ndarray, second: np.ndarray, shape: list[int]) -> float:
    """Sum over all pairs of voxels of weight times first times second (Parseval)."""
    rows = weights * (first.real * second.real + first.imag * second.imag)
    # the transform of real values leaves out the frequencies that are mirror images of others
    mirrored = slice(1, -1) if shape[-1] % 2 == 0 else slice(1, None)
    return float(rows.sum(dtype=np.float64) + rows[..., mirrored].sum(dtype=np.float64)) / math.prod(shape)
