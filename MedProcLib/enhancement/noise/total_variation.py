"""Total variation denoising."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import numpy as np

from ...core.image_filter import Box, ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .diffusion import parts, shrinking_boxes, threads
from .tissue_noise import tissue_noise

# So many accelerated steps come within a tenth of the noise of what endless ones give, at the default strength. Each
# widens what a preview must compute by a voxel.
STEPS = 10
# Voxels this many times as long as the finest side are not coupled along their length.
THICK = 1.5


@operation(
    "enhancement.total_variation",
    title="Denoise (total variation)",
    gives="image",
    source="Rudin, Osher & Fatemi, Physica D 60, 1992; solved by Beck & Teboulle, IEEE TIP 18(11), 2009",
)
class TotalVariation(ImageFilter):
    """The image nearest to this one that varies less: noise and fine texture go, regions get flat, edges stay.

    Slices 1.5 times as thick as the finest side, or more, are denoised one by one.
    """

    strength: Annotated[
        float, Range(0.05, 2), "how far values may move to flatten a region, in noise standard deviations"
    ] = 0.5
    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0

    learns_from = ("noise",)

    def margin(self, grid):
        return tuple(STEPS + 1 if weight else 0 for weight in _weights(grid))

    def learn(self, values, region, grid, progress=SILENT):
        """The noise's SD; 0 when there is none to remove."""
        return tissue_noise(values, region, grid, self.noise)

    def apply(self, values, region, place, learned, progress=SILENT):
        if learned == 0:
            return values
        unit = self.strength * learned
        scaled = np.multiply(values, 1 / unit, dtype=values.dtype).astype(np.float32)
        smooth = least_variation(scaled, place.wanted, _weights(place.whole), STEPS, progress)
        values[place.wanted] = smooth.astype(values.dtype) * unit
        return values


def _weights(grid) -> list[float]:
    """How much a step between neighbors counts, per axis z, y, x."""
    axes = list(zip(reversed(grid.size), reversed(grid.spacing), strict=True))
    finest = min((s for n, s in axes if n > 1), default=1.0)
    return [0.0 if n == 1 or s >= THICK * finest else finest / s for n, s in axes]


def least_variation(
    values: np.ndarray, wanted: Box, weights: list[float], steps: int, progress: Progress = SILENT
) -> np.ndarray:
    """In the wanted box, the u that minimizes its total variation + |u - values|² / 2, after so many steps.

    values: float32. It is values + the divergence of a field p of vectors no longer than 1; the steps are on p.
    """
    axes = [axis for axis, weight in enumerate(weights) if weight]
    if not axes:
        return values[wanted]
    step = 1 / (4 * sum(weights[axis] ** 2 for axis in axes))
    image = np.pad(values, 1, mode="edge")
    # with a border of zeros: nothing flows out of the image
    before, after, last = (np.zeros((len(axes), *image.shape), np.float32) for _ in range(3))
    # the divergence looks at the voxel before
    needed = tuple(slice(max(0, s.start - 1), s.stop) for s in wanted)
    momentum = 1.0
    with ThreadPoolExecutor(threads()) as workers:
        for number, box in enumerate(shrinking_boxes(needed, values.shape, steps)):
            progress(number / steps, "Denoising")
            following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead, momentum = (momentum - 1) / following, following

            def run(part: Box, before=before, after=after, ahead=ahead) -> None:
                progress.check()
                around = tuple(slice(s.start, s.stop + 2) for s in part)
                target = (slice(None), *(slice(s.start + 1, s.stop + 1) for s in part))
                field = _ascended(image[around], before[(slice(None), *around)], axes, weights, step)
                for number, axis in enumerate(axes):
                    if part[axis].stop == values.shape[axis]:
                        field[number].swapaxes(0, axis)[-1] = 0
                after[target] = field + np.float32(ahead) * (field - last[target])
                last[target] = field

            for _ in workers.map(run, parts(box)):
                pass
            before, after = after, before
    result = values[wanted].copy()
    for number, axis in enumerate(axes):
        result += np.float32(weights[axis]) * _backward(last[number], axis)[wanted]
    return result


def _ascended(block: np.ndarray, field: np.ndarray, axes: list[int], weights: list[float], step: float) -> np.ndarray:
    """The field after a step, inside a block that has a border of one voxel; no vector longer than 1."""
    one_more = (slice(1, None),) * block.ndim
    image = block[one_more].copy()
    for number, axis in enumerate(axes):
        before = list(one_more)
        before[axis] = slice(None, -1)
        difference = field[number][one_more] - field[number][tuple(before)]
        difference *= np.float32(weights[axis])
        image += difference
    inner = (slice(None, -1),) * block.ndim
    result = field[(slice(None), *(slice(1, -1),) * block.ndim)].copy()
    norm = np.zeros_like(result[0])
    for number, axis in enumerate(axes):
        after = list(inner)
        after[axis] = slice(1, None)
        slope = image[tuple(after)] - image[inner]
        slope *= np.float32(step * weights[axis])
        result[number] += slope
        norm += np.multiply(result[number], result[number], out=slope)
    np.sqrt(norm, out=norm)
    np.clip(norm, 1, None, out=norm)
    result /= norm
    return result


def _backward(padded: np.ndarray, axis: int) -> np.ndarray:
    """Differences to the voxel before, without the padding."""
    inner = [slice(1, -1)] * padded.ndim
    before = inner.copy()
    before[axis] = slice(None, -2)
    return padded[tuple(inner)] - padded[tuple(before)]
