"""The longest chord of a flat outline and the longest one perpendicular to it."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import cdist

# two lengths are one when they differ by less than this share: rounding must not decide which axis is drawn
TIE = 1e-9


@dataclass(frozen=True)
class Diameter:
    """Longest diameter and its perpendicular in mm, in slice `slice_index`; end points (2, 2) in index x, y."""

    long_mm: float
    short_mm: float
    slice_index: int
    long_ends: np.ndarray
    short_ends: np.ndarray


def longest_chords(points: np.ndarray, spacing: tuple[float, float], index: int) -> Diameter:
    """Of the convex hull of an outline's points (n, 2; index x, y) in slice `index`; spacing: x, y in mm.

    Of equally long chords the one with the longest perpendicular is taken.
    """
    hull = convex_hull(points * spacing)
    return chords_of_hull(hull, cdist(hull, hull), spacing, index)


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Corners of the convex hull of points (n, 2), counterclockwise from the first along x and then y."""
    try:
        corners = points[ConvexHull(points).vertices]
    except QhullError:  # so thin that Qhull takes it for a line
        return points
    return np.roll(corners, -int(np.lexsort(corners.T[::-1])[0]), axis=0)


def chords_of_hull(hull: np.ndarray, distances: np.ndarray, spacing: tuple[float, float], index: int) -> Diameter:
    """Of a convex polygon's corners (n, 2) in mm and their distances (n, n)."""
    longest = distances.max()
    candidates = np.argwhere(np.triu(distances >= longest * (1 - TIE), 1))
    chords = [_perpendicular(hull, *hull[pair]) for pair in candidates]
    lengths = np.array([np.linalg.norm(chord[1] - chord[0]) for chord in chords])
    # not the order of the points but the outline is to decide: of alike ones the chord nearest to its middle
    middle = hull.mean(axis=0)
    aside = np.linalg.norm(hull[candidates].mean(axis=1) - middle, axis=1)
    alike = lengths >= lengths.max() * (1 - TIE)
    widest = int(np.argmax(alike & (aside <= aside[alike].min() + TIE * longest)))
    return Diameter(
        float(longest),
        float(lengths[widest]),
        index,
        hull[candidates[widest]] / spacing,
        chords[widest] / spacing,
    )


def _perpendicular(hull: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """End points (2, 2) of the longest chord of a convex polygon at right angles to start-end.

    The chord's length is concave and piecewise linear along the axis, so its maximum is at a corner.
    """
    along = (end - start) / np.linalg.norm(end - start)
    across = np.array([-along[1], along[0]])
    u, v = hull @ along, hull @ across
    axis_v, rounding = float(start @ across), TIE * float(np.linalg.norm(end - start))
    places = np.unique(u)
    upper = np.interp(places, *_chain(u, v, v >= axis_v - rounding, np.maximum))
    lower = np.interp(places, *_chain(u, v, v <= axis_v + rounding, np.minimum))
    widest = np.flatnonzero(upper - lower >= (upper - lower).max() * (1 - TIE))[[0, -1]]
    return np.array([places[widest].mean() * along + side[widest].mean() * across for side in (lower, upper)])


def _chain(u: np.ndarray, v: np.ndarray, on_side: np.ndarray, outermost: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
    """One side of the polygon as a function of the position along the axis."""
    places, inverse = np.unique(u[on_side], return_inverse=True)
    values = np.full(len(places), -np.inf if outermost is np.maximum else np.inf)
    outermost.at(values, inverse, v[on_side])
    return places, values
