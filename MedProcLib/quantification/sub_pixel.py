"""In-plane diameters of an object, not of its pixels: corrected for what the steps of the outline add and hide."""

import numpy as np
from scipy import ndimage

from .chords import Diameter, longest_chords

# Standard deviation of the blur in pixels that smooths the steps, and its reach.
BLUR, REACH = 0.8, 4
# Of anything shorter across, in pixels, nothing is left at half height.
THINNEST = 2.0
# What the blur takes more off, in pixels, was a spike or a piece as thin as that: the contour keeps it.
LOST = 2.0
# Depth in pixels of the cap at a chord's end whose pixels are counted: many mean a blunt end, few a pointed one.
CAP_DEPTH = 1.5
# So many pixels make an end pointed; more make it blunt by 1 - exp(-(n - POINTED) / SCALE).
POINTED, SCALE = 2.8, 2.4
# Truth minus measured, in pixels: coefficients of 1, pixel by length, bluntness, [its square, log of the caps' pixels].
# Least squares with Cauchy weights (scale 0.2) on 8,000 plane sections of balls, ellipsoids, boxes and cylinders, in
# any place and orientation, 1 to 40 pixels wide. The contour overshoots a blunt end by some 0.4 pixels, of the many
# pixels there the outermost being found, and falls short of a corner, which has few.
LONG = np.array([-0.31, -0.87, -0.56, -0.20, 0.31])
# Of the smoothed outline.
SHORT = np.array([0.29, 1.26, -0.25])


def sub_pixel(plane: np.ndarray, found: Diameter, spacing: tuple[float, float]) -> Diameter:
    """The likeliest diameters of the object in a slice that shows as the pixels bool (y, x); spacing: x, y in mm.

    found: of the contour half-way between pixel centers (`longest_of_contour`); it stays as it is where the object, or
    what its ends lie on, is less than 2 pixels across. Directions are those of the outline at half height of the
    slightly blurred pixels, and so is the short diameter, which the steps along the flanks would lengthen; the long one
    is the contour's, whose corners blur would round. Both are corrected by how blunt their ends are. Of balls and
    ellipsoids more than 10 pixels across, 9 of 10 and more are within half a pixel; of boxes some 7, as their corners
    hide between the pixels.
    """
    smooth = _smoothed(plane, found, spacing)
    across = pixel_along(found.short_ends, spacing)
    if smooth is None or found.short_mm < THINNEST * across:
        return found
    along = pixel_along(found.long_ends, spacing)
    if found.long_mm - smooth.long_mm > LOST * along or abs(found.short_mm - smooth.short_mm) > LOST * across:
        return found
    caps = caps_of(plane, found.long_ends, spacing)
    blunt = bluntness(caps)
    of_long = LONG @ [1, along / found.long_mm, blunt, blunt**2, float(np.log(caps).sum())]
    of_short = SHORT @ [1, across / found.short_mm, bluntness(caps_of(plane, found.short_ends, spacing))]
    long_mm = found.long_mm + float(of_long) * along
    short_mm = min(smooth.short_mm + float(of_short) * across, long_mm)
    long_ends = _stretched(smooth.long_ends, long_mm / smooth.long_mm)
    short_ends = _stretched(smooth.short_ends, short_mm / smooth.short_mm)
    return Diameter(long_mm, short_mm, found.slice_index, long_ends, short_ends)


def pixel_along(ends: np.ndarray, spacing: tuple[float, float]) -> float:
    """Extent (mm) of a pixel along a chord (2, 2; index x, y)."""
    chord = (ends[1] - ends[0]) * spacing
    length = float(np.linalg.norm(chord))
    return float(np.linalg.norm(chord / length * spacing)) if length else float(min(spacing))


def caps_of(plane: np.ndarray, ends: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """How many pixels lie near either end of a chord (2,), measured along it."""
    chord = (ends[1] - ends[0]) * spacing
    along = chord / max(float(np.linalg.norm(chord)), 1e-300)
    y, x = np.nonzero(plane)
    places = x * (spacing[0] * along[0]) + y * (spacing[1] * along[1])
    first, last = np.sort((ends * spacing) @ along)
    depth = CAP_DEPTH * pixel_along(ends, spacing)
    return np.array([np.count_nonzero(places < first + depth), np.count_nonzero(places > last - depth)])


def bluntness(caps: np.ndarray) -> float:
    """How blunt the two ends are whose caps hold so many pixels: 0 (both pointed) to 2."""
    return float(np.maximum(0.0, 1 - np.exp(-(caps - POINTED) / SCALE)).sum())


def _smoothed(plane: np.ndarray, found: Diameter, spacing: tuple[float, float]) -> Diameter | None:
    """Of the outline at half height of the blurred pixels; None where blur leaves nothing so high."""
    y, x = (np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0))
    margin = int(np.ceil(BLUR * REACH)) + 1
    tight = np.pad(plane[y[0] : y[-1] + 1, x[0] : x[-1] + 1].astype(float), margin)
    height = ndimage.gaussian_filter(tight, BLUR, truncate=REACH) - 0.5
    if not (height > 0).any():
        return None
    points = np.concatenate([_crossings(height), _crossings(height.T)[:, ::-1]])
    points += [x[0] - margin, y[0] - margin]
    return longest_chords(points, spacing, found.slice_index)


def _crossings(height: np.ndarray) -> np.ndarray:
    """Outermost places (n, 2; x, y) where the rows rise above 0, linearly between pixels."""
    rows = np.flatnonzero((height > 0).any(axis=1))
    lines, row = height[rows], np.arange(len(rows))
    first = (lines > 0).argmax(axis=1)
    last = lines.shape[1] - 1 - (lines > 0)[:, ::-1].argmax(axis=1)
    left = first - lines[row, first] / (lines[row, first] - lines[row, first - 1])
    right = last + lines[row, last] / (lines[row, last] - lines[row, last + 1])
    return np.concatenate([np.stack([left, rows], 1), np.stack([right, rows], 1)])


def _stretched(ends: np.ndarray, factor: float) -> np.ndarray:
    middle = ends.mean(axis=0)
    return middle + (ends - middle) * factor
