"""Explicit steps of a diffusion, each computed only where what is wanted still depends on it."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.image_filter import MOST_THREADS, Box
from ...core.progress import SILENT, Progress
from .tissue_noise import tissue_noise

# Values of a part whose handful of arrays stays in a core's cache.
PART_VALUES = 60_000
# Beyond this many standard deviations of the linear diffusion a voxel's influence is rounding.
REACH = 5
# Share of the longest stable step that is taken.
CAUTION = 0.9

# New values inside, from values with a border of one voxel that mirrors where the image ends.
Step = Callable[[np.ndarray], np.ndarray]


def time_steps(grid: Geometry, scale_mm: float) -> tuple[float, int]:
    """Length (mm²) and number of equal steps that spread as a Gaussian of this SD does, each stable on these voxels."""
    longest = CAUTION / sum(
        2 / s**2 for n, s in zip(grid.size, grid.spacing, strict=True) if n > 1 or max(grid.size) < 2
    )
    time = scale_mm**2 / 2
    count = max(1, int(np.ceil(time / longest)))
    return time / count, count


def diffusion_margin(grid: Geometry, scale_mm: float) -> tuple[int, ...]:
    """How far (voxels, z, y, x) the steps look, or matter where that is less."""
    count = time_steps(grid, scale_mm)[1]
    axes = zip(reversed(grid.size), reversed(grid.spacing), strict=True)
    return tuple(0 if n == 1 else min(count, int(np.ceil(REACH * scale_mm / s))) for n, s in axes)


def smallest_edge(values: np.ndarray, region: np.ndarray, grid: Geometry, noise: float, edge_sd: float) -> float:
    """The step between neighbors that begins to be kept: in noise SDs, or in mean steps where there is no noise."""
    level = tissue_noise(values, region, grid, noise)
    if level == 0:
        steps = [np.abs(np.diff(values, axis=axis)).mean() for axis, n in enumerate(values.shape) if n > 1]
        level = float(np.mean(steps)) if steps else 0.0
    return edge_sd * level


def diffused(values: np.ndarray, wanted: Box, count: int, step: Step, progress: Progress = SILENT) -> np.ndarray:
    """The values after so many steps; right in the wanted box."""
    before = np.pad(values, 1, mode="edge")
    after = before.copy()
    with ThreadPoolExecutor(threads()) as workers:
        for number, box in enumerate(shrinking_boxes(wanted, values.shape, count)):
            progress(number / count, "Smoothing")

            def run(part: Box, before: np.ndarray = before, after: np.ndarray = after) -> None:
                progress.check()
                around = tuple(slice(s.start, s.stop + 2) for s in part)
                after[tuple(slice(s.start + 1, s.stop + 1) for s in part)] = step(before[around])

            for _ in workers.map(run, parts(box)):
                pass
            _mirror(after)
            before, after = after, before
    return before[(slice(1, -1),) * values.ndim]


def threads() -> int:
    return min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads())


def shrinking_boxes(wanted: Box, shape: tuple[int, ...], count: int) -> Iterator[Box]:
    """Of each of so many steps, the box on which what is wanted in the end depends; a step looks one voxel far."""
    for left in reversed(range(count)):
        yield tuple(slice(max(0, s.start - left), min(n, s.stop + left)) for s, n in zip(wanted, shape, strict=True))


def parts(box: Box) -> list[Box]:
    """The box cut in parts that stay in a core's cache: rows are kept long, as what is around a part is wasted."""
    lengths = [inside.stop - inside.start for inside in box]
    rows = max(1, PART_VALUES // lengths[-1])
    sides = [*[max(1, round(rows ** (1 / (len(box) - 1))))] * (len(box) - 1), PART_VALUES]
    if len(box) == 3:
        sides[0] = min(lengths[0], sides[0])
        sides[1] = max(1, rows // sides[0])
    ranges = [
        [slice(first, min(first + side, inside.stop)) for first in range(inside.start, inside.stop, side)]
        for inside, side in zip(box, sides, strict=True)
    ]
    return list(itertools.product(*ranges))


def neighbors(block: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The inner values one before, at and one after along an axis."""
    inner = [slice(1, -1)] * block.ndim
    found = []
    for shift in (slice(None, -2), slice(1, -1), slice(2, None)):
        inner[axis] = shift
        found.append(block[tuple(inner)])
    return found[0], found[1], found[2]


def _mirror(padded: np.ndarray) -> None:
    for axis in range(padded.ndim):
        moved = np.moveaxis(padded, axis, 0)
        moved[0], moved[-1] = moved[1], moved[-2]
