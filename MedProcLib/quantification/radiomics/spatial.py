"""Spatial autocorrelation of the intensities of a region, exact for any size."""

import math

import numpy as np
from scipy import fft

# Points of the transforms above which they are in single precision: it is good to 1e-4, and takes half the memory.
LARGE = 30_000_000
# Points that are transformed along y and z at a time.
AT_ONCE = 1 << 20


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
    products, squares, total = _pair_sums(inside, deviations, spacing)
    variance_sum = float(deviations @ deviations)
    moran = count / total * products / variance_sum
    geary = (count - 1) / (2 * total) * (2 * squares - 2 * products) / variance_sum
    return moran, geary


def _pair_sums(
    inside: np.ndarray, values: np.ndarray, spacing: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Weighted sums over all pairs of voxels: of the products of their values, of the first one's square, and of 1.

    values: of the voxels inside, in their order. Only transforms along x are held whole, some columns of them are
    transformed along y and z at a time, and sums are of the transforms (Parseval).
    """
    depth, height, width = (fft.next_fast_len(2 * n - 1, real=True) for n in inside.shape)
    kind = np.float64 if depth * height * width <= LARGE else np.float32
    plain, ones, squares = (_along_x(inside, each, width, kind) for each in (values, np.ones(values.size), values**2))
    weights = _weights_along_x(inside.shape, spacing, width, kind)
    # the transform of real values leaves out the frequencies that are mirror images of others
    counted = np.full(weights.shape[2], 2.0)
    counted[0] = 1
    if width % 2 == 0:
        counted[-1] = 1
    found = np.zeros(3)
    at_once = max(1, AT_ONCE // (depth * height))
    for start in range(0, len(counted), at_once):
        part = np.s_[..., start : start + at_once]
        first, one, square = (fft.fft2(each[part], (depth, height), axes=(0, 1)) for each in (plain, ones, squares))
        weight = fft.fft2(_mirrored(weights[part], depth, height), axes=(0, 1)).real
        for number, (a, b) in enumerate(((first, first), (square, one), (one, one))):
            rows = weight * (a.real * b.real + a.imag * b.imag)
            found[number] += rows.sum(axis=(0, 1), dtype=np.float64) @ counted[part]
    products, squared, total = (found / (depth * height * width)).tolist()
    return products, squared, total


def _along_x(inside: np.ndarray, values: np.ndarray, width: int, kind: type) -> np.ndarray:
    """Transforms (z, y, kx) of the lines that hold the values of the voxels inside."""
    shape = (*inside.shape[:2], width // 2 + 1)
    made = np.empty(shape, np.complex128 if kind is np.float64 else np.complex64)
    first = 0
    for plane, mask in zip(made, inside, strict=True):
        filled: np.ndarray = np.zeros(mask.shape, kind)
        last = first + int(np.count_nonzero(mask))
        filled[mask] = values[first:last]
        plane[...] = fft.rfft(filled, width)
        first = last
    return made


def _weights_along_x(sizes: tuple[int, ...], spacing: tuple[float, float, float], width: int, kind: type) -> np.ndarray:
    """Transforms (z, y, kx) of 1 / distance, of offsets from 0 up along z and y; real, as it is symmetric along x."""
    x, y, z = spacing
    along = np.zeros(width)
    along[: sizes[2]] = np.arange(sizes[2]) * x
    along[width - sizes[2] + 1 :] = np.arange(sizes[2] - 1, 0, -1) * x
    made: np.ndarray = np.empty((*sizes[:2], width // 2 + 1), kind)
    for number, plane in enumerate(made):
        squared = np.add.outer((np.arange(sizes[1]) * y) ** 2 + (number * z) ** 2, along**2)
        squared[squared == 0] = np.inf  # no voxel is paired with itself
        plane[...] = fft.rfft(squared**-0.5).real
    return made


def _mirrored(weights: np.ndarray, depth: int, height: int) -> np.ndarray:
    """Negative offsets along z and y at the end, as circular correlation wants them."""
    planes, rows = weights.shape[:2]
    made: np.ndarray = np.zeros((depth, height, weights.shape[2]), weights.dtype)
    made[:planes, :rows] = weights
    made[:planes, height - rows + 1 :] = weights[:, :0:-1]
    made[depth - planes + 1 :] = made[planes - 1 : 0 : -1]
    return made
