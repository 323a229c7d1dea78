"""How well the in-plane diameters are known that were measured on the outline of one slice."""

from typing import NamedTuple

import numpy as np

from ..chords import Diameter
from ..contour import longest_of_contour, of_contours
from ..outline_ends import SHORT_AT, inside_logarithm
from ..sub_pixel import LongDiameter, ShortDiameter, hull_of_centers, keeps_contour, of_both, smoothed_hull
from .diameter_model import LONG, SHORT
from .interval import Interval

# A slice's area by that of the ellipse with its diameters, less one: 0 for ellipses, 2 / pi - 1 for a square.
FILL = (-0.6, 0.6)
# Of `outline_ends.DEPTHS`, at which the outline's widths near the ends are taken.
NEAR_TIP, FAR_BEHIND = 1, 4
LEAST = 1e-9
# A ball of two slices and more is seen in two at least; what is measured may be a little more.
SLICES_OF_ONE = 2.5


class DiameterIntervals(NamedTuple):
    """Of the longest in-plane diameter and the longest one perpendicular to it, in mm."""

    long: Interval
    short: Interval


def diameter_intervals(mask: np.ndarray, spacing: tuple[float, float, float]) -> DiameterIntervals:
    """95 % intervals of the longest diameter a body has in any plane parallel to the slices, and of its perpendicular.

    mask: bool (z, y, x), not empty: voxel centers inside the body; spacing: x, y, z in mm. Errors: either end of a
    chord lies somewhere between two pixel centers, less surely where the body is pointed; which of two nearly equal
    diagonals is the longest decides the perpendicular; and the body is longest somewhere between two slices, by as much
    more as the diameters fall towards the neighboring slices, little in a ball and up to a corner's length in a
    polyhedron. What the slices show of all that are the features (`_features`) of the quantiles of the error.
    """
    in_plane = spacing[:2]
    contour = longest_of_contour(mask, in_plane)
    plane = mask[contour.slice_index]
    hull = hull_of_centers(plane, in_plane)
    long = LongDiameter.of(hull, contour.long_ends, in_plane)
    smooth = smoothed_hull(plane, in_plane)
    short = ShortDiameter.of(hull, smooth, long, in_plane)
    shown = contour if keeps_contour(contour, smooth, in_plane) else of_both(contour, long, short, in_plane)
    around = [_of_slice(mask, contour.slice_index + step, in_plane) for step in (-1, 1)]
    if long.mm > SLICES_OF_ONE * spacing[2] and not any(length for length, _ in around):
        around = [(long.mm, contour.short_mm)] * 2  # drawn in one slice, or flat: no end of a body bulges there
    features = _features(long, short, contour, around, np.count_nonzero(plane) * spacing[0] * spacing[1], spacing[2])
    of_long = [*features, abs(float(long.gaps[0] - long.gaps[1])), long.ends.slant]
    of_short = [*features, *short.ends.widths_at(SHORT_AT).sum(axis=0), float(inside_logarithm(short.inside).sum())]
    return DiameterIntervals(
        _interval(long.mm, LONG.quantiles(np.array(of_long)) * long.pixel[0], shown.long_mm),
        _interval(short.mm, SHORT.quantiles(np.array(of_short)) * short.pixel[0], shown.short_mm),
    )


def _features(
    long: LongDiameter,
    short: ShortDiameter,
    contour: Diameter,
    around: list[tuple[float, float]],
    area: float,
    thickness: float,
) -> list[float]:
    """What the errors depend on, lengths in pixels along the diameters.

    How much the long diameter falls towards the neighboring slices, around (long, of the contour's short; 0 outside the
    mask; mm), and what a parabola through the three adds between them, as in an ellipsoid; what lies beyond the long
    one's outermost pixel centers, and how wide the outline is near these; both lengths; the slice's area (mm2); the
    falls and the parabola of the short one; what lies beyond its chord; how much longer the smoothed outline's chord
    is; the thickness (mm) of the slices.
    """
    of_long = np.array([long.mm, *(each[0] for each in around)]) / long.pixel[0]
    of_short = np.array([contour.short_mm, *(each[1] for each in around)]) / short.pixel[0]
    falls, others = of_long[0] - of_long[1:], of_short[0] - of_short[1:]
    tip, behind = long.ends.widths_at([NEAR_TIP, FAR_BEHIND]).T
    fill = area / max(np.pi / 4 * long.mm * short.mm, LEAST) - 1
    return [
        *np.arcsinh([falls.max(), falls.min(), _between_slices(*of_long)]),
        float(long.gaps.sum()),
        *np.sort(tip),
        float(behind.sum()),
        np.log(of_long[0] + 1),
        np.log(short.mm / short.pixel[0] + 1),
        float(np.clip(fill, *FILL)),
        *np.arcsinh([others.max(), others.min(), _between_slices(*of_short)]),
        float(short.gaps.sum()),
        short.smoother,
        np.log(thickness / long.pixel[0]),
    ]


def _of_slice(mask: np.ndarray, index: int, spacing: tuple[float, float]) -> tuple[float, float]:
    """Long diameter, and the contour's short one, of a slice, in mm; 0 where there is none."""
    found = next(of_contours(mask[index : index + 1], spacing), None) if 0 <= index < len(mask) else None
    if found is None:
        return 0.0, 0.0
    return LongDiameter.of(hull_of_centers(mask[index], spacing), found.long_ends, spacing).mm, found.short_mm


def _interval(measured: float, errors: np.ndarray, shown: float) -> Interval:
    """With the value that is shown in it, though a body in few slices is likely to be larger."""
    low, estimate, high = (max(0.0, measured + float(error)) for error in errors)
    return Interval(min(low, shown), max(high, shown), estimate)


def _between_slices(length: float, before: float, after: float) -> float:
    """How much longer than in its longest slice the body is at the top of the parabola of the squared diameters."""
    bend = 2 * length**2 - before**2 - after**2
    if bend <= 0:
        return 0.0
    offset = float(np.clip((after**2 - before**2) / (2 * bend), -0.5, 0.5))
    return float(np.sqrt(length**2 + bend * offset**2 / 2)) - length
