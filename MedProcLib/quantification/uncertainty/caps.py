"""What the outermost sections of a body tell of the error of counting its voxels: how far the grid's planes lie from
where the body ends, between two of them."""

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage

# voxels that touch within one section are one piece
WITHIN = np.zeros((3, 3, 3), bool)
WITHIN[1] = True


class Caps(NamedTuple):
    """How many voxels more than the mask the true volume has, if the body's ends along the axes are round, if those
    along the diagonals of two axes are, and if those along the axes are pointed; bend: how much more the sections'
    areas rise from the second to the third than from the first to the second, by the largest, in the mean over all ends
    along the axes, and coarse_bend: over those along the coarsest; above 0 at corners, below at round ends. tips: half
    of how many ends a body has along an axis, in the mean, and coarse_tips: along the coarsest; 1 for a convex body. Of
    one with dents, lobes or a rough surface, whose ends are many, the outermost sections tell little."""

    round: float
    diagonal: float
    pointed: float
    bend: float
    coarse_bend: float
    tips: float
    coarse_tips: float


def caps_of(mask: np.ndarray, spacing: tuple[float, float, float]) -> Caps:
    """Of a mask bool (z, y, x), not empty; spacing: x, y, z in mm.

    The sum of sections a step apart differs from the integral by what is at either end alone (Euler and Maclaurin): of
    an area that rises as s x from the tip, x in steps and d the first section's, by -s B2(d) / 2, as a round body's
    does, and by -q B3(d) / 3 where it rises as q x^2, at a corner; B are the Bernoulli polynomials. Each direction of
    the lattice adds such a part. These three and six have 6 and 3 of 16.5 parts of the variance in cubes
    (`grid_volume_sd`); in thick slices the slices' axis has nearly all.
    """
    axes, diagonal, tips = [], 0.0, []
    for axis in range(3):
        shown = np.count_nonzero(mask, axis=axis)
        rows, columns = np.indices(shown.shape)
        for places in (rows + columns, rows - columns + shown.shape[1] - 1):
            diagonal += _ends(np.bincount(places.ravel(), shown.ravel()))[0]
        # y, x, z: each of the three axes once
        axes.append(_ends(shown.sum(axis=0 if axis == 1 else 1)))
        tips.append(_tips(np.moveaxis(mask, (1, 2, 0)[axis], 0)))
    coarse = [n for n, side in enumerate((spacing[1], spacing[0], spacing[2])) if side > 0.99 * max(spacing)]
    found = np.array(axes)
    totals = found.sum(axis=0)
    of_coarse = float(found[coarse, 2].mean()), sum(tips[n] for n in coarse) / len(coarse)
    return Caps(float(totals[0]), diagonal, float(totals[1]), totals[2] / 3, of_coarse[0], sum(tips) / 3, of_coarse[1])


def _tips(sections: np.ndarray) -> float:
    """Half of how many pieces of sections, one upon the other, have nothing below, and how many nothing above."""
    pieces, number = ndimage.label(sections, WITHIN)
    both, joined = sections[1:] & sections[:-1], np.zeros((2, number + 1), bool)
    joined[0, pieces[1:][both]] = joined[1, pieces[:-1][both]] = True
    return number - np.count_nonzero(joined) / 2


def _ends(sections: np.ndarray) -> tuple[float, float, float]:
    """Voxels that both ends miss, as round and as pointed ones, and their mean bend."""
    inside = np.flatnonzero(sections)
    areas = sections[inside[0] : inside[-1] + 1].astype(float).tolist()
    if len(areas) < 2:
        return 0.0, 0.0, 0.0
    first, last = _missing(*areas[:2]), _missing(*areas[:-3:-1])
    bend = (_bend(*areas[:3]) + _bend(*areas[:-4:-1])) / 2 if len(areas) > 2 else 0.0
    return first[0] + last[0], first[1] + last[1], bend


def _missing(first: float, second: float) -> tuple[float, float]:
    """Voxels that one end misses, as a round and as a pointed one, by its two outermost sections."""
    if second <= first:
        return 0.0, 0.0
    d = min(first / (second - first), 1.0)
    of_round = first / d * (d * d - d + 1 / 6) / 2
    d = min(math.sqrt(first) / (math.sqrt(second) - math.sqrt(first)), 1.0)
    return of_round, first / d**2 * (d**3 - 1.5 * d * d + 0.5 * d) / 3


def _bend(first: float, second: float, third: float) -> float:
    return (first - 2 * second + third) / max(first, second, third)
