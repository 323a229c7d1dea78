"""Edge-preserving smoothing by curvature diffusion."""

import itertools
from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .diffusion import diffused, diffusion_margin, neighbors, smallest_edge, time_steps

# Added to the squared gradient, in smallest edges per mm: where it is flat there is no direction to smooth along.
LEAST_SQUARE = 1e-18


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

    farthest = 600
    learns_from = ("edge_sd", "noise")

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
    """One step of dI/dt = c |grad I| div(grad I / |grad I|) by central differences, c = exp(-(steepness / steep)²).

    |grad I| div(grad I / |grad I|) = sum over axes a of I_aa (1 - n_a²) - 2 sum over pairs of I_ab n_a n_b, n the unit
    vector along the gradient. Steepness is per voxel, so that thick slices do not count as flat.
    """
    # in units of the smallest edge no square overflows
    block = block * (1 / steep)
    center = block[(slice(1, -1),) * block.ndim]
    twice, weights = center * 2, [0.25 / s**2 for s in spacing]
    differences, squares, bends = [], [], []
    for axis in range(block.ndim):
        before, _, after = neighbors(block, axis)
        differences.append(after - before)
        squares.append(differences[axis] * differences[axis])
        bends.append(after + before)
        bends[axis] -= twice
    steepness = _sum_of(squares)
    for square, weight in zip(squares, weights, strict=True):
        square *= weight
    total = _sum_of(squares)
    total += LEAST_SQUARE
    change = np.zeros_like(center)
    for bend, square, weight in zip(bends, squares, weights, strict=True):
        bend *= total - square
        bend *= 4 * weight
        change += bend
    for a, b in itertools.combinations(range(block.ndim), 2):
        mixed = _mixed(block, a, b)
        mixed *= differences[a]
        mixed *= differences[b]
        mixed *= 2 * weights[a] * weights[b]
        change -= mixed
    change /= total
    steepness *= -0.25
    change *= np.exp(steepness, out=steepness)
    change *= length
    change += center
    # smoothing makes nothing brighter or darker than all around; central differences of steps of one voxel would
    np.clip(change, _of_neighborhood(np.minimum, block), _of_neighborhood(np.maximum, block), out=change)
    change *= steep
    return change


def _of_neighborhood(extreme: np.ufunc, block: np.ndarray) -> np.ndarray:
    """Smallest or largest value of each voxel inside and all its neighbors."""
    for axis in range(block.ndim):
        count = block.shape[axis]
        before, middle, after = (np.moveaxis(block, axis, 0)[shift : count - 2 + shift] for shift in range(3))
        block = np.moveaxis(extreme(extreme(before, middle), after), 0, axis)
    return block


def _sum_of(arrays: list[np.ndarray]) -> np.ndarray:
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return total


def _mixed(block: np.ndarray, a: int, b: int) -> np.ndarray:
    """Four times the second derivative along two axes, in values per voxel²."""
    inner = [slice(1, -1)] * block.ndim

    def shifted(along_a: int, along_b: int) -> np.ndarray:
        for axis, shift in ((a, along_a), (b, along_b)):
            inner[axis] = slice(1 + shift, block.shape[axis] - 1 + shift)
        return block[tuple(inner)]

    result = shifted(1, 1) - shifted(1, -1)
    result -= shifted(-1, 1)
    result += shifted(-1, -1)
    return result
