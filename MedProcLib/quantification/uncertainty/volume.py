"""How well a volume is known that was measured by counting voxels."""

import functools
import math
from typing import NamedTuple

import numpy as np

from ...core.boxes import box_of
from ..fitted import MODELS
from ..shape.crofton import area_and_hidden
from .caps import caps_of
from .interval import TWO_SIDED_95, Interval
from .planes import planes_of

# Terms of the lattice sum that are added up one by one, per axis with the finest steps; the rest is an integral.
TERMS = 12
# A body of so few layers across the coarsest side has parts that no voxel shows, in thick slices most of its surface.
FEW_LAYERS = 5
# Its area is at least so many times that of the ball of its volume, which is the least there is: in the mean of balls,
# ellipsoids, boxes and cylinders 1 to 2 times as long as wide it is 1.06 to 1.2 times, of lesions 1.1 to 1.4 times.
COMPACT = 1.15
# A volume that may be off by a larger factor is not known at all.
LARGEST_FACTOR = 1e6
# Of the deviation, what is less counts as nothing.
LEAST_SHARE = 0.01
# Share of the area that edges hide, times layers, is at most so much; in a cylinder 0.4, in a cube 0.7.
MOST_EDGES = 1.2


class Surface(NamedTuple):
    """area in mm2; edges: how much of it they hide, 0 in a smooth body; layers of voxels across the coarsest side."""

    area: float
    edges: float = 0.0
    layers: int = 1


def volume_interval(
    mask: np.ndarray, spacing: tuple[float, float, float], border_sd_mm: float = 0.0, surface: Surface | None = None
) -> Interval:
    """95 % interval of the volume (mm3) of a body whose voxel centers inside are the mask bool (z, y, x).

    spacing: x, y, z in mm. Two errors, independent of each other: where the body lies on the grid, and where the border
    was drawn, off by the same border_sd_mm (standard deviation, outward or inward) everywhere. The second is a matter
    of the reader or threshold, and zero when not given. The first is told by a regression (`counting`), and kept within
    what the mask leaves open (`least_and_most`). surface: where it is known (`surface_of`), for speed. Errors are those
    of the logarithm: a body that is seen in a slice or two may be several times as large as it looks, and cannot be
    smaller than nothing.
    """
    volume = np.count_nonzero(mask) * math.prod(spacing)
    surface = surface_of(mask, spacing) if surface is None else surface
    found = counting(mask, spacing, surface)
    errors = found.sd * np.sinh(MODELS["volume_errors"].quantiles(found.features))
    border = TWO_SIDED_95 * surface.area * border_sd_mm / volume
    ends = np.clip([min(errors[0], 0.0), max(errors[-1], 0.0)], *found.limits)
    factors = [min(math.hypot(float(end), border), math.log(LARGEST_FACTOR)) for end in ends]
    return Interval(volume / math.exp(factors[0]), volume * math.exp(factors[1]), volume)


class Counting(NamedTuple):
    """Of the logarithm of a volume by counting voxels: sd, what its error is roughly; features (n,): what that depends
    on; limits: the least and the most that the error can be."""

    sd: float
    features: np.ndarray
    limits: tuple[float, float]


def counting(mask: np.ndarray, spacing: tuple[float, float, float], surface: Surface) -> Counting:
    """mask, spacing as `volume_interval`.

    The deviation is `grid_volume_sd`, that in the mean over all places and turns of all bodies, with what sections
    along the grid's axes tell by their areas (`planes_of`): of faces along the grid that is all and the truth, of other
    bodies little. Features, logarithms: the layers; the voxels inside; how much longer than the finest the other sides
    of the voxel are; edges (no logarithm); the area by that of a ball; how much of its box the mask fills; how few
    faces there are; `grid_volume_sd`, and each axis's error by faces and by sections, by the deviation. And `Caps`: the
    error itself as the outermost sections tell it, by the deviation, how round or pointed the ends are, and how many.
    """
    voxel, count = math.prod(spacing), int(np.count_nonzero(mask))
    usual, planes = grid_volume_sd(surface.area, spacing), planes_of(mask, spacing)
    sd = math.hypot(usual, *planes.sections)
    _, middle, longest = np.log(np.sort(spacing) / min(spacing))
    ball = (36 * math.pi * (count * voxel) ** 2) ** (1 / 3)
    shares, caps = np.array([usual, *planes.faces, *planes.sections]) / sd, caps_of(mask, spacing)
    features = [
        math.log(surface.layers),
        math.log(count),
        middle,
        longest,
        surface.edges,
        math.log(surface.area / ball),
        math.log(count / _box(mask)),
        math.log(planes.single),
        *np.log(np.maximum(shares, LEAST_SHARE)),
        *(voxel / sd * np.array([caps.round, caps.diagonal, caps.pointed])),
        caps.bend,
        caps.coarse_bend,
        math.log(caps.tips),
        math.log(caps.coarse_tips),
    ]
    least, most = least_and_most(mask)
    limits = math.log(least / count) if least else -math.inf, math.log(most / count)
    return Counting(sd / (count * voxel), np.array(features), limits)


def _box(mask: np.ndarray) -> int:
    """Voxels of the smallest box along the grid around the mask."""
    return math.prod(side.stop - side.start for side in box_of(mask))


def least_and_most(mask: np.ndarray) -> tuple[int, int]:
    """Voxels of the least and of the most that a body may be whose voxel centers inside are the mask (z, y, x).

    Its border lies between a center inside and the next one outside: within half a voxel of where the mask ends.
    """
    inner = outer = mask
    for axis in range(3):
        at = np.moveaxis(inner, axis, 0)
        inner = np.moveaxis(at[1:] & at[:-1], 0, axis)
        at = np.moveaxis(outer, axis, 0)
        wider = np.zeros((len(at) + 1, *at.shape[1:]), bool)
        wider[1:] = at
        wider[:-1] |= at
        outer = np.moveaxis(wider, 0, axis)
    return int(np.count_nonzero(inner)), int(np.count_nonzero(outer))


def grid_volume_sd(area: float, spacing: tuple[float, float, float]) -> float:
    """Standard deviation (mm3) of a volume by voxel counting over all places and orientations of a body on the grid.

    The variance is the sum of the body's power spectrum over the reciprocal lattice (Kendall and Rankin, Q J Math 4,
    1953), which for a body with a surface falls with the fourth power of frequency f as area / (8 pi^3 f^4), in the
    mean over orientations (Matern, J Microsc 153, 1989): area times the lattice's Epstein zeta function. For cubes of
    side u it is 0.0667 area u^4.
    """
    return math.sqrt(area * _lattice_sum(tuple(float(side) for side in spacing)) / (8 * math.pi**3))


def surface_of(mask: np.ndarray, spacing: tuple[float, float, float]) -> Surface:
    """Of a mask bool (z, y, x), not empty, spacing x, y, z in mm; the area of what is hardly thicker than a few voxels
    is no less than compact bodies have."""
    measured, hidden = area_and_hidden(mask, spacing)
    layers = _layers(mask, spacing)
    if layers <= FEW_LAYERS:
        ball = (36 * math.pi * (np.count_nonzero(mask) * math.prod(spacing)) ** 2) ** (1 / 3)
        return Surface(max(measured, COMPACT * ball), 0.0, layers)
    return Surface(measured, float(np.clip(hidden * layers, 0.0, MOST_EDGES)), layers)


def _layers(mask: np.ndarray, spacing: tuple[float, float, float]) -> int:
    """In how many layers of the coarsest side's thickness there are voxels; the fewest of equally coarse sides."""
    coarsest = [axis for axis in range(3) if spacing[2 - axis] > 0.99 * max(spacing)]
    others = [tuple(other for other in range(3) if other != axis) for axis in coarsest]
    return min(int(np.count_nonzero(mask.any(axis=axes))) for axes in others)


@functools.lru_cache(maxsize=64)
def _lattice_sum(spacing: tuple[float, ...]) -> float:
    """Sum of 1 / f^4 (mm4) over the lattice of frequencies that the voxels cannot tell from 0."""
    steps = 1 / np.array(spacing)
    limit = TERMS * float(steps.min())
    axes = [np.arange(-int(limit / step), int(limit / step) + 1) * step for step in steps]
    squares = np.add.outer(np.add.outer(axes[0] ** 2, axes[1] ** 2), axes[2] ** 2)
    near = squares[(squares > 0) & (squares <= limit**2)]
    return float((near**-2.0).sum()) + 4 * math.pi * math.prod(spacing) / limit
