"""Gaussian derivatives of an image in mm, computed where they are wanted only."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

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
# Multiplications of a product of matrices that is computed in one thread (OpenBLAS).
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
        made = [values]
    else:
        kernels = [kernel(order, sd_mm / spacing[axis]) / spacing[axis] ** order for order in here]
        made = _correlated(values, axis, kernels, wanted[axis])
    for order, result in zip(here, made, strict=True):
        rest = [o[1:] for o in orders if o[0] == order]
        for key, derived in _along(result, axis + 1, rest, sd_mm, spacing, wanted):
            yield (order, *key), derived


def _correlated(values: np.ndarray, axis: int, kernels: list[np.ndarray], part: slice) -> list[np.ndarray]:
    """The part of the correlations with each of some kernels of one size along an axis, mirrored at its ends."""
    radius = len(kernels[0]) // 2
    if axis == 0 and part.stop - part.start <= radius:
        return _planes(values, kernels, part)
    low, high = max(0, part.start - radius), min(values.shape[axis], part.stop + radius)
    near = values[(slice(None),) * axis + (slice(low, high),)]
    inner = (slice(None),) * axis + (slice(part.start - low, part.stop - low),)
    return [ndimage.correlate1d(near, weights, axis, mode="reflect")[inner] for weights in kernels]


def _planes(values: np.ndarray, kernels: list[np.ndarray], part: slice) -> list[np.ndarray]:
    """The same for a few planes of the first axis, all kernels in one product of matrices: much faster."""
    length, count = values.shape[0], part.stop - part.start
    radius = len(kernels[0]) // 2
    taps = np.mod(np.arange(part.start, part.stop)[:, np.newaxis] + np.arange(-radius, radius + 1), 2 * length)
    taps = np.where(taps < length, taps, 2 * length - 1 - taps)
    low, high = int(taps.min()), int(taps.max()) + 1
    matrix = np.zeros((len(kernels), count, high - low))
    rows = np.broadcast_to(np.arange(count)[:, np.newaxis], taps.shape)
    for weights, plane in zip(kernels, matrix, strict=True):
        np.add.at(plane, (rows, taps - low), np.broadcast_to(weights, taps.shape))
    flat = values[low:high].reshape(high - low, -1)
    product = np.empty((len(kernels) * count, flat.shape[1]), values.dtype)
    weights = matrix.reshape(len(product), -1).astype(values.dtype)
    # small products, which the library of linear algebra does not give to threads of its own beside those of in_blocks
    step = max(64, SMALL_PRODUCT // weights.size)
    for start in range(0, flat.shape[1], step):
        np.matmul(weights, flat[:, start : start + step], out=product[:, start : start + step])
    return list(product.reshape(len(kernels), count, *values.shape[1:]))
