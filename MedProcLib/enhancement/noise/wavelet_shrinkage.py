"""Denoising by shrinkage of undecimated wavelet coefficients."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import mode_and_sd
from ...core.voxels import foreground

# Smoothing from one level to the next: the linear B-spline, whose undecimated transform needs the smallest margins.
KERNEL = (0.25, 0.5, 0.25)
# More levels would need margins of more than 15 voxels.
MOST_LEVELS = 4
# The hard threshold in noise standard deviations, at strength 1.
HARD = 3.0
# Windows (in voxels of the two finest axes) in which the signal's variance is measured for the adaptive threshold.
WINDOW_RADIUS = 2
# The noise of each level is measured on no more voxels than this ...
ENOUGH_VOXELS = 4_000_000
# ... in blocks of this many slices (and the margin), spread over the image ...
BLOCKS = 6
# ... in windows of this side, and not above this many times what white noise would have there.
NOISE_WINDOW = 7
MOST_CORRELATED = 1.5
# The noise is measured in the foreground if so many windows fit into it.
FEWEST_WINDOWS = 500

Steps = tuple[tuple[int, ...], ...]  # per level, the distance of the kernel's taps in voxels per axis; 0: not smoothed


@operation(
    "enhancement.wavelet_shrinkage",
    title="Denoise (wavelets)",
    gives="image",
    source="Undecimated (a trous) transform: Starck & Murtagh, PASP 106, 1994; SURE threshold: Donoho & Johnstone, "
    "JASA 90, 1995; adaptive: Chang, Yu & Vetterli, IEEE TIP 9(9), 2000; Mihcak et al., IEEE SPL 6(12), 1999",
)
class WaveletShrinkage(ImageFilter):
    """Split the image into details of growing size (wavelets) and shrink those that are no larger than noise.

    Adaptive shrinks each detail by the share of noise in its surroundings; soft takes one threshold per size, the one
    with the least estimated error; hard keeps details above 3 noise standard deviations as they are.
    """

    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of white noise; 0 to measure it"] = 0.0
    method: Annotated[Literal["adaptive", "soft", "hard"], "how details are shrunk"] = "adaptive"
    strength: Annotated[float, Range(0.1, 5), "multiplies the noise level (hard: the threshold)"] = 1.0
    coarsest_mm: Annotated[float, Range(0.2, 50, "mm"), "size of the largest details that are shrunk"] = 4.0

    parallel = True
    learning_share = 0.4

    def margin(self, grid):
        steps = level_steps(grid, self.coarsest_mm)
        window = _window(grid) if self.method == "adaptive" else (0,) * grid.dimension
        return tuple(int(sum(s)) + w for s, w in zip(zip(*steps, strict=True), window, strict=True))

    def learn(self, values, region, grid, progress=SILENT):
        """Per level, the noise SD (adaptive) or the threshold (soft, hard)."""
        steps = level_steps(grid, self.coarsest_mm)
        gains = noise_gains(steps)
        if not self.noise:
            region = _signal(values, region, _noise_window(grid))
        noise = self.noise or fine_noise_sd(values, tuple(reversed(grid.spacing)), region)
        expected = [noise * gain for gain in gains]
        if self.noise and self.method != "soft":
            found = expected
        else:
            found = _measured(values, region, grid, steps, expected, self.method, bool(self.noise), progress)
        factor = self.strength * (HARD if self.method == "hard" else 1.0)
        return tuple(factor * f for f in found)

    def apply(self, values, region, place, learned, progress=SILENT):
        window = [2 * w + 1 for w in _window(place.whole)]
        smooth = values
        result = np.zeros_like(values)
        for step, level in zip(level_steps(place.whole, self.coarsest_mm), learned, strict=True):
            progress.check()
            coarser = smoothed(smooth, step)
            detail = smooth
            detail -= coarser
            result += _shrunk(detail, level, self.method, window)
            smooth = coarser
        result += smooth
        return result


def level_steps(grid: Geometry, coarsest_mm: float) -> Steps:
    """Per level, how far apart the kernel's taps are along each axis (z, y, x), in voxels.

    Level j smooths at 2^j times the finest spacing in mm; an axis with thicker voxels joins in where that reaches them.
    There is at least one level, and levels are added while their details are not larger than this size.
    """
    spacing = np.array(grid.spacing[::-1])
    used = np.array(grid.size[::-1]) > 1
    finest = float(spacing[used].min()) if used.any() else 1.0
    steps = []
    for level in range(MOST_LEVELS):
        side = finest * 2**level
        if level and 2 * side > coarsest_mm * (1 + 1e-6):
            break
        voxels = np.where(used, np.round(side / spacing).astype(int), 0)
        steps.append(tuple(int(v) for v in voxels))
    return tuple(steps)


def smoothed(values: np.ndarray, step: Sequence[int]) -> np.ndarray:
    """The next coarser level; mirrored at the border. A new array."""
    result = values
    for axis, distance in enumerate(step):
        if distance:
            taps = np.zeros(2 * distance + 1)
            taps[[0, distance, -1]] = KERNEL
            result = _three_taps(result, axis, distance)
    return result if result is not values else values.copy()


def _three_taps(values: np.ndarray, axis: int, distance: int) -> np.ndarray:
    """Convolution with [1, 2, 1] / 4 at this distance, with the border voxel mirrored too."""
    length = values.shape[axis]
    moved = np.moveaxis(values, axis, 0)
    result = 0.5 * moved
    quarter = 0.25 * moved
    if distance < length:
        result[distance:] += quarter[:-distance]
        result[:-distance] += quarter[distance:]
    for index in range(min(distance, length)):
        result[index] += quarter[_mirrored(index - distance, length)]
        result[length - 1 - index] += quarter[_mirrored(length - 1 - index + distance, length)]
    return np.moveaxis(result, 0, axis)


def _mirrored(index: int, length: int) -> int:
    index %= 2 * length
    return index if index < length else 2 * length - 1 - index


def noise_gains(steps: Steps) -> list[float]:
    """Standard deviation of the details of each level for white noise of standard deviation 1 (exact, no border)."""
    reach = [2 * sum(s) + 1 for s in zip(*steps, strict=True)]
    smooth = np.zeros(reach)
    smooth[tuple(n // 2 for n in reach)] = 1.0
    gains = []
    for step in steps:
        coarser = smooth
        for axis, distance in enumerate(step):
            if distance:
                taps = np.zeros(2 * distance + 1)
                taps[[0, distance, -1]] = KERNEL
                coarser = ndimage.convolve1d(coarser, taps, axis, mode="constant")
        gains.append(float(np.sqrt(np.sum((smooth - coarser) ** 2))))
        smooth = coarser
    return gains


def _shrunk(detail: np.ndarray, level: float, method: str, window: list[int]) -> np.ndarray:
    if not level > 0:
        return detail
    if method == "hard":
        detail[np.abs(detail) < level] = 0
    elif method == "soft":
        detail -= np.clip(detail, -level, level)
    else:
        energy = ndimage.uniform_filter(detail**2, window, mode="reflect")
        signal = energy - level**2
        np.maximum(signal, 0, out=signal)
        # zero where there is no energy, where the detail is zero as well
        detail *= np.divide(signal, energy, out=signal, where=energy > 0)
    return detail


def _window(grid: Geometry) -> tuple[int, ...]:
    """Radius in voxels of the window of the adaptive threshold: in the plane of the two finest axes (x, y first)."""
    axes = [axis for axis in range(grid.dimension) if grid.size[axis] > 1]
    finest = sorted(axes, key=lambda axis: grid.spacing[axis])[:2]
    return tuple(WINDOW_RADIUS if axis in finest else 0 for axis in reversed(range(grid.dimension)))


def _measured(
    values: np.ndarray,
    region: np.ndarray,
    grid: Geometry,
    steps: Steps,
    expected: list[float],
    method: str,
    known: bool,
    progress: Any,
) -> list[float]:
    """Per level, the noise measured, or for soft shrinkage the threshold of least estimated risk."""
    margin = int(sum(step[0] for step in steps))
    details: list[list[np.ndarray]] = [[] for _ in steps]
    levels: list[list[np.ndarray]] = [[] for _ in steps]
    window = _noise_window(grid)
    for block in _blocks(values.shape, margin):
        progress.check()
        smooth, where = values[block], region[block]
        inner = _inner(block[0], margin, values.shape[0])
        whole = ndimage.minimum_filter(where, window)
        whole = whole if whole[inner].any() else where
        for number, step in enumerate(steps):
            coarser = smoothed(smooth, step)
            detail = smooth - coarser
            energy = ndimage.uniform_filter(detail**2, window)[inner]
            levels[number].append(np.sqrt(np.maximum(energy[whole[inner]], 0)))
            details[number].append(detail[inner][where[inner]])
            smooth = coarser
    found = []
    for detail_parts, level_parts, white in zip(details, levels, expected, strict=True):
        noise = white
        if not known:
            parts = np.concatenate(level_parts)
            noise = min(mode_and_sd(parts)[0], MOST_CORRELATED * white) if parts.size else 0.0
        found.append(noise * sure_threshold(np.concatenate(detail_parts), noise) if method == "soft" else noise)
    return found


def sure_threshold(details: np.ndarray, noise: float) -> float:
    """Soft threshold, in units of the noise's standard deviation, with the least unbiased estimate of the risk."""
    if not noise > 0 or details.size == 0:
        return 0.0
    thresholds = np.linspace(0, 4, 81)
    scaled = np.abs(details) / noise
    edges = np.append(thresholds, np.inf)
    count, _ = np.histogram(scaled, edges)
    energy, _ = np.histogram(scaled, edges, weights=scaled.astype(np.float64) ** 2)
    below, energy_below = np.cumsum(count) - count, np.cumsum(energy) - energy
    above = scaled.size - below
    # E|error|^2 / noise^2 = n - 2 #(|d| <= t) + sum min(|d|, t)^2
    risk = scaled.size - 2 * below + energy_below + above * thresholds**2
    return float(thresholds[np.argmin(risk)])


def _noise_window(grid: Geometry) -> list[int]:
    return [NOISE_WINDOW if w else 1 for w in _window(grid)]


def _signal(values: np.ndarray, region: np.ndarray, window: list[int]) -> np.ndarray:
    """Where the noise is measured: that of the background is not that of tissue in MR, and none where it was cut out.

    Everywhere when hardly any window fits into what is bright.
    """
    every = max(1, values.size // ENOUGH_VOXELS)
    some, where = values[::every], region[::every]
    if not where.any() or not np.ptp(some[where]) > 0:
        return region
    bright = foreground(some, where)
    if np.count_nonzero(ndimage.minimum_filter(bright, window)) < FEWEST_WINDOWS:
        return region
    return region & (values >= some[bright].min())


def _blocks(shape: tuple[int, ...], margin: int) -> list[tuple[slice, ...]]:
    """Parts of the image along its first axis: all of it, or some with their margin spread evenly."""
    length = shape[0]
    if int(np.prod(shape)) <= ENOUGH_VOXELS or length < 2 * BLOCKS:
        return [(slice(0, length),)]
    plane = int(np.prod(shape[1:]))
    thickness = max(1, ENOUGH_VOXELS // plane // BLOCKS)
    starts = np.unique(np.linspace(0, length - thickness, BLOCKS).round().astype(int))
    return [(slice(max(0, int(s) - margin), min(length, int(s) + thickness + margin)),) for s in starts]


def _inner(block: slice, margin: int, length: int) -> slice:
    """The part of a block that is not margin."""
    start = margin if block.start > 0 else 0
    stop = block.stop - block.start - (margin if block.stop < length else 0)
    return slice(start, max(stop, start + 1))
