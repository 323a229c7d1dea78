"""How well the in-plane diameters are known that were measured on the contour of one slice."""

from typing import NamedTuple

import numpy as np

from ..diameter import diameters_by_slice
from .interval import Interval

# Depth in pixels of the cap at a chord's end whose pixels are counted: many mean a blunt end, few a pointed one.
CAP_DEPTH = 1.5
# So many pixels make an end pointed; more make it blunt by 1 - exp(-(n - POINTED) / SCALE).
POINTED, SCALE = 2.8, 2.4
# A contour half-way between pixel centers overshoots a blunt end by this share of a pixel: of the many pixels there
# the outermost is found.
OVERSHOOT = 0.37
# Truth minus corrected diameter: 2.5th, 50th and 97.5th percentile as linear functions, by quantile regression
# (Koenker and Bassett, Econometrica 46, 1978) on 12,600 random placements of balls, ellipsoids, boxes and cylinders,
# 1 to 50 pixels wide, in voxels of 1 x 1 x 1 to 1 x 1 x 5. Columns: pixel, pixel times pointedness of the long ends,
# [pixel times pointedness of the short ends, pixel by root of length in pixels,] least and largest fall to the
# neighboring slices, and these two times the pointedness of the long ends. The ends of the intervals were then set
# apart by some hundredths of a pixel more, for balls and boxes.
LONG = np.array(
    [
        [-0.25, -0.24, 0.10, -0.06, -0.04, 0.02],
        [-0.10, 0.09, 0.05, 0.01, -0.02, -0.01],
        [0.21, 0.56, -0.07, 0.28, -0.06, 0.02],
    ]
)
SHORT = np.array(
    [
        [-1.15, -0.43, -0.28, 2.58, 0.08, -0.09, 0.00, 0.01],
        [-0.90, -0.06, -0.12, 2.37, -0.07, 0.01, 0.05, -0.01],
        [0.05, 0.08, 0.20, 1.26, -0.02, -0.05, -0.11, 0.16],
    ]
)


class DiameterIntervals(NamedTuple):
    """Of the longest in-plane diameter and the longest one perpendicular to it, in mm."""

    long: Interval
    short: Interval


def diameter_intervals(mask: np.ndarray, spacing: tuple[float, float, float]) -> DiameterIntervals:
    """95 % intervals of the longest diameter a body has in any plane parallel to the slices, and of its perpendicular.

    mask: bool (z, y, x), not empty: voxel centers inside the body; spacing: x, y, z in mm. Errors: either end of a
    chord lies somewhere between two pixel centers, less surely where the body is pointed; and the body is longest
    somewhere between two slices, by as much more as the diameters fall towards the neighboring slices. The estimates
    correct `in_plane_diameter` for both: its contour overshoots blunt ends, and through the squared diameters of three
    slices runs a parabola, as it does in an ellipsoid.
    """
    by_slice = {found.slice_index: found for found in diameters_by_slice(mask, spacing[:2])}
    best = max(by_slice.values(), key=lambda found: (found.long_mm, found.short_mm))
    around = [by_slice.get(best.slice_index + step) for step in (-1, 1)]
    plane = mask[best.slice_index]
    pixel, blunt = _ends(plane, best.long_ends, spacing[:2])
    across, blunt_across = _ends(plane, best.short_ends, spacing[:2])
    pointed = 2 - blunt
    neighbors = [found.long_mm if found else 0.0 for found in around]
    falls = best.long_mm - max(neighbors), best.long_mm - min(neighbors)
    long = best.long_mm - OVERSHOOT * pixel * blunt + _between_slices(best.long_mm, *neighbors)
    long_errors = LONG @ [pixel, pixel * pointed, *falls, *(pointed * fall for fall in falls)]
    short_neighbors = [found.short_mm if found else 0.0 for found in around]
    short_falls = best.short_mm - max(short_neighbors), best.short_mm - min(short_neighbors)
    short = best.short_mm + _between_slices(best.short_mm, *short_neighbors)
    short_errors = SHORT @ [
        across,
        across * pointed,
        across * (2 - blunt_across),
        across * np.sqrt(across / best.long_mm),
        *short_falls,
        *(pointed * fall for fall in short_falls),
    ]
    return DiameterIntervals(_interval(long, long_errors), _interval(short, short_errors))


def _interval(corrected: float, errors: np.ndarray) -> Interval:
    low, estimate, high = (max(0.0, corrected + float(error)) for error in errors)
    return Interval(min(low, estimate), max(high, estimate), estimate)


def _ends(plane: np.ndarray, ends: np.ndarray, spacing: tuple[float, float]) -> tuple[float, float]:
    """Extent (mm) of a pixel along the chord, and how blunt its ends are, each from 0 to 1, added up."""
    chord = (ends[1] - ends[0]) * spacing
    length = float(np.linalg.norm(chord))
    if length == 0:
        return float(min(spacing)), 0.0
    along = chord / length
    pixel = float(np.linalg.norm(along * spacing))
    places = (np.argwhere(plane)[:, ::-1] * spacing) @ along
    limits = np.sort((ends * spacing) @ along)
    counts = [
        np.count_nonzero(places < limits[0] + CAP_DEPTH * pixel),
        np.count_nonzero(places > limits[1] - CAP_DEPTH * pixel),
    ]
    return pixel, float(sum(max(0.0, 1 - np.exp(-(count - POINTED) / SCALE)) for count in counts))


def _between_slices(length: float, before: float, after: float) -> float:
    """How much longer (mm) than in its longest slice the body is at the top of the parabola."""
    bend = 2 * length**2 - before**2 - after**2
    if bend <= 0:
        return 0.0
    offset = float(np.clip((after**2 - before**2) / (2 * bend), -0.5, 0.5))
    return float(np.sqrt(length**2 + bend * offset**2 / 2)) - length
