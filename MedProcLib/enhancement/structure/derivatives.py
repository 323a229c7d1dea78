"""Gaussian derivatives of an image in mm, computed where they are wanted only."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.image_filter import MOST_THREADS, Box
from ...core.progress import SILENT, Progress

# the Gaussian is cut off where it has fallen to exp(-8) of its peak
TRUNCATE = 4.0
# Voxels that are worked on at a time: a dozen arrays of them are small beside an image.
BLOCK_VOXELS = 500_000
# Below this many voxels the Gaussian is nothing but its center, and derivatives are differences of neighbors.
LEAST_SD_VOXELS = 0.2
# A box of fewer voxels is not worth threads.
LEAST_BLOCK_VOXELS = 20_000
# Results along an axis that are computed in one product of matrices, and the multiplications of one product: OpenBLAS
# computes larger ones in threads.
BAND = 16
SMALL_PRODUCT = 250_000


def derivative_margin(grid: Geometry, sd_mm: float) -> tuple[int, ...]:
    """Voxels (z, y, x) around a voxel that its derivatives depend on."""
    return tuple(0 if n == 1 else _radius(sd_mm / s) for s, n in zip(grid.spacing[::-1], grid.size[::-1], strict=True))


def derivatives(
    values: np.ndarray, orders: Sequence[tuple[int, ...]], sd_mm: float, spacing: Sequence[float], wanted: Box
) -> list[np.ndarray]:
    """Partial derivatives of the values smoothed by a Gaussian, in the box `wanted`: one array for each of `orders`.

    orders: how often (0, 1, 2) to derive along each axis; spacing: mm; both in the order of the array's axes. Units:
    intensity / mm ** order. Along an axis of one voxel derivatives are 0. The values are mirrored at the border.
    """
    values, wanted = _near_second(values, sd_mm, spacing, wanted)
    present = [o for o in orders if all(n > 1 or k == 0 for n, k in zip(values.shape, o, strict=True))]
    found = dict(_along(values, 0, sorted(set(present)), sd_mm, spacing, wanted))
    shape = [s.stop - s.start for s in wanted]
    return [found[o] if o in found else np.zeros(shape, values.dtype) for o in orders]


def _near_second(values: np.ndarray, sd_mm: float, spacing: Sequence[float], wanted: Box) -> tuple[np.ndarray, Box]:
    """The values cropped along the second axis to what the box depends on, and the box in them."""
    if values.ndim < 3:
        return values, wanted
    radius, (_, part, _) = _radius(sd_mm / spacing[1]), wanted
    low, high = max(0, part.start - radius), min(values.shape[1], part.stop + radius)
    return values[:, low:high], (wanted[0], slice(part.start - low, part.stop - low), *wanted[2:])


def smoothed(values: np.ndarray, sd_mm: float, spacing: Sequence[float], wanted: Box) -> np.ndarray:
    """The values smoothed by a Gaussian, in the box `wanted`."""
    return derivatives(values, [(0,) * values.ndim], sd_mm, spacing, wanted)[0]


def in_blocks(work: Callable[[Box], Any], wanted: Box, progress: Progress = SILENT) -> list[Any]:
    """What `work` returns for each of the blocks that the box is cut into, computed side by side, in order.

    The blocks are small beside an image, and at least one for each thread where the box is not tiny.
    """
    threads = min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads())
    parts = _blocks(wanted, threads)
    done = iter(range(1, len(parts) + 1))

    def one(part: Box) -> Any:
        progress.check()
        made = work(part)
        progress(next(done) / len(parts))
        return made

    if threads == 1 or len(parts) == 1:
        return [one(part) for part in parts]
    with ThreadPoolExecutor(threads) as workers:
        futures = [workers.submit(one, part) for part in parts]
        try:
            return [future.result() for future in futures]
        finally:
            workers.shutdown(wait=True, cancel_futures=True)


def _blocks(wanted: Box, threads: int) -> list[Box]:
    counts = [s.stop - s.start for s in wanted]
    plane = max(1, int(np.prod(counts[1:])))
    parts = _cut(wanted[0], max(1, -(-counts[0] * plane // BLOCK_VOXELS)))
    if len(parts) >= threads or counts[0] * plane < LEAST_BLOCK_VOXELS:
        return [(part, *wanted[1:]) for part in parts]
    if counts[0] >= 4 * counts[1]:
        return [(part, *wanted[1:]) for part in _cut(wanted[0], threads)]
    return [(part, strip, *wanted[2:]) for part in parts for strip in _cut(wanted[1], threads)]


def _cut(part: slice, count: int) -> list[slice]:
    edges = np.linspace(part.start, part.stop, min(count, part.stop - part.start) + 1).round().astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def kernel(order: int, sd_voxels: float) -> np.ndarray:
    """Weights (of a correlation) of a Gaussian derivative of order 0, 1 or 2, in voxels.

    Sampled Gaussian times the Hermite polynomial that is orthogonal on the samples, scaled to be exact for polynomials
    of its order: for a Gaussian smaller than the voxel these are the central differences.
    """
    sd_voxels = max(sd_voxels, LEAST_SD_VOXELS)
    radius = _radius(sd_voxels)
    x = np.arange(-radius, radius + 1, dtype=float)
    weights = np.exp(-(x**2) / (2 * sd_voxels**2))
    weights /= weights.sum()
    second, fourth = (weights * x**2).sum(), (weights * x**4).sum()
    if order == 0:
        return weights
    return weights * x / second if order == 1 else 2 * weights * (x**2 - second) / (fourth - second**2)


def _radius(sd_voxels: float) -> int:
    return max(1, int(TRUNCATE * sd_voxels + 0.5))


def _along(
    values: np.ndarray, axis: int, orders: list[tuple[int, ...]], sd_mm: float, spacing: Sequence[float], wanted: Box
) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """The axes from `axis` on derived: each combination of orders along them, and the result."""
    if axis == values.ndim or not orders:
        yield from (((), values) for _ in orders[:1])
        return
    here = sorted({o[0] for o in orders})
    if values.shape[axis] == 1:
        made = values[np.newaxis]
    else:
        kernels = [kernel(order, sd_mm / spacing[axis]) / spacing[axis] ** order for order in here]
        made = _correlated(values, axis, kernels, wanted[axis])
    for order, result in zip(here, made, strict=True):
        rest = [o[1:] for o in orders if o[0] == order]
        for key, derived in _along(result, axis + 1, rest, sd_mm, spacing, wanted):
            yield (order, *key), derived


def _correlated(values: np.ndarray, axis: int, kernels: list[np.ndarray], part: slice) -> np.ndarray:
    """The part of the correlations with each of some kernels of one size along an axis, mirrored at its ends.

    As products with banded matrices, all kernels in one: two to six times as fast as scipy's correlate1d, and small
    enough that the library of linear algebra leaves them in one thread, for there are threads around this already.
    """
    length, count = values.shape[axis], part.stop - part.start
    flat = values.reshape(int(np.prod(values.shape[:axis])), length, -1)
    before, _, after = flat.shape
    made = np.empty((len(kernels), before, count, after), values.dtype)
    weights_of: dict[tuple[int, int, int], np.ndarray] = {}  # far from the ends they repeat
    for start in range(part.start, part.stop, BAND):
        stop = min(start + BAND, part.stop)
        key, first = _reach(len(kernels[0]) // 2, start, stop, length)
        if key not in weights_of:
            weights_of[key] = _band(kernels, start, stop, length, first).astype(values.dtype)
        weights = weights_of[key]
        near = flat[:, first : first + weights.shape[1]]
        step = max(16, SMALL_PRODUCT // weights.size)
        target = made[:, :, start - part.start : stop - part.start]
        if after == 1:
            for row in range(0, before, step):
                product = near[row : row + step, :, 0] @ weights.T
                target[:, row : row + step, :, 0] = np.swapaxes(product.reshape(-1, len(kernels), stop - start), 0, 1)
            continue
        for row in range(before):
            for column in range(0, after, step):
                product = weights @ near[row, :, column : column + step]
                target[:, row, :, column : column + step] = product.reshape(len(kernels), stop - start, -1)
    return made.reshape(len(kernels), *values.shape[:axis], count, *values.shape[axis + 1 :])


def _reach(radius: int, start: int, stop: int, length: int) -> tuple[tuple[int, int, int], int]:
    """What the matrix of a band depends on, and the first sample that the results from start to stop need."""
    if start < radius or stop + radius > length:
        return (start, stop, length), int(_taps(radius, start, stop, length).min())
    return (0, stop - start, 0), start - radius


def _taps(radius: int, start: int, stop: int, length: int) -> np.ndarray:
    """The samples that each result depends on, mirrored at the ends."""
    taps = np.mod(np.arange(start, stop)[:, np.newaxis] + np.arange(-radius, radius + 1), 2 * length)
    return np.where(taps < length, taps, 2 * length - 1 - taps)


def _band(kernels: list[np.ndarray], start: int, stop: int, length: int, first: int) -> np.ndarray:
    """The matrix from the samples, from the first one that is needed on, to the results from start to stop."""
    taps = _taps(len(kernels[0]) // 2, start, stop, length)
    matrix = np.zeros((len(kernels), stop - start, int(taps.max()) + 1 - first))
    rows = np.broadcast_to(np.arange(stop - start)[:, np.newaxis], taps.shape)
    for weights, part in zip(kernels, matrix, strict=True):
        np.add.at(part, (rows, taps - first), np.broadcast_to(weights, taps.shape))
    return matrix.reshape(len(kernels) * (stop - start), -1)
