"""Speckle-reducing anisotropic diffusion."""

import math
from typing import Annotated

import numpy as np

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .speckle_level import speckle_cv

# An explicit step is stable up to 1; this share of it.
STABLE_SHARE = 0.8
# Each iteration looks two voxels farther: more would make previews slow.
MOST_ITERATIONS = 40
# Per unit of time (of squared voxel sides): speckle gets weaker as it is smoothed (Yu & Acton, section IV).
SPECKLE_DECAY = 1 / 6
# of the mean: darker voxels count as this bright where differences are divided by the signal
FLOOR = 1e-2


@operation(
    "enhancement.speckle_diffusion",
    title="Reduce speckle (diffusion)",
    gives="image",
    source="Yu & Acton, Speckle reducing anisotropic diffusion, IEEE TIP 11(11), 2002",
)
class SpeckleDiffusion(ImageFilter):
    """Let intensities flow between neighbors, freely where they differ as speckle does and not across edges.

    An edge is where the local coefficient of variation exceeds that of the speckle, measured once in the whole image.
    """

    scale_mm: Annotated[float, Range(0.05, 10, "mm"), "standard deviation of the smoothing in homogeneous tissue"] = 0.6
    speckle_cv: Annotated[float, Range(0, 2), "SD of the speckle / mean, 1 / sqrt(looks); 0 to measure it"] = 0.0

    parallel = True

    def margin(self, grid):
        count = _steps(grid, self.scale_mm)[1]
        return tuple(2 * count if n > 1 else 0 for n in reversed(grid.size))

    def learn(self, values, region, grid, progress=SILENT):
        cv = self.speckle_cv or speckle_cv(values, tuple(reversed(grid.spacing)), region)
        return cv, FLOOR * float(values.mean(where=region, dtype=float))

    def apply(self, values, region, place, learned, progress=SILENT):
        cv, floor = learned
        if not cv > 0:
            return values
        step, count = _steps(place.whole, self.scale_mm)
        axes = [axis for axis in range(values.ndim) if place.whole.size[::-1][axis] > 1]
        finest = min((place.spacing[axis] for axis in axes), default=1.0)
        weights = {axis: (finest / place.spacing[axis]) ** 2 for axis in axes}
        for number in range(count):
            progress(number / count)
            now = cv * math.exp(-SPECKLE_DECAY * number * step)
            # of the margin, only what the remaining steps look at
            around = tuple(
                slice(max(0, w.start - 2 * (count - number)), w.stop + 2 * (count - number)) for w in place.wanted
            )
            _diffuse(values[around], weights, step, now, floor)
        return values


def _steps(grid: Geometry, scale_mm: float) -> tuple[float, int]:
    """Length of a step, in squares of the finest voxel side, and number of steps."""
    sides = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1]
    if not sides:
        return 0.0, 0
    finest = min(sides)
    longest = STABLE_SHARE / (2 * sum((finest / s) ** 2 for s in sides))
    time = (scale_mm / finest) ** 2 / 2
    count = math.ceil(time / longest - 1e-9)
    return (time / count, count) if count <= MOST_ITERATIONS else (longest, MOST_ITERATIONS)


def _diffuse(values: np.ndarray, weights: dict[int, float], step: float, cv: float, floor: float) -> None:
    """One explicit step, in place. weights: 1 / squared spacing per axis, 1 for the finest."""
    signal = np.maximum(values, floor)
    gradient = np.zeros_like(values)
    laplacian = np.zeros_like(values)
    for axis, weight in weights.items():
        difference = _difference(values, axis)
        before, after = _sides(laplacian, axis)
        before += weight * difference
        after -= weight * difference
        difference *= difference
        difference *= weight
        before, after = _sides(gradient, axis)
        before += difference
        after += difference
    sides = 2 * sum(weights.values())
    gradient /= signal
    gradient /= signal
    laplacian /= signal
    laplacian /= sides
    # squared local coefficient of variation; in 2D the factors are 1/2 and 1/16, as published
    variation = gradient
    variation *= 2 / sides
    variation -= laplacian**2
    laplacian += 1
    np.maximum(laplacian, 1e-3, out=laplacian)
    variation /= laplacian**2
    flow = variation
    flow -= cv**2
    flow /= cv**2 * (1 + cv**2)
    np.maximum(flow, 0, out=flow)
    flow += 1
    np.reciprocal(flow, out=flow)
    change = np.zeros_like(values)
    for axis, weight in weights.items():
        difference = _difference(values, axis)
        # as published, the coefficient between two voxels is that of the second
        difference *= _sides(flow, axis)[1]
        difference *= step * weight
        before, after = _sides(change, axis)
        before += difference
        after -= difference
    values += change


def _difference(values: np.ndarray, axis: int) -> np.ndarray:
    before, after = _sides(values, axis)
    return after - before


def _sides(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """All but the last and all but the first along an axis."""
    moved = np.moveaxis(values, axis, 0)
    return moved[:-1], moved[1:]
