"""Richardson-Lucy deconvolution."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.image_filter import MOST_THREADS, ImageFilter
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .wiener import blur_sd

# the Gaussian is cut off here, in standard deviations
TRUNCATE = 3.0
# Voxels updated at a time, their margin not counted.
CHUNK_VOXELS = 2_000_000
# of the image's range above its base: keeps quotients finite
FLOOR = 1e-6


@dataclass(frozen=True)
class _Learned:
    base: float
    floor: float
    noise: float


@operation(
    "enhancement.richardson_lucy",
    title="Sharpen (Richardson-Lucy deconvolution)",
    gives="image",
    source="Richardson, JOSA 62(1), 1972; Lucy, AJ 79, 1974; damping: White, ASP Conf. Ser. 61, 1994",
)
class RichardsonLucy(ImageFilter):
    """Undo a Gaussian blur step by step, without ever falling below the lowest value of the image.

    Differences below the noise are not amplified (damping). It recovers activity that blur spreads out of small
    objects (PET, SPECT), and overshoots by some percent inside sharp edges. Each step looks twice the width of the blur
    farther, so it is computed on the whole image.
    """

    fwhm_mm: Annotated[
        float,
        Range(0, 50, "mm"),
        "full width at half maximum of the blur; 0: one and a half times the smallest voxel side",
    ] = 0.0
    iterations: Annotated[int, Range(1, 100, "iterations"), "steps: more restore more, and more noise"] = 10
    damping: Annotated[float, Range(0, 10, "SD"), "differences below so many noise standard deviations fade"] = 2.0
    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0

    why_global = "Each iteration reaches two blur widths farther, soon over the whole image"

    def margin(self, grid):
        return None

    def learn(self, values, region, grid, progress=SILENT):
        low, high = float(values.min()), float(values.max())
        base = min(low, 0.0)
        noise = self.noise or fine_noise_sd(values, tuple(reversed(grid.spacing)), region)
        return _Learned(base, FLOOR * (high - base), noise)

    def apply(self, values, region, place, learned, progress=SILENT):
        if not learned.floor > 0:
            return values
        values -= learned.base
        estimate = np.maximum(values, learned.floor)
        blur = _Blur(blur_sd(self.fwhm_mm, place.whole), place.spacing, values.shape)
        for share in progress.parts(*[1.0] * self.iterations):
            share(0.0)
            _update(estimate, values, blur, learned.floor, self.damping * learned.noise, share)
        np.add(estimate, learned.base, out=values)
        return values


class _Blur:
    """Separable Gaussian, mirrored at the border, of an array or of a part of it along its first axis."""

    def __init__(self, sd_mm: float, spacing: tuple[float, ...], shape: tuple[int, ...]) -> None:
        self._sd = [sd_mm / s if n > 1 else 0.0 for s, n in zip(spacing, shape, strict=True)]
        self._radii = [int(np.ceil(TRUNCATE * sd)) if sd > 0 else 0 for sd in self._sd]
        self.reach = self._radii[0]

    def __call__(self, values: np.ndarray, kept: slice) -> np.ndarray:
        """Part of the values along the first axis, blurred in their memory; lines are shared out among threads."""
        with ThreadPoolExecutor(_threads()) as workers:
            for axis, (sd, radius) in enumerate(zip(self._sd, self._radii, strict=True)):
                if radius:
                    parts = np.array_split(values, _threads(), axis=1 if axis == 0 else 0)
                    list(workers.map(partial(_blur_lines, axis=axis, sd=sd, radius=radius), parts))
                if axis == 0:
                    values = values[kept]
        return values


def _threads() -> int:
    return min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads())


def _blur_lines(part: np.ndarray, axis: int, sd: float, radius: int) -> None:
    if part.size:
        ndimage.gaussian_filter1d(part, sd, axis, output=part, mode="reflect", radius=radius)


def _update(estimate, data, blur, floor, damped, progress):
    """One step, in place: in parts along the first axis, so that only some slices are held twice."""
    length, reach = estimate.shape[0], blur.reach
    plane = max(1, int(np.prod(estimate.shape[1:])))
    thickness = max(CHUNK_VOXELS // plane, 4 * reach, 1)
    before = estimate[:0].copy()
    for start in range(0, length, thickness):
        progress.check()
        stop = min(start + thickness, length)
        end = min(stop + 2 * reach, length)
        first = start - before.shape[0]
        old = np.concatenate([before, estimate[start:end]])
        before = old[max(0, stop - 2 * reach - first) : stop - first].copy()
        # the correction of start..stop needs the quotient one reach, and that the estimate two reaches farther
        low, high = max(0, start - reach), min(stop + reach, length)
        blurred = blur(old, slice(low - first, high - first))
        quotient = _quotient(data[low:high], blurred, floor, damped)
        estimate[start:stop] *= blur(quotient, slice(start - low, stop - low))


def _quotient(data: np.ndarray, blurred: np.ndarray, floor: float, damped: float) -> np.ndarray:
    """Data over blurred estimate, in place of the latter; nearer to 1 where they differ by less than `damped`."""
    difference = data - blurred
    np.maximum(blurred, floor, out=blurred)
    if damped > 0:
        weight = np.abs(difference)
        weight /= damped
        np.minimum(weight, 1, out=weight)
        difference *= weight
        difference *= weight
    np.divide(difference, blurred, out=blurred)
    blurred += 1
    return np.maximum(blurred, 0, out=blurred)
