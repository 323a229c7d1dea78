"""How far an outline reaches beyond the outermost pixel centers inside it, told by its shape near either end.

A blunt end holds many pixel centers near its tip, one of which lies close to it; a corner holds few, and its tip lies
up to a pixel and more beyond the outermost. What tells them apart is how wide the pixels are at some depths behind that
outermost one. All lengths here are in pixels, along and across the direction.
"""

from typing import NamedTuple

import numpy as np

from .chords import sides_along
from .fitted import MODELS

# Depths in pixels behind the outermost pixel center, at most half the extent, at which the outline's width is taken.
DEPTHS = np.array([0.3, 1.0, 2.0, 3.0, 5.0, 8.0])
# The tip lies in line with the middles at these two of them, of an outline at least twice as long as the deeper one.
NEAR, FAR = 0, 3
# Added to widths and gaps before their logarithm is taken.
LEAST_WIDTH, LEAST_GAP = 0.5, 0.3
# An outline shorter than this has no ends.
NO_EXTENT = 1e-6


class Ends(NamedTuple):
    """Of the hull of an outline's pixel centers along a direction.

    extent, first, last: of the centers along it; widths, middles (2, n): at DEPTHS behind the first and the last one;
    smooth (2, n): widths of the smoothed outline at DEPTHS behind its own ends; beyond (2,): how far these lie beyond
    the centers; slant: larger part of the direction, counted in pixels, along a row or column, 0.7 to 1: what the
    distance of the outermost center from a straight border depends on.
    """

    extent: float
    first: float
    last: float
    widths: np.ndarray
    middles: np.ndarray
    smooth: np.ndarray
    beyond: np.ndarray
    slant: float

    @classmethod
    def along(
        cls,
        hull: np.ndarray,
        smooth: np.ndarray | None,
        direction: np.ndarray,
        pixel: tuple[float, float],
        slant: float,
    ) -> "Ends":
        """hull, smooth: of the centers and of the smoothed outline (n, 2), counterclockwise, in mm; pixel: its extents
        (mm) along the direction and across it."""
        widths, middles, ends = _widths(hull, direction, pixel)
        soft, _, beyond = (np.zeros_like(widths), None, ends) if smooth is None else _widths(smooth, direction, pixel)
        first, last = map(float, ends)
        return cls(last - first, first, last, widths, middles, soft, (beyond - ends) * (-1, 1), slant)

    @property
    def features(self) -> np.ndarray:
        """What tells either end's form (2, m): logarithms of the widths, of both outlines, and how the middle moves
        aside from depth to depth; how much the smoothed one is longer; slant and logarithm of the extent."""
        logarithms = np.log(np.hstack([self.widths, self.smooth]) + LEAST_WIDTH)
        aside = np.abs(np.diff(self.middles, axis=1))
        shared = np.tile([self.slant, np.log(self.extent + 1)], (2, 1))
        return np.column_stack([logarithms, aside, self.beyond, shared])

    def sideways(self, gaps: np.ndarray) -> float:
        """How much farther to the left the last tip lies than the first; 0 for a short outline."""
        if self.extent < 2 * DEPTHS[FAR]:
            return 0.0
        slope = (self.middles[:, FAR] - self.middles[:, NEAR]) / (DEPTHS[FAR] - DEPTHS[NEAR])
        tips = self.middles[:, NEAR] - (gaps + DEPTHS[NEAR]) * slope
        return float(tips[1] - tips[0])


def long_gaps(ends: Ends) -> np.ndarray:
    """How far the tips (2,) of the longest diameter lie beyond the outermost pixel centers."""
    return MODELS["long_ends"](ends.features)[:, 0]


def short_features(ends: Ends, long: float, inside: np.ndarray, smoother: float) -> np.ndarray:
    """What tells either end's form (2, m) of the perpendicular diameter.

    ends: along it; long: the long diameter; inside (2,): how far the ends of the pixel centers' chord lie inside the
    extent; smoother: how much longer the chord of the smoothed outline is.
    """
    shared = np.tile([np.log(long + 1), smoother], (2, 1))
    return np.column_stack([ends.features, np.log(np.maximum(inside, 0.0) + LEAST_GAP), shared])


def short_gaps(features: np.ndarray) -> np.ndarray:
    """How far the ends (2,) of the perpendicular diameter lie beyond those of the chord of the pixel centers' hull."""
    return MODELS["short_ends"](features)[:, 0]


def _widths(
    hull: np.ndarray, direction: np.ndarray, pixel: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Widths and middles (2, n) at DEPTHS behind either end, and both ends (2,)."""
    lower, upper = (side / pixel for side in sides_along(hull, direction))
    ends = np.array([lower[0, 0], lower[-1, 0]])
    if ends[1] - ends[0] < NO_EXTENT:
        return np.zeros((2, len(DEPTHS))), np.zeros((2, len(DEPTHS))), np.repeat(ends[0], 2)
    depths = np.minimum(DEPTHS, (ends[1] - ends[0]) / 2)
    places = np.stack([ends[0] + depths, ends[1] - depths])
    right, left = (np.interp(places, *side.T) for side in (lower, upper))
    return left - right, (left + right) / 2, ends
