"""Spatial autocorrelation of the intensities of a region, exact for any size."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import fft

from ..bit_mask import BitMask
from .statistics import mean_of

# Points (z, y, frequency) of a transform along x that are held at a time.
AT_ONCE = 1 << 16
# Points that are transformed along z at a time.
COLUMNS_AT_ONCE = 1 << 13

Values = Callable[[int, int], np.ndarray]


def moran_and_geary(values: np.ndarray, mask: BitMask, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Moran's I (IBSI N365) and Geary's C (NPT7) of the voxels inside a mask, each pair weighted by 1 / distance.

    values: of the voxels inside, in the mask's order (n,); mask: as small as the region allows;
    spacing: x, y, z in mm. NaN of fewer than two voxels or of equal ones. Sums over all pairs are correlations, taken
    by Fourier transforms: exact but for rounding. Source: Moran, Biometrika 37, 1950; Geary, Inc Statistician 5(3),
    1954.
    """
    count = values.size
    if count < 2 or not np.ptp(values) > 0:
        return math.nan, math.nan
    mean = mean_of(values)
    scale = max(float(values.max()) - mean, mean - float(values.min()))
    if not scale > 0:
        return math.nan, math.nan

    def deviations(first: int, last: int) -> np.ndarray:
        return (values[first:last].astype(np.float64) - mean) / scale

    products, squares, total = _pair_sums(mask, deviations, spacing)
    starts = range(0, count, AT_ONCE)
    variance_sum = sum(float(part @ part) for part in (deviations(first, first + AT_ONCE) for first in starts))
    moran = count / total * products / variance_sum
    geary = (count - 1) / (2 * total) * (2 * squares - 2 * products) / variance_sum
    return moran, geary


def _pair_sums(inside: BitMask, values: Values, spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """Weighted sums over all pairs of voxels: of the products of their values, of the first one's square, and of 1.

    values: of the voxels inside from a first to a last one. Sums are of the transforms (Parseval), of which a few
    frequencies along x are held at a time: these come of products with a matrix, and each is transformed along y and z.
    """
    depth, height, length = inside.shape
    padded = fft.next_fast_len(2 * depth - 1), 2 * fft.next_fast_len(height)
    width = 2 * length - 1
    at_once = max(1, AT_ONCE // (depth * height))
    found = np.zeros(3)
    for first in range(0, length, at_once):
        frequencies = np.arange(first, min(first + at_once, length))
        count = len(frequencies)
        # whole turns are left out before the angle is taken, which keeps it exact for long lines
        angles = 2 * math.pi / width * (np.outer(np.arange(length), frequencies) % width)
        waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
        weights = np.empty((count, depth, height))
        for z, plane in enumerate(_weights(inside.shape, spacing, waves[:, :count])):
            weights[:, z] = plane.T
        lines = np.empty((3, count, depth, height), complex)
        for z, planes in enumerate(_planes(inside, values)):
            along = (planes @ waves).transpose(0, 2, 1)
            lines.real[:, :, z], lines.imag[:, :, z] = along[:, :count], along[:, count:]
        del plane, planes, along  # memory for what comes
        for number, frequency in enumerate(frequencies.tolist()):
            # the mirror image of each frequency but 0 is left out
            found += (2 if frequency else 1) * _sums_at(lines[:, number], weights[number], padded)
        del lines, weights
    products, squares, total = (found / (math.prod(padded) * width)).tolist()
    return products, squares, total


def _sums_at(lines: np.ndarray, weights: np.ndarray, padded: tuple[int, ...]) -> np.ndarray:
    """The sums (3,) at a frequency along x; lines (3, z, y), weights (z, y): transformed along x; padded: z and y.

    Padded to twice the length of y, the even frequencies along it are those of the lines as they are, the odd ones
    those of the lines turned by half a frequency: of each the arrays are half as large.
    """
    depth, half = padded[0], padded[1] // 2
    columns = max(1, COLUMNS_AT_ONCE // depth)
    found = np.zeros(3)
    for turned in (0.0, 0.5):
        turn = np.exp(-2j * math.pi * turned / half * np.arange(weights.shape[1]))
        along = fft.fft(lines * turn, half, axis=2, overwrite_x=True)
        weights_along = fft.fft(weights * turn, half, axis=1, overwrite_x=True).real
        for start in range(0, half, columns):
            part = np.s_[..., start : start + columns]
            weight = fft.fft(weights_along[part], depth, axis=0).real
            ones, firsts, squares = fft.fft(along[part], depth, axis=1)
            for number, (one, other) in enumerate(((firsts, firsts), (squares, ones), (ones, ones))):
                found[number] += sum(
                    np.einsum("zy,zy,zy->", weight, a, b) for a, b in ((one.real, other.real), (one.imag, other.imag))
                )
        del along, weights_along, part, weight, ones, firsts, squares, one, other  # memory for what comes
    return found


def _planes(inside: BitMask, values: Values) -> Iterator[np.ndarray]:
    """Slices of 1, of the value and of its square at the voxels inside, 0 elsewhere (3, y, x); each takes the place of
    the one before."""
    first = 0
    planes = np.empty((3, *inside.shape[1:]))
    for mask in inside:
        last = first + int(np.count_nonzero(mask))
        planes[0] = mask
        planes[1] = 0
        planes[1][mask] = values(first, last)
        np.square(planes[1], out=planes[2])
        first = last
        yield planes


def _weights(sizes: tuple[int, ...], spacing: tuple[float, float, float], waves: np.ndarray) -> Iterator[np.ndarray]:
    """Slices of 1 / distance, of offsets from 0 up along z and y, with waves along x (x, n): (y, n).

    Twice that along each axis where there is a negative offset too: the real part of its transform is that of both.
    """
    x, y, z = spacing
    along_x, along_y = ((np.arange(n) * side) ** 2 for n, side in ((sizes[2], x), (sizes[1], y)))
    twice = [np.where(np.arange(n) > 0, 2.0, 1.0)[:, np.newaxis] for n in sizes]
    waves = twice[2] * waves
    for number in range(sizes[0]):
        plane = np.add.outer(along_y + (number * z) ** 2, along_x)
        if number == 0:
            plane[0, 0] = np.inf  # no voxel is paired with itself
        np.sqrt(plane, out=plane)
        yield (np.divide(1.0, plane, out=plane) @ waves) * twice[1] * twice[0][number]
