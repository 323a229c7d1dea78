"""Longest in-plane diameter of an object and the longest one perpendicular to it, as RECIST and WHO measure."""

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


def in_plane_diameter(mask: np.ndarray, spacing: tuple[float, float]) -> Diameter:
    """The longest distance between two contour points of one slice, and the longest chord perpendicular to it there.

    mask: bool (z, y, x), not empty; spacing: x, y in mm. The contour runs half-way between the centers of inside and
    outside pixels, so a row of n square pixels is n pixels long. Both are measured on the contour's convex hull. Among
    slices or axes of equal length the one with the longest perpendicular wins, then the lowest slice.
    Source: RECIST 1.1 (Eisenhauer et al. 2009); WHO handbook 1979.
    """
    best: Diameter | None = None
    for bound, index in _slices_by_bound(mask, spacing):
        if best is not None and bound < best.long_mm * (1 - TIE):
            break
        found = _in_slice(mask[index], spacing, index)
        if best is None or _is_better(found, best):
            best = found
    assert best is not None, "the mask must not be empty"
    return best


def _slices_by_bound(mask: np.ndarray, spacing: tuple[float, float]) -> list[tuple[float, int]]:
    """(longest diameter possible, slice), longest first: the diagonal of the slice's bounding box."""
    columns, lines = np.any(mask, axis=1), np.any(mask, axis=2)
    bounds = []
    for index in np.flatnonzero(np.any(lines, axis=1)):
        x, y = np.flatnonzero(columns[index]), np.flatnonzero(lines[index])
        diagonal = np.hypot((x[-1] - x[0] + 1) * spacing[0], (y[-1] - y[0] + 1) * spacing[1])
        bounds.append((float(diagonal), int(index)))
    return sorted(bounds, key=lambda bound: (-bound[0], bound[1]))


def _in_slice(mask: np.ndarray, spacing: tuple[float, float], index: int) -> Diameter:
    hull = _hull(_contour(mask) * spacing)
    distances = cdist(hull, hull)
    longest = distances.max()
    candidates = np.argwhere(np.triu(distances >= longest * (1 - TIE), 1))
    chords = [_perpendicular(hull, *hull[pair]) for pair in candidates]
    lengths = [np.linalg.norm(chord[1] - chord[0]) for chord in chords]
    widest = int(np.argmax(lengths))
    return Diameter(
        float(longest),
        float(lengths[widest]),
        index,
        hull[candidates[widest]] / spacing,
        chords[widest] / spacing,
    )


def _contour(mask: np.ndarray) -> np.ndarray:
    """Outermost points (n, 2), index x, y, of each line and column of a slice: half a pixel outside its end pixels."""
    points = []
    for inside, swapped in ((mask, False), (mask.T, True)):
        rows = np.flatnonzero(inside.any(axis=1))
        first = inside[rows].argmax(axis=1) - 0.5
        last = inside.shape[1] - inside[rows, ::-1].argmax(axis=1) - 0.5
        ends = np.column_stack([np.concatenate([first, last]), np.concatenate([rows, rows])])
        points.append(ends[:, ::-1] if swapped else ends)
    return np.concatenate(points)


def _hull(points: np.ndarray) -> np.ndarray:
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:  # so thin that Qhull takes it for a line
        return points


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
    widest = int(np.argmax(upper - lower))
    return np.array([places[widest] * along + side[widest] * across for side in (lower, upper)])


def _chain(u: np.ndarray, v: np.ndarray, on_side: np.ndarray, outermost: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
    """One side of the polygon as a function of the position along the axis."""
    places, inverse = np.unique(u[on_side], return_inverse=True)
    values = np.full(len(places), -np.inf if outermost is np.maximum else np.inf)
    outermost.at(values, inverse, v[on_side])
    return places, values


def _is_better(found: Diameter, best: Diameter) -> bool:
    if found.long_mm > best.long_mm * (1 + TIE):
        return True
    if found.long_mm < best.long_mm * (1 - TIE):
        return False
    if abs(found.short_mm - best.short_mm) > TIE * best.long_mm:
        return found.short_mm > best.short_mm
    return found.slice_index < best.slice_index
