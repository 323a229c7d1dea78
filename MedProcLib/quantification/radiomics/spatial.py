"""Spatial autocorrelation of the intensities of a region, exact for any size."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import fft

# Points of a transform that are held at a time, beyond which frequencies along x are taken in turns, and most turns.
AT_ONCE, MOST_TURNS = 1 << 18, 41
# Points that are transformed along y and z at a time.
COLUMNS_AT_ONCE = 1 << 16

Values = Callable[[int, int], np.ndarray]


def moran_and_geary(values: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Moran's I (IBSI N365) and Geary's C (NPT7) of the voxels inside a mask, each pair weighted by 1 / distance.

    values: of the voxels inside, in the mask's order (n,); mask: bool (z, y, x), as small as the region allows;
    spacing: x, y, z in mm. NaN of fewer than two voxels or of equal ones. Sums over all pairs are correlations, taken
    by Fourier transforms: exact but for rounding, in n log n steps. Source: Moran, Biometrika 37, 1950; Geary, Inc
    Statistician 5(3), 1954.
    """
    count = values.size
    if count < 2 or not np.ptp(values) > 0:
        return math.nan, math.nan
    mean = float(values.mean())
    scale = max(float(values.max()) - mean, mean - float(values.min()))
    if not scale > 0:
        return math.nan, math.nan

    def deviations(first: int, last: int) -> np.ndarray:
        return (values[first:last] - mean) / scale

    products, squares, total = _pair_sums(mask, deviations, spacing)
    starts = range(0, count, AT_ONCE)
    variance_sum = sum(float(part @ part) for part in (deviations(first, first + AT_ONCE) for first in starts))
    moran = count / total * products / variance_sum
    geary = (count - 1) / (2 * total) * (2 * squares - 2 * products) / variance_sum
    return moran, geary


def _pair_sums(inside: np.ndarray, values: Values, spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """Weighted sums over all pairs of voxels: of the products of their values, of the first one's square, and of 1.

    values: of the voxels inside from a first to a last one. Sums are of the transforms (Parseval), of which every n-th
    frequency along x is held at a time, and some columns of these are transformed along y and z.
    """
    length = inside.shape[2]
    depth, height = (fft.next_fast_len(2 * n - 1, real=True) for n in inside.shape[:2])
    turns = min(MOST_TURNS, 2 * (inside.size // AT_ONCE) + 1, length // 2 * 2 + 1)
    width = turns * fft.next_fast_len(-(-(2 * length - 1) // turns), real=True)
    columns = max(1, COLUMNS_AT_ONCE // (depth * height))
    # of real values the frequencies of the last turns are the mirror images of those of the first ones
    found = sum(
        _sums_at(_Frequencies(turn, turns, width), inside, values, spacing, (depth, height), columns)
        for turn in range(turns // 2 + 1)
    )
    products, squared, total = (found / (depth * height * width)).tolist()
    return products, squared, total


def _sums_at(
    frequencies: "_Frequencies",
    inside: np.ndarray,
    values: Values,
    spacing: tuple[float, float, float],
    padded: tuple[int, int],
    columns: int,
) -> np.ndarray:
    """The sums (3,) of the transforms at some frequencies along x; padded: their size along z and y."""
    depth, height = padded
    weights = frequencies.of(_weights(inside.shape, spacing), inside.shape).real.copy()

    def lines(power: int) -> np.ndarray:
        return frequencies.of(_planes(inside, values, power), inside.shape)

    def summed(*factors: np.ndarray) -> np.ndarray:
        """Of the products of each with the last one."""
        found = np.zeros(len(factors))
        for start in range(0, weights.shape[2], columns):
            part = np.s_[..., start : start + columns]
            weight = (
                fft.fft(fft.fft(weights[part], height, axis=1).real, depth, axis=0).real * frequencies.counted[part]
            )
            last = None
            for number, each in reversed(list(enumerate(factors))):
                transformed = fft.fft(fft.fft(each[part], height, axis=1), depth, axis=0)
                last = transformed if last is None else last
                found[number] += sum(
                    np.einsum("zyx,zyx,zyx->", weight, a, b)
                    for a, b in ((transformed.real, last.real), (transformed.imag, last.imag))
                )
        return found

    # of the three transforms no more than two are held at a time
    return np.concatenate([summed(lines(1)), summed(lines(2), lines(0))])


def _planes(inside: np.ndarray, values: Values, power: int) -> Iterator[np.ndarray]:
    """Slices with the values to a power at the voxels inside, 0 elsewhere."""
    first = 0
    for mask in inside:
        last = first + int(np.count_nonzero(mask))
        filled = np.zeros(mask.shape)
        filled[mask] = values(first, last) ** power
        first = last
        yield filled


def _weights(sizes: tuple[int, ...], spacing: tuple[float, float, float]) -> Iterator[np.ndarray]:
    """Slices of 1 / distance, of offsets from 0 up along z, y and x.

    Twice that along each axis where there is a negative offset too: the real part of its transform is that of both.
    """
    x, y, z = spacing
    for number in range(sizes[0]):
        squared = np.add.outer((np.arange(sizes[1]) * y) ** 2 + (number * z) ** 2, (np.arange(sizes[2]) * x) ** 2)
        if number == 0:
            squared[0, 0] = np.inf  # no voxel is paired with itself
        plane = squared**-0.5
        plane[:, 1:] *= 2
        plane[1:] *= 2
        yield 2 * plane if number else plane


class _Frequencies:
    """Transform along x, padded to a width, at each n-th frequency from a first one on (turn of turns).

    Folding a line into as many parts as there are turns leaves a short transform (decimation in frequency). counted:
    how many frequencies of the whole each stands for, as the mirror images of real values' are left out.
    """

    def __init__(self, turn: int, turns: int, width: int) -> None:
        self._length = width // turns
        self._real = turn == 0
        angle = -2j * math.pi * turn
        self._roots = np.exp(angle / turns * np.arange(turns))
        self._shifts = np.exp(angle / width * np.arange(self._length))
        self.counted = np.full(self._length // 2 + 1 if self._real else self._length, 2.0)
        if self._real:
            self.counted[0] = 1
            if self._length % 2 == 0:
                self.counted[-1] = 1

    def of(self, planes: Iterator[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        """Transforms (z, y, frequency) of the lines of slices; shape: theirs together."""
        made = np.empty((*shape[:2], len(self.counted)), complex)
        folds = -(-shape[2] // self._length)
        for plane, result in zip(planes, made, strict=True):
            padded = np.pad(plane, ((0, 0), (0, folds * self._length - shape[2])))
            parts = padded.reshape(shape[1], folds, self._length)
            if self._real:
                result[...] = fft.rfft(parts.sum(axis=1))
            else:
                folded = sum(root * part for root, part in zip(self._roots, parts.swapaxes(0, 1), strict=False))
                result[...] = fft.fft(folded * self._shifts)
        return made
