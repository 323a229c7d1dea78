"""Non-local means denoising in blocks that fit the processor's cache."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.noise import noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import filtered_image, foreground, inside, values_of

# Voxels of a block: its handful of float32 arrays stay in the cache of a core.
BLOCK = {2: (128, 128), 3: (16, 64, 64)}


@operation(
    "enhancement.non_local_means",
    title="Denoise (non-local means)",
    gives="image",
    source="Buades et al., CVPR 2005; Darbon et al., Fast nonlocal filtering, ISBI 2008; Rician: Wiest-Daesslé et al., "
    "MICCAI 2008",
)
class NonLocalMeans:
    """Replace each voxel by the mean of voxels around it, weighted by how alike their neighborhoods (patches) are.

    Noise goes and edges stay. Along an axis with voxels larger than the search radius (thick slices) nothing is mixed.
    """

    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0
    strength: Annotated[float, Range(0.05, 5), "decay of the weights, in noise standard deviations"] = 0.8
    search_radius_mm: Annotated[float, Range(0.5, 30, "mm"), "how far alike neighborhoods are looked for"] = 4.0
    patch_radius_mm: Annotated[float, Range(0.1, 10, "mm"), "size of the neighborhoods compared (at least 1 voxel)"] = (
        1.0
    )
    rician: Annotated[bool, "remove the bias that noise gives to dark voxels of MR magnitude images"] = False

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        spacing = tuple(reversed(image.GetSpacing()))
        noise = self.noise or noise_sd(values, spacing, _signal(values, region))
        if not noise > 0:
            return filtered_image(image, values, valid)
        search = _radii(self.search_radius_mm, spacing, values.shape, 0)
        patch = _radii(self.patch_radius_mm, spacing, values.shape, 1)
        patch = tuple(p if s else 0 for p, s in zip(patch, search, strict=True))
        scaled = (values / noise).astype(np.float32)
        weights = valid.astype(np.float32)
        result = _denoised(scaled, weights, region, search, patch, self.strength, self.rician, progress)
        return filtered_image(image, np.where(region, result.astype(values.dtype) * noise, values), valid)


def _signal(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Where the noise is measured: in MR the background's noise is not that of the tissue."""
    return foreground(values, region) if np.ptp(values[region]) > 0 else region


def _radii(radius_mm: float, spacing: tuple[float, ...], shape: tuple[int, ...], least: int) -> tuple[int, ...]:
    """The radius in voxels per axis, none along an axis of one voxel."""
    return tuple(0 if n == 1 else max(least, int(radius_mm / s + 1e-6)) for s, n in zip(spacing, shape, strict=True))


def _denoised(
    scaled: np.ndarray,
    weights: np.ndarray,
    region: np.ndarray,
    search: tuple[int, ...],
    patch: tuple[int, ...],
    strength: float,
    rician: bool,
    progress: Progress,
) -> np.ndarray:
    """The denoised image, for noise of SD 1. weights: 0 for voxels that must not contribute."""
    margin = [(s + p, s + p) for s, p in zip(search, patch, strict=True)]
    padded = np.pad(scaled, margin, mode="reflect" if _reflects(scaled.shape, margin) else "edge")
    padded_weights = None if weights.all() else np.pad(weights, margin)
    result = scaled.copy()
    blocks = [block for block in _blocks(scaled.shape) if region[block].any()]

    def run(block: tuple[slice, ...]) -> None:
        result[block] = _block(padded, padded_weights, block, search, patch, strength, rician, progress)

    # as many threads as the filters of SimpleITK use
    with ThreadPoolExecutor(sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()) as workers:
        futures = [workers.submit(run, block) for block in blocks]
        try:
            for number, future in enumerate(as_completed(futures), 1):
                future.result()
                progress(number / len(blocks), "Denoising")
        finally:
            workers.shutdown(wait=True, cancel_futures=True)
    return result


def _block(
    padded: np.ndarray,
    padded_weights: np.ndarray | None,
    block: tuple[slice, ...],
    search: tuple[int, ...],
    patch: tuple[int, ...],
    strength: float,
    rician: bool,
    progress: Progress,
) -> np.ndarray:
    """Non-local means of one block: the search offsets are the loop, all its voxels are done at once."""
    size = [part.stop - part.start for part in block]
    around = tuple(
        slice(part.start + s, part.stop + s + 2 * p) for part, s, p in zip(block, search, patch, strict=True)
    )
    center = padded[around]
    core = tuple(slice(p, p + n) for p, n in zip(patch, size, strict=True))
    in_patch = float(np.prod([2 * p + 1 for p in patch]))
    # E|patch difference|^2 is 2 for equal tissue with noise of SD 1: only what exceeds it tells patches apart
    scale, offset = -1.0 / (in_patch * strength**2), 2.0 / strength**2
    total = np.zeros(size, np.float32)
    mean = np.zeros(size, np.float32)
    for step in itertools.product(*[range(-s, s + 1) for s in search]):
        if not any(step):
            continue
        progress.check()
        other = tuple(slice(a.start + d, a.stop + d) for a, d in zip(around, step, strict=True))
        shifted = padded[other]
        difference = center - shifted
        difference *= difference
        weight = _box_sum(difference, patch)
        weight *= scale
        weight += offset
        np.minimum(weight, 0, out=weight)
        np.exp(weight, out=weight)
        if padded_weights is not None:
            weight *= padded_weights[other][core]
        total += weight
        weight *= shifted[core] ** 2 if rician else shifted[core]
        mean += weight
    # the voxel itself, whose patch differs from itself by nothing
    mean += center[core] ** 2 if rician else center[core]
    mean /= total + 1
    return np.sqrt(np.maximum(mean - 2, 0)) if rician else mean


def _box_sum(array: np.ndarray, radii: tuple[int, ...]) -> np.ndarray:
    """Sum over the box of these radii around each voxel whose box lies in the array."""
    for axis, radius in enumerate(radii):
        if radius:
            length = array.shape[axis] - 2 * radius
            moved = np.moveaxis(array, axis, 0)
            summed = moved[:length] + moved[1 : 1 + length]
            for k in range(2, 2 * radius + 1):
                summed += moved[k : k + length]
            array = np.moveaxis(summed, 0, axis)
    return array


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    sides = BLOCK[len(shape)]
    for corner in itertools.product(*[range(0, n, side) for n, side in zip(shape, sides, strict=True)]):
        yield tuple(slice(c, min(c + side, n)) for c, side, n in zip(corner, sides, shape, strict=True))


def _reflects(shape: tuple[int, ...], margin: list[tuple[int, int]]) -> bool:
    """Whether the image is large enough to be mirrored at its borders."""
    return all(n > m or m == 0 for n, (m, _) in zip(shape, margin, strict=True))
