"""Longest in-plane diameter of an object and the longest one perpendicular to it, as RECIST and WHO measure."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import cdist

# two lengths are one when they differ by less than this share: rounding must not decide which axis is drawn
TIE = 1e-9
# of the extents that bound a slice's diameter; the bound is 0.5 % above the longest of them
DIRECTIONS = 16


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
    contours = _Contours.of(mask)
    best: Diameter | None = None
    for bound, index in contours.slices_by_bound(spacing):
        if best is not None and bound < best.long_mm * (1 - TIE):
            break
        hull = _hull(contours.points(index) * spacing)
        distances = cdist(hull, hull)
        if best is None or distances.max() >= best.long_mm * (1 - TIE):
            found = _axes(hull, distances, spacing, index)
            if best is None or _is_better(found, best):
                best = found
    assert best is not None, "the mask must not be empty"
    return best


def diameters_by_slice(mask: np.ndarray, spacing: tuple[float, float]) -> list[Diameter]:
    """The longest diameter and its perpendicular of every slice that holds voxels, as `in_plane_diameter` has them."""
    contours = _Contours.of(mask)
    found = []
    for index in np.unique(contours.lines[0]).tolist():
        hull = _hull(contours.points(index) * spacing)
        found.append(_axes(hull, cdist(hull, hull), spacing, index))
    return found


@dataclass(frozen=True)
class _Contours:
    """Outermost points of every line and column of every slice: half a pixel outside its end pixels.

    lines: slice, y, first x, last x of the lines that have a pixel inside; columns: slice, x, first y, last y.
    """

    lines: tuple[np.ndarray, ...]
    columns: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, mask: np.ndarray) -> "_Contours":
        return cls(_ends(mask), _ends(mask.transpose(0, 2, 1)))

    def points(self, index: int) -> np.ndarray:
        """Points (n, 2) of a slice, index x, y."""
        y, left, right = (array[self.lines[0] == index] for array in self.lines[1:])
        x, top, bottom = (array[self.columns[0] == index] for array in self.columns[1:])
        return np.concatenate([np.stack(pair, 1) for pair in ((left, y), (right, y), (x, top), (x, bottom))])

    def slices_by_bound(self, spacing: tuple[float, float]) -> list[tuple[float, int]]:
        """(length that no diameter exceeds, slice), longest first: the extent along some directions, a little more."""
        sides = [(*ends[1:], np.flatnonzero(np.diff(ends[0], prepend=-1))) for ends in (self.lines, self.columns)]
        angles = np.arange(DIRECTIONS)[:, np.newaxis] * np.pi / DIRECTIONS
        along = np.cos(angles) * spacing[0], np.sin(angles) * spacing[1]
        highest, lowest = [], []
        for (line, first, last, start), (a, b) in zip(sides, (along, along[::-1]), strict=True):
            ends = a * first, a * last
            highest.append(np.maximum.reduceat(b * line + np.maximum(*ends), start, axis=1))
            lowest.append(np.minimum.reduceat(b * line + np.minimum(*ends), start, axis=1))
        longest = (np.maximum(*highest) - np.minimum(*lowest)).max(axis=0)
        bounds = longest / np.cos(np.pi / (2 * DIRECTIONS))
        indices = self.lines[0][sides[0][-1]]
        return sorted(zip(bounds.tolist(), indices.tolist(), strict=True), key=lambda bound: (-bound[0], bound[1]))


def _ends(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """Slice, line, and the places half a pixel before the first and after the last voxel, of lines with any voxel."""
    index, line = np.nonzero(mask.any(axis=2))
    inside = mask[index, line]
    first = inside.argmax(axis=1) - 0.5
    last = inside.shape[1] - inside[:, ::-1].argmax(axis=1) - 0.5
    return index, line.astype(float), first, last


def _axes(hull: np.ndarray, distances: np.ndarray, spacing: tuple[float, float], index: int) -> Diameter:
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
