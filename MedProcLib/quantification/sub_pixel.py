"""In-plane diameters of an object, not of its pixels: corrected for what the steps of the outline add and hide."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .chords import Diameter, chord_across, convex_hull
from .outline_ends import Ends, long_gaps, short_features, short_gaps

# Standard deviation of the blur in pixels that smooths the steps, and its reach.
BLUR, REACH = 0.8, 4
# Of anything shorter across, in pixels, nothing is left at half height.
THINNEST = 2.0
# What the blur takes more off, in pixels, was a spike or a piece as thin as that: the contour keeps it.
LOST = 2.0


def sub_pixel(plane: np.ndarray, found: Diameter, spacing: tuple[float, float]) -> Diameter:
    """The likeliest diameters of the object in a slice that shows as the pixels bool (y, x); spacing: x, y in mm.

    found: of the contour half-way between pixel centers (`longest_of_contour`); it stays as it is where the object, or
    what its ends lie on, is less than 2 pixels across. Otherwise both diameters begin as chords of the hull of the
    pixel centers inside, and are lengthened at either end by what the shape there tells (`outline_ends`): half a pixel
    and less at a blunt end, more at a corner. The long one leads from tip to tip, the short one lies at right angles.
    """
    smooth = smoothed_hull(plane, spacing)
    if keeps_contour(found, smooth, spacing):
        return found
    hull = hull_of_centers(plane, spacing)
    long = LongDiameter.of(hull, smooth, found.long_ends, spacing)
    return of_both(found, long, ShortDiameter.of(hull, smooth, long, spacing), spacing)


def keeps_contour(found: Diameter, smooth: np.ndarray | None, spacing: tuple[float, float]) -> bool:
    """Whether an object, or what the ends of its longest chord lie on, is too thin for more than its contour."""
    if smooth is None or found.short_mm < THINNEST * pixel_along(found.short_ends, spacing):
        return True
    chord = (found.long_ends[1] - found.long_ends[0]) * spacing / found.long_mm
    return found.long_mm - float(np.ptp(smooth @ chord)) > LOST * pixel_along(found.long_ends, spacing)


def of_both(found: Diameter, long: "LongDiameter", short: "ShortDiameter", spacing: tuple[float, float]) -> Diameter:
    """The diameters that are shown, unless the contour's perpendicular ends on something thin: then the contour's."""
    if abs(found.short_mm - short.smooth_mm) > LOST * pixel_along(found.short_ends, spacing):
        return found
    short_mm = min(short.mm, long.mm)
    short_ends = _stretched(short.chord, short_mm)
    return Diameter(long.mm, short_mm, found.slice_index, long.tips / spacing, short_ends / spacing)


class LongDiameter(NamedTuple):
    """The longest diameter of an outline: mm; tips (2, 2) in mm; pixel: the pixel's extents (mm) along it and across;
    ends: of the pixel centers' hull along the contour's chord; gaps (2,): what lies beyond, in pixels."""

    mm: float
    tips: np.ndarray
    pixel: tuple[float, float]
    ends: Ends
    gaps: np.ndarray

    @classmethod
    def of(
        cls, hull: np.ndarray, smooth: np.ndarray | None, chord_ends: np.ndarray, spacing: tuple[float, float]
    ) -> "LongDiameter":
        """hull, smooth: of the pixel centers and of the smoothed outline (n, 2), in mm; chord_ends: of the contour's
        longest chord (2, 2; index x, y)."""
        chord = (chord_ends[1] - chord_ends[0]) * spacing
        along = chord / np.linalg.norm(chord)
        across = np.array([-along[1], along[0]])
        pixel = _pixels(along, spacing)
        ends = Ends.along(hull, smooth, along, pixel, _slant(along, spacing))
        gaps = long_gaps(ends)
        length = max(0.0, ends.extent + float(gaps.sum())) * pixel[0]
        direction = length * along + ends.sideways(gaps) * pixel[1] * across
        middle = (ends.first - gaps[0] + ends.last + gaps[1]) / 2 * pixel[0] * along
        middle = middle + ends.middles[:, 0].mean() * pixel[1] * across
        return cls(
            length, _stretched(np.stack([middle - direction / 2, middle + direction / 2]), length), pixel, ends, gaps
        )


class ShortDiameter(NamedTuple):
    """The longest diameter at right angles to the long one: mm; chord (2, 2): of the pixel centers' hull, in mm; pixel:
    the pixel's extents (mm) along it and across; features (2, m): of its ends; gaps (2,): what lies beyond the chord,
    smoother: how much longer the smoothed outline's chord is, both in pixels."""

    mm: float
    chord: np.ndarray
    pixel: tuple[float, float]
    features: np.ndarray
    gaps: np.ndarray
    smoother: float

    @property
    def smooth_mm(self) -> float:
        """Length of the smoothed outline's chord."""
        return float(np.linalg.norm(self.chord[1] - self.chord[0])) + self.smoother * self.pixel[0]

    @classmethod
    def of(
        cls, hull: np.ndarray, smooth: np.ndarray | None, long: LongDiameter, spacing: tuple[float, float]
    ) -> "ShortDiameter":
        """hull, smooth: of the pixel centers and of the smoothed outline (n, 2), in mm."""
        chord = long.tips[1] - long.tips[0]
        along = chord / max(float(np.linalg.norm(chord)), 1e-300)
        across = np.array([-along[1], along[0]])
        pixel = _pixels(across, spacing)
        ends = Ends.along(hull, smooth, across, pixel, _slant(across, spacing))
        plain = chord_across(hull, along)
        places = plain @ across / pixel[0]
        length = float(places[1] - places[0])
        smoother = 0.0
        if smooth is not None and len(smooth) > 2:
            smoother = float(np.ptp(chord_across(smooth, along) @ across)) / pixel[0] - length
        inside = np.array([places[0] - ends.first, ends.last - places[1]])
        features = short_features(ends, long.mm / long.pixel[0], inside, smoother)
        gaps = short_gaps(features)
        return cls(max(0.0, length + float(gaps.sum())) * pixel[0], plain, pixel, features, gaps, smoother)


def pixel_along(ends: np.ndarray, spacing: tuple[float, float]) -> float:
    """Extent (mm) of a pixel along a chord (2, 2; index x, y)."""
    chord = (ends[1] - ends[0]) * spacing
    length = float(np.linalg.norm(chord))
    return _pixel(chord / length, spacing) if length else float(min(spacing))


def hull_of_centers(plane: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Convex hull (n, 2), x, y in mm, of the centers of pixels bool (y, x), not empty."""
    rows = np.flatnonzero(plane.any(axis=1))
    lines = plane[rows]
    first, last = lines.argmax(axis=1), lines.shape[1] - 1 - lines[:, ::-1].argmax(axis=1)
    return convex_hull(np.concatenate([np.stack([first, rows], 1), np.stack([last, rows], 1)]) * np.array(spacing))


def smoothed_hull(plane: np.ndarray, spacing: tuple[float, float]) -> np.ndarray | None:
    """Hull (n, 2), in mm, of the outline at half height of the blurred pixels; None where nothing is so high."""
    y, x = (np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0))
    margin = int(np.ceil(BLUR * REACH)) + 1
    tight = np.pad(plane[y[0] : y[-1] + 1, x[0] : x[-1] + 1].astype(float), margin)
    height = ndimage.gaussian_filter(tight, BLUR, truncate=REACH) - 0.5
    if height.max() <= 0:
        return None
    points = np.concatenate([_crossings(height), _crossings(height.T)[:, ::-1]])
    points += [x[0] - margin, y[0] - margin]
    return convex_hull(points * spacing)


def _crossings(height: np.ndarray) -> np.ndarray:
    """Outermost places (n, 2; x, y) where the rows rise above 0, linearly between pixels."""
    inside = height > 0
    rows = np.flatnonzero(inside.any(axis=1))
    lines, inside, row = height[rows], inside[rows], np.arange(len(rows))
    first = inside.argmax(axis=1)
    last = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    left = first - lines[row, first] / (lines[row, first] - lines[row, first - 1])
    right = last + lines[row, last] / (lines[row, last] - lines[row, last + 1])
    return np.concatenate([np.stack([left, rows], 1), np.stack([right, rows], 1)])


def _pixel(direction: np.ndarray, spacing: tuple[float, float]) -> float:
    return float(np.linalg.norm(direction * spacing))


def _pixels(direction: np.ndarray, spacing: tuple[float, float]) -> tuple[float, float]:
    """Extents (mm) of a pixel along a direction and, on lines at right angles to it, across; their product its area."""
    along = _pixel(direction, spacing)
    return along, spacing[0] * spacing[1] / along


def _slant(direction: np.ndarray, spacing: tuple[float, float]) -> float:
    """Larger part, along a row or a column, of a direction counted in pixels."""
    return float(np.abs(direction * spacing).max()) / _pixel(direction, spacing)


def _stretched(ends: np.ndarray, length: float) -> np.ndarray:
    """Ends (2, 2) in mm, moved alike to this distance of each other."""
    middle, chord = ends.mean(axis=0), ends[1] - ends[0]
    return middle + np.outer([-0.5, 0.5], chord / max(float(np.linalg.norm(chord)), 1e-300)) * length
