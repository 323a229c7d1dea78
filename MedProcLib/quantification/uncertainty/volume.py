"""How well a volume is known that was measured by counting voxels."""

import functools
import math
from typing import NamedTuple

import numpy as np

from ..fitted import MODELS
from ..shape.crofton import area_and_hidden
from .interval import TWO_SIDED_95, Interval

# Terms of the lattice sum that are added up one by one, per axis with the finest steps; the rest is an integral.
TERMS = 12
# A body of so few layers across the coarsest side has parts that no voxel shows, in thick slices most of its surface.
FEW_LAYERS = 5
# Its area is at least so many times that of the ball of its volume, which is the least there is: in the mean of balls,
# ellipsoids, boxes and cylinders 1 to 2 times as long as wide it is 1.06 to 1.2 times, of lesions 1.1 to 1.4 times.
COMPACT = 1.15
# A volume that may be off by a larger factor is not known at all.
LARGEST_FACTOR = 1e6
# The bodies fitted to are up to 2.5 times as wide as thick; of plates the regression knows nothing.
PLATE = 2.5
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
    of the reader or threshold, and zero when not given. The first is `grid_volume_sd` in the mean over all places and
    turns of all bodies; what it is for one with these edges, layers and faces is told by a regression
    (`grid_features`), which has seen no plates: what it says is kept within what the mask leaves open
    (`least_and_most`), and is no less than what the faces of a plate along the grid make (`plate_error`). surface:
    where it is known (`surface_of`), for speed. Errors are those of the logarithm: a body that is seen in a slice or
    two may be several times as large as it looks, and cannot be smaller than nothing.
    """
    volume = np.count_nonzero(mask) * math.prod(spacing)
    surface = surface_of(mask, spacing) if surface is None else surface
    low, _, high = np.sinh(MODELS["volume_errors"].quantiles(grid_features(mask, spacing, surface)))
    grid = grid_volume_sd(surface.area, spacing) / volume
    border = TWO_SIDED_95 * surface.area * border_sd_mm / volume
    flat = plate_error(mask, spacing)
    told = max(-low * grid, -math.log(1 - flat)), max(high * grid, math.log(1 + flat))
    counts = np.count_nonzero(mask), *least_and_most(mask)
    limits = (math.log(counts[0] / counts[1]) if counts[1] else math.inf), math.log(counts[2] / counts[0])
    ends = [min(end, limit) for end, limit in zip(told, limits, strict=True)]
    factors = [min(math.hypot(end, border), math.log(LARGEST_FACTOR)) for end in ends]
    return Interval(volume / math.exp(factors[0]), volume * math.exp(factors[1]), volume)


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


def plate_error(mask: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """Share of the volume (95 %) by which a plate along the grid may be thicker or thinner; 0 of what is none.

    Each of its two faces, all in one plane of the grid, lies anywhere within a voxel. A plate is at least `PLATE` times
    as wide as thick.
    """
    extents = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    sides = [(e[-1] - e[0] + 1) * side for e, side in zip(extents, reversed(spacing), strict=True)]
    axis = int(np.argmin(sides))
    if min(side for n, side in enumerate(sides) if n != axis) < PLATE * sides[axis]:
        return 0.0
    planes = np.moveaxis(mask, axis, 0)[extents[axis][0] : extents[axis][-1] + 1]
    if not (planes == planes[0]).all():
        return 0.0
    return TWO_SIDED_95 * math.sqrt(2 / 12) / len(planes)


def grid_features(mask: np.ndarray, spacing: tuple[float, float, float], surface: Surface) -> np.ndarray:
    """What the error of counting depends on (n,), beside `grid_volume_sd`; mask, spacing as `volume_interval`.

    Logarithms of the layers and of the voxels inside, and of how much longer than the finest the other sides of the
    voxel are; edges; the logarithm of the area by that of a ball; and, by that standard deviation, the three that would
    follow if what each plane of the grid shows of the surface along one axis lay as a whole anywhere within a voxel
    (least to most). Of a face along the grid it does, and of nothing else: there it is the truth.
    """
    voxel, count = math.prod(spacing), np.count_nonzero(mask)
    sd = grid_volume_sd(surface.area, spacing)
    faces = []
    for axis in range(3):
        planes = np.moveaxis(mask, axis, 0)
        nothing = np.zeros_like(planes[:1])
        steps = np.diff(np.concatenate([nothing, planes, nothing]).view(np.int8), axis=0)
        shown = [np.count_nonzero(steps == step, axis=(1, 2)).astype(float) for step in (1, -1)]
        faces.append(voxel * math.sqrt(sum(float(counts @ counts) for counts in shown) / 12) / sd)
    _, middle, longest = np.log(np.sort(spacing) / min(spacing))
    ball = (36 * math.pi * (count * voxel) ** 2) ** (1 / 3)
    return np.array(
        [
            math.log(surface.layers),
            math.log(count),
            middle,
            longest,
            surface.edges,
            math.log(surface.area / ball),
            *np.log(np.sort(faces)),
        ]
    )


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
