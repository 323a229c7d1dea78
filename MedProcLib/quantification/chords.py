"""The longest chord of a flat outline and the longest one perpendicular to it."""

from dataclasses import dataclass

import numpy as np
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
    outline = points * spacing
    hull = convex_hull(outline)
    return chords_of_hull(hull, cdist(hull, hull), outline, spacing, index)


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Corners of the convex hull of points (n, 2), counterclockwise from the first along x and then y.

    The lower and the upper chain lose every point at which they do not turn towards the other, until all do (as
    Andrew, Inf Process Lett 9, 1979, but for all points at once); of an outline's points few rounds are needed, and a
    tenth of Qhull's time.
    """
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    apart, rounding = TIE * extent, TIE * extent**2
    # points that differ by rounding alone are one: two of them on one corner would not turn, and both be lost
    places = np.round((points - points.min(axis=0)) / apart)
    order = np.lexsort(places.T[::-1])
    ordered = points[order]
    first_of_x = np.flatnonzero(np.diff(places[order, 0], prepend=-np.inf) > 0)
    last_of_x = np.append(first_of_x[1:], len(ordered)) - 1
    lower = _turning(ordered[first_of_x], rounding)
    upper = _turning(ordered[last_of_x][::-1], rounding)
    closed = [upper[:1] if upper[0, 1] > lower[-1, 1] + apart else upper[:0], upper[1:-1]]
    closed.append(upper[-1:] if len(upper) > 1 and upper[-1, 1] > lower[0, 1] + apart else upper[:0])
    return np.concatenate([lower, *closed])


def _turning(chain: np.ndarray, rounding: float) -> np.ndarray:
    """The points of a chain (n, 2) at which what is left of it turns to the left."""
    while len(chain) > 2:
        steps = np.diff(chain, axis=0)
        turns = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0] > rounding
        if turns.all():
            break
        chain = chain[np.concatenate([[True], turns, [True]])]
    return chain


def chords_of_hull(
    hull: np.ndarray, distances: np.ndarray, outline: np.ndarray, spacing: tuple[float, float], index: int
) -> Diameter:
    """Of a convex polygon's corners (n, 2) in mm, their distances (n, n), and the outline's points (m, 2) around it."""
    longest = distances.max()
    candidates = np.argwhere(np.triu(distances >= longest * (1 - TIE), 1))
    chords = [chord_across(hull, (hull[b] - hull[a]) / max(distances[a, b], 1e-300)) for a, b in candidates.tolist()]
    lengths = np.array([np.linalg.norm(chord[1] - chord[0]) for chord in chords])
    # not the order of the points but the outline is to decide: of alike ones the chord nearest to its middle
    middle = hull.mean(axis=0)
    aside = np.linalg.norm(hull[candidates].mean(axis=1) - middle, axis=1)
    alike = lengths >= lengths.max() * (1 - TIE)
    alike &= aside <= aside[alike].min() + TIE * longest
    if np.count_nonzero(alike) > 1:  # as the diagonals of a square: the one whose ends are farther from the outline
        apart = (cdist(hull[candidates].reshape(-1, 2), outline) ** 3).sum(axis=1).reshape(-1, 2).sum(axis=1)
        alike &= apart >= apart[alike].max() * (1 - TIE)
    widest = int(np.argmax(alike))
    return Diameter(
        float(longest),
        float(lengths[widest]),
        index,
        hull[candidates[widest]] / spacing,
        chords[widest] / spacing,
    )


def chord_across(hull: np.ndarray, along: np.ndarray) -> np.ndarray:
    """End points (2, 2) of the longest chord of a convex polygon (n, 2) at right angles to a direction (unit vector).

    Either side of the polygon is a function of the place along the direction. The chord's length is concave and
    piecewise linear there: its maximum is at a corner. Of equally long ones the middle one is taken.
    """
    across = np.array([-along[1], along[0]])
    lower, upper = sides_along(hull, along)
    rounding = TIE * (lower[-1, 0] - lower[0, 0])
    # where a side lies at right angles to the direction, its corners are met just inside
    places = np.clip(hull @ along, lower[0, 0] + rounding, lower[-1, 0] - rounding)
    below, above = (np.interp(places, *side.T) for side in (lower, upper))
    widths = above - below
    widest = np.flatnonzero(widths >= widths.max() * (1 - TIE))
    first, last = widest[places[widest].argmin()], widest[places[widest].argmax()]
    middle = (places[first] + places[last]) / 2
    return np.array([middle * along + (side[first] + side[last]) / 2 * across for side in (below, above)])


def sides_along(hull: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two sides (m, 2) of a convex polygon (n, 2), counterclockwise, from its first corner along a direction (unit
    vector) to its last: places along the direction, and to its left, of the right side and of the left one."""
    frame = np.column_stack([hull @ along, hull @ np.array([-along[1], along[0]])])
    start, end = int(frame[:, 0].argmin()), int(frame[:, 0].argmax())
    around = np.arange(start, start + len(hull) + 1) % len(hull)
    there = (end - start) % len(hull)
    return frame[around[: there + 1]], frame[around[there:][::-1]]
