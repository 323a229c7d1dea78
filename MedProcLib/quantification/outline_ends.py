"""How far an outline reaches beyond the outermost pixel centers inside it, told by its shape near either end.

A blunt end holds many pixel centers near its tip, one of which lies close to it; a corner holds few, and its tip lies
up to a pixel and more beyond the outermost. What tells them apart is how wide the pixels are at some depths behind that
outermost one. All lengths here are in pixels, along and across the direction.
"""

from typing import NamedTuple

import numpy as np

from .chords import sides_along

# Depths in pixels behind the outermost pixel center, at most half the extent, at which the outline's width is taken.
DEPTHS = np.array([0.3, 1.0, 2.0, 3.0, 5.0])
# The tip lies in line with the middles at these two of them, of an outline at least twice as long as the deeper one.
NEAR, FAR = 0, 3
# Added to widths and gaps before their logarithm is taken.
LEAST_WIDTH, LEAST_GAP = 0.5, 0.3
# An outline shorter than this has no ends.
NO_EXTENT = 1e-6

# Regressions with one layer of hyperbolic tangents, by least Cauchy loss (scale 0.25 pixels) of the sum over both ends,
# on the longest slices of 35,000 balls, ellipsoids up to 5 times as long as wide, superellipsoids, cylinders, and boxes
# with sharp and with round edges, 2 to 50 voxels wide, in any place and orientation; the long one's also on 3,500 flat
# figures in pixels up to 2.5 times as long as wide. Of the long diameter: from the logarithms of the widths at
# DEPTHS[LONG_AT], the slant, and the logarithm of the extent.
LONG_AT = [0, 1, 2, 4]
LONG_INPUT = np.array(
    [
        [-0.4927, -0.4496, 0.2104, -0.0694, 0.5426, 1.3106, 0.5482, 0.6784],
        [-0.5879, -0.7484, 1.4127, -2.5515, -3.2104, 0.8703, 1.4992, 1.1416],
        [0.0646, -2.1476, 0.2847, -1.1685, -2.5957, 1.613, -2.1449, -0.7943],
        [0.6039, 2.9059, -1.8689, 3.3478, 4.5123, 0.1598, 0.3052, -0.8372],
        [3.9059, 5.206, -1.5577, 2.3746, 1.3564, 1.0024, -2.1005, -2.5844],
        [-0.3125, -0.3805, 0.7033, -0.2133, 0.2984, -2.2574, 0.2471, 1.1287],
    ]
)
LONG_OFFSET = np.array([-2.5573, -4.4587, 1.645, -4.9802, -5.0272, -1.1507, 1.192, 0.4439])
LONG_OUTPUT = np.array([1.082, -0.6003, -1.1431, -1.4329, 0.6933, -0.0671, 0.5161, 0.4104, 0.3298])
# Of the short one: the same with DEPTHS[SHORT_AT], the logarithms of the long diameter and of how far the chord's ends
# lie inside the extent, and how much longer the chord of the smoothed outline is.
SHORT_AT = [1, 3, 4]
SHORT_INPUT = np.array(
    [
        [0.0075, -0.028, -0.0652, -1.1796],
        [1.0333, 1.1251, -1.624, 0.3499],
        [-0.5896, -0.8878, 0.155, -0.5975],
        [-0.632, 0.1426, 5.1604, 3.5484],
        [0.1263, 0.064, -0.7489, -0.7842],
        [-0.1211, 0.0145, 1.0903, 1.4478],
        [-0.6502, -0.8284, 0.4333, 0.0054],
        [-0.3892, 0.0976, 2.5879, -4.1056],
    ]
)
SHORT_OFFSET = np.array([-0.4137, -0.7828, -3.2827, 2.5421])
SHORT_OUTPUT = np.array([-1.4404, 1.1885, -0.2359, -0.612, 0.6327])


class Ends(NamedTuple):
    """Of the hull of an outline's pixel centers along a direction.

    extent, first, last: of the centers along it; widths, middles (2, 5): at DEPTHS behind the first and the last one;
    slant: larger part of the direction, counted in pixels, along a row or column, 0.7 to 1: what the distance of the
    outermost center from a straight border depends on.
    """

    extent: float
    first: float
    last: float
    widths: np.ndarray
    middles: np.ndarray
    slant: float

    @classmethod
    def along(cls, hull: np.ndarray, direction: np.ndarray, pixel: tuple[float, float], slant: float) -> "Ends":
        """hull (n, 2), counterclockwise, in mm; pixel: its extents (mm) along the direction and across it."""
        lower, upper = (side / pixel for side in sides_along(hull, direction))
        first, last = float(lower[0, 0]), float(lower[-1, 0])
        if last - first < NO_EXTENT:
            return cls(0.0, first, first, np.zeros((2, len(DEPTHS))), np.zeros((2, len(DEPTHS))), slant)
        depths = np.minimum(DEPTHS, (last - first) / 2)
        places = np.stack([first + depths, last - depths])
        right, left = (np.interp(places, *side.T) for side in (lower, upper))
        return cls(last - first, first, last, left - right, (left + right) / 2, slant)

    def widths_at(self, which: list[int]) -> np.ndarray:
        """Logarithms (2, n) of the widths at some of DEPTHS."""
        return np.log(self.widths[:, which] + LEAST_WIDTH)

    def sideways(self, gaps: np.ndarray) -> float:
        """How much farther to the left the last tip lies than the first; 0 for a short outline."""
        if self.extent < 2 * DEPTHS[FAR]:
            return 0.0
        slope = (self.middles[:, FAR] - self.middles[:, NEAR]) / (DEPTHS[FAR] - DEPTHS[NEAR])
        tips = self.middles[:, NEAR] - (gaps + DEPTHS[NEAR]) * slope
        return float(tips[1] - tips[0])


def long_gaps(ends: Ends) -> np.ndarray:
    """How far the tips (2,) of the longest diameter lie beyond the outermost pixel centers."""
    shared = [ends.slant, np.log(ends.extent + 1)]
    features = np.column_stack([ends.widths_at(LONG_AT), np.tile(shared, (2, 1))])
    return np.tanh(features @ LONG_INPUT + LONG_OFFSET) @ LONG_OUTPUT[:-1] + LONG_OUTPUT[-1]


def short_gaps(ends: Ends, long: float, inside: np.ndarray, smoother: float) -> np.ndarray:
    """How far the ends (2,) of the perpendicular diameter lie beyond those of the chord of the pixel centers' hull.

    ends: along it; long: the long diameter; inside (2,): how far the chord's ends lie inside the extent; smoother: how
    much longer the chord of the smoothed outline is.
    """
    shared = [ends.slant, np.log(ends.extent + 1), np.log(long + 1)]
    features = [ends.widths_at(SHORT_AT), np.tile(shared, (2, 1)), inside_logarithm(inside), np.full(2, smoother)]
    return np.tanh(np.column_stack(features) @ SHORT_INPUT + SHORT_OFFSET) @ SHORT_OUTPUT[:-1] + SHORT_OUTPUT[-1]


def inside_logarithm(inside: np.ndarray) -> np.ndarray:
    """Of how far a chord's ends lie inside the extent."""
    return np.log(np.maximum(inside, 0.0) + LEAST_GAP)
