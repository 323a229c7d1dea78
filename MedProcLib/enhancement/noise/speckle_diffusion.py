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

    learns_from = ("speckle_cv",)

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
    inverse = np.maximum(values, floor)
    np.reciprocal(inverse, out=inverse)
    gradient, laplacian = np.zeros_like(values), np.zeros_like(values)
    flows = {}
    for axis, weight in weights.items():
        before, after = _sides(values, axis)
        difference = after - before
        flows[axis] = flow = difference * difference.dtype.type(weight) if weight != 1 else difference.copy("K")
        before, after = _sides(laplacian, axis)
        before += flow
        after -= flow
        difference *= flow
        before, after = _sides(gradient, axis)
        before += difference
        after += difference
    sides = 2 * sum(weights.values())
    laplacian *= inverse
    laplacian /= sides
    inverse *= inverse
    inverse *= 2 / sides
    # squared local coefficient of variation q2; in 2D the factors are 1/2 and 1/16, as published
    q2 = gradient
    q2 *= inverse
    np.multiply(laplacian, laplacian, out=inverse)
    q2 -= inverse
    laplacian += 1
    np.maximum(laplacian, 1e-3, out=laplacian)
    q2 /= laplacian
    q2 /= laplacian
    # 1 / (1 + (q2 - cv2) / (cv2 (1 + cv2))), at most 1
    conductance = q2
    conductance += cv**4
    np.maximum(conductance, cv**2 + cv**4, out=conductance)
    np.divide((cv**2 + cv**4) * step, conductance, out=conductance)
    for axis, flow in flows.items():
        # as published, the coefficient between two voxels is that of the second
        flow *= _sides(conductance, axis)[1]
        before, after = _sides(values, axis)
        before += flow
        after -= flow


def _sides(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """All but the last and all but the first along an axis."""
    moved = np.moveaxis(values, axis, 0)
    return moved[:-1], moved[1:]
