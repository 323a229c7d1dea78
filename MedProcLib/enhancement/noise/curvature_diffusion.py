"""Edge-preserving smoothing by curvature diffusion."""

import itertools
from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .diffusion import diffused, diffusion_margin, neighbors, smallest_edge, time_steps


@operation(
    "enhancement.curvature_diffusion",
    title="Smooth (curvature diffusion)",
    gives="image",
    source="Alvarez, Lions & Morel, Image selective smoothing and edge detection by nonlinear diffusion II, SIAM J. "
    "Numer. Anal. 29(3), 1992",
)
class CurvatureDiffusion(ImageFilter):
    """Smooth along contours of equal brightness, less where they are steep: noise and small detail go, edges stay.

    Mirrored at the image's border. The noise is measured once in the whole image.
    """

    scale_mm: Annotated[
        float, Range(0.1, 10, "mm"), "smooth as long as a Gaussian of this standard deviation takes to spread"
    ] = 1.0
    edge_sd: Annotated[
        float, Range(0.1, 100), "steepness per voxel, in noise standard deviations, that begins to be kept"
    ] = 3.0
    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0

    def margin(self, grid):
        return diffusion_margin(grid, self.scale_mm)

    def learn(self, values, region, grid, progress=SILENT):
        """The steepness that begins to be kept; 0 for a constant image."""
        return smallest_edge(values, region, grid, self.noise, self.edge_sd)

    def apply(self, values, region, place, learned, progress=SILENT):
        if learned == 0:
            return values
        length, count = time_steps(place.whole, self.scale_mm)
        return diffused(
            values, place.wanted, count, lambda block: _step(block, place.spacing, length, learned), progress
        )


def _step(block: np.ndarray, spacing: tuple[float, ...], length: float, steep: float) -> np.ndarray:
    """One step of dI/dt = c |grad I| div(grad I / |grad I|) by central differences, c = exp(-(steepness / steep)²)."""
    center = block[(slice(1, -1),) * block.ndim]
    axes = range(block.ndim)
    # all derivatives are of values in units of the smallest edge: no squares overflow
    first, second = {}, {}
    for axis in axes:
        before, _, after = neighbors(block, axis)
        first[axis] = (after - before) * (0.5 / steep)
        second[axis] = (after + before - 2 * center) * (1 / steep)
    steepness = np.sum([f * f for f in first.values()], axis=0)
    squares = {axis: first[axis] ** 2 / spacing[axis] ** 2 for axis in axes}
    total = np.sum(list(squares.values()), axis=0) + np.finfo(np.float32).tiny * 1e6
    change = np.zeros_like(center)
    for axis in axes:
        change += second[axis] * (total - squares[axis]) / spacing[axis] ** 2
    for a, b in itertools.combinations(axes, 2):
        change -= first[a] * first[b] * _mixed(block, a, b) * (2 / steep / (spacing[a] * spacing[b]) ** 2)
    change /= total
    change *= np.exp(-steepness)
    return center + change * (length * steep)


def _mixed(block: np.ndarray, a: int, b: int) -> np.ndarray:
    """Second derivative along two axes, in values per voxel²."""
    inner = [slice(1, -1)] * block.ndim
    total = np.zeros(1, block.dtype)
    for sign_a, sign_b in itertools.product((0, 2), (0, 2)):
        inner[a], inner[b] = (slice(s, block.shape[axis] - 2 + s) for s, axis in ((sign_a, a), (sign_b, b)))
        total = total + (1 if sign_a == sign_b else -1) * block[tuple(inner)]
    return total * np.float32(0.25)
