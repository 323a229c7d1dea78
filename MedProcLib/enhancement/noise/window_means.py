"""Weighted means in a search window around each voxel that is wanted of a slab: margins, orientation, threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_around, within
from ...core.image_filter import MOST_THREADS, Place
from ...core.progress import Progress
from .patch_means import Radii, SemiAxes, Weight, patch_means


def window_means(
    values: np.ndarray,
    region: np.ndarray,
    place: Place,
    search: tuple[float, ...],
    patch: tuple[int, ...],
    weight: Weight,
    noise: float,
    progress: Progress,
    rician: bool = False,
) -> np.ndarray:
    """The values with those that are wanted and in the region replaced by their patch means.

    search, patch: radii in voxels per axis of the values; noise: SD that the values are divided by before the weights
    are taken; rician: remove the bias of magnitude images.
    """
    box = _bounds(region, place.wanted)
    if box is None:
        return values
    margin = [int(s) + p for s, p in zip(search, patch, strict=True)]
    # shortest axis first: the planes of a slice of any orientation are its voxels, not its margin
    order = np.argsort([s.stop - s.start for s in box], kind="stable")
    cut = _with_margin(values, box, margin).transpose(order)
    cut = np.multiply(cut, 1 / noise, dtype=values.dtype).astype(np.float32)
    lift = 3 - cut.ndim
    semi_axes = (0.0,) * lift + tuple(search[axis] for axis in order)
    radii = (0,) * lift + tuple(patch[axis] for axis in order)
    means = _in_parts(cut.reshape((1,) * lift + cut.shape), semi_axes, radii, weight, progress, rician)
    means = means.reshape(means.shape[lift:]).transpose(np.argsort(order))
    values[box] = means.astype(values.dtype) * noise
    return values


def _in_parts(
    padded: np.ndarray, search: SemiAxes, patch: Radii, weight: Weight, progress: Progress, rician: bool
) -> np.ndarray:
    """The means for noise of SD 1, of parts side by side."""
    margin = [int(s) + p for s, p in zip(search, patch, strict=True)]
    size = [n - 2 * m for n, m in zip(padded.shape, margin, strict=True)]
    result = np.empty(size, np.float32)
    axis = 0 if size[0] >= size[1] else 1
    threads = min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(), size[axis])
    edges = np.linspace(0, size[axis], threads + 1).round().astype(int).tolist()

    def run(number: int, check: Callable[[float], None]) -> None:
        start, stop = edges[number], edges[number + 1]
        part = np.take(padded, range(start, stop + 2 * margin[axis]), axis)
        made = patch_means(part, search, patch, weight, check, rician)
        # E(magnitude²) is the true signal² + 2 SD²
        made = np.sqrt(np.maximum(made - 2, 0)) if rician else made
        result[(slice(None),) * axis + (slice(start, stop),)] = made

    with ThreadPoolExecutor(threads) as workers:
        # the first part speaks for all
        checks = [lambda done: progress(done, "Denoising"), *[lambda done: progress.check()] * (threads - 1)]
        for future in [workers.submit(run, number, check) for number, check in enumerate(checks)]:
            future.result()
    return result


def _bounds(region: np.ndarray, wanted: tuple[slice, ...]) -> tuple[slice, ...] | None:
    """The smallest box in the wanted one that holds its part of the region."""
    box = box_around(region[wanted])
    return None if box is None else within(wanted, box)


def _with_margin(values: np.ndarray, box: tuple[slice, ...], margin: list[int]) -> np.ndarray:
    """The box with this margin around it, mirrored where the values end."""
    around = tuple(
        slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margin, values.shape, strict=True)
    )
    missing = [(m - (b.start - a.start), m - (a.stop - b.stop)) for a, b, m in zip(around, box, margin, strict=True)]
    return np.pad(values[around], missing, mode="reflect")
