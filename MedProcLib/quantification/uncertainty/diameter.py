"""How well the in-plane diameters are known that were measured on the outline of one slice."""

from typing import NamedTuple

import numpy as np

from ..chords import Diameter
from ..contour import longest_of_contour, of_contours
from ..fitted import MODELS
from ..sub_pixel import LongDiameter, ShortDiameter, hull_of_centers, keeps_contour, of_both, smoothed_hull
from .interval import Interval

# A slice's area by that of the ellipse with its diameters, less one: 0 for ellipses, 2 / pi - 1 for a square.
FILL = (-0.6, 0.6)
LEAST = 1e-9
# A ball of two slices and more is seen in two at least; what is measured may be a little more.
SLICES_OF_ONE = 2.5
# How many slices what is drawn in one counts as, and more make no difference.
SEVERAL = 5


class DiameterIntervals(NamedTuple):
    """Of the longest in-plane diameter and the longest one perpendicular to it, in mm."""

    long: Interval
    short: Interval


class Outline(NamedTuple):
    """Of a slice: the contour's diameters, and the hulls of the pixel centers and of the smoothed outline (mm)."""

    contour: Diameter
    hull: np.ndarray
    smooth: np.ndarray | None

    @classmethod
    def of(cls, contour: Diameter, plane: np.ndarray, spacing: tuple[float, float]) -> "Outline":
        return cls(contour, hull_of_centers(plane, spacing), smoothed_hull(plane, spacing))

    def long(self, spacing: tuple[float, float]) -> LongDiameter:
        return LongDiameter.of(self.hull, self.smooth, self.contour.long_ends, spacing)


class Outlines(NamedTuple):
    """here: of the longest slice; around: of the slices before and after, None outside the mask; area in mm2; slices:
    how many hold voxels."""

    here: Outline
    around: tuple[Outline | None, Outline | None]
    area: float
    slices: int

    @classmethod
    def of(cls, mask: np.ndarray, spacing: tuple[float, float, float]) -> "Outlines":
        """mask: bool (z, y, x), not empty; spacing: x, y, z in mm."""
        in_plane = spacing[:2]
        contour = longest_of_contour(mask, in_plane)
        index = contour.slice_index
        around = []
        for other in (index - 1, index + 1):
            found = next(of_contours(mask[other : other + 1], in_plane), None) if 0 <= other < len(mask) else None
            around.append(None if found is None else Outline.of(found, mask[other], in_plane))
        area = np.count_nonzero(mask[index]) * in_plane[0] * in_plane[1]
        slices = int(np.count_nonzero(mask.any(axis=(1, 2))))
        return cls(Outline.of(contour, mask[index], in_plane), (around[0], around[1]), area, slices)


class Measured(NamedTuple):
    """Both diameters as measured in the slice, as they are shown, and what their errors depend on (n,)."""

    long: LongDiameter
    short: ShortDiameter
    shown: Diameter
    features: np.ndarray


def diameter_intervals(mask: np.ndarray, spacing: tuple[float, float, float]) -> DiameterIntervals:
    """95 % intervals of the longest diameter a body has in any plane parallel to the slices, and of its perpendicular.

    mask: bool (z, y, x), not empty: voxel centers inside the body; spacing: x, y, z in mm. Errors: either end of a
    chord lies somewhere between two pixel centers, less surely where the body is pointed; which of two nearly equal
    diagonals is the longest decides the perpendicular; and the body is longest somewhere between two slices, by as much
    more as the diameters fall towards the neighboring slices, little in a ball and up to a corner's length in a
    polyhedron. What the slices show of all that are the features (`measured`) of the quantiles of the error.
    """
    return intervals_of(measured(Outlines.of(mask, spacing), spacing))


def intervals_of(found: Measured) -> DiameterIntervals:
    """95 % intervals by the features of the errors; they hold what is shown."""
    long, short, shown, features = found
    first = _interval(long.mm, MODELS["long_errors"].quantiles(features) * long.pixel[0], shown.long_mm)
    second = _interval(short.mm, MODELS["short_errors"].quantiles(features) * short.pixel[0], shown.short_mm)
    if second.estimate > first.estimate:  # each is told by itself, and the longest is the longest
        both = (first.estimate + second.estimate) / 2
        first, second = (Interval(min(i.low, both), max(i.high, both), both) for i in (first, second))
    return DiameterIntervals(first, second)


def measured(outlines: Outlines, spacing: tuple[float, float, float]) -> Measured:
    """The diameters of the longest slice, with the features of their errors.

    Features, lengths in pixels along the diameters: both forms of either diameter's ends; how much the ends of the long
    one differ; both lengths; the slice's area by that of an ellipse; how much of the outline lies along rows and
    columns; how much the two diameters fall towards the neighboring slices, and what a parabola through the three adds
    between them, as in an ellipsoid; the slices' thickness, which says nothing of what lies in one slice alone; how
    many slices there are.
    """
    in_plane = spacing[:2]
    contour, hull, smooth = outlines.here
    long = outlines.here.long(in_plane)
    short = ShortDiameter.of(hull, smooth, long, in_plane)
    shown = contour if keeps_contour(contour, smooth, in_plane) else of_both(contour, long, short, in_plane)
    around = [
        (0.0, 0.0) if each is None else (each.long(in_plane).mm, each.contour.short_mm) for each in outlines.around
    ]
    thickness, slices = spacing[2] / long.pixel[0], outlines.slices
    if long.mm > SLICES_OF_ONE * spacing[2] and not any(length for length, _ in around):
        # drawn in one slice, or flat: no end of a body bulges there, however thick the slice is
        around, thickness, slices = [(long.mm, contour.short_mm)] * 2, min(thickness, 1.0), max(slices, SEVERAL)
    fill = outlines.area / max(np.pi / 4 * long.mm * short.mm, LEAST) - 1
    features = [
        *long.ends.features.sum(axis=0),
        *short.features.sum(axis=0),
        abs(float(long.gaps[0] - long.gaps[1])),
        float(long.gaps.sum()),
        float(short.gaps.sum()),
        np.log(long.mm / long.pixel[0] + 1),
        np.log(short.mm / short.pixel[0] + 1),
        float(np.clip(fill, *FILL)),
        *_along_the_grid(hull),
        *_falls(long.mm, [each[0] for each in around], long.pixel[0]),
        *_falls(contour.short_mm, [each[1] for each in around], short.pixel[0]),
        np.log(thickness),
        np.log(min(slices, SEVERAL)),
    ]
    return Measured(long, short, shown, np.array(features))


def _falls(here: float, around: list[float], pixel: float) -> np.ndarray:
    """How much a diameter (mm) falls to the neighboring slices (0 outside the mask), more and less, and what the
    parabola through the squares of the three adds at its top, in pixels, drawn together where they are many."""
    length, before, after = (value / pixel for value in (here, *around))
    falls = (length - min(before, after), length - max(before, after))
    bend, top = 2 * length**2 - before**2 - after**2, 0.0
    if bend > 0:
        offset = float(np.clip((after**2 - before**2) / (2 * bend), -0.5, 0.5))
        top = float(np.sqrt(length**2 + bend * offset**2 / 2)) - length
    return np.arcsinh([*falls, top])


def _along_the_grid(hull: np.ndarray) -> tuple[float, float]:
    """How much of its extent a hull (n, 2) touches the four sides of its box with, in the mean and at least: 1 of a
    rectangle along rows and columns, 0 where a corner touches."""
    low, high = hull.min(axis=0), hull.max(axis=0)
    shares = []
    for axis in (0, 1):
        extent = max(high[1 - axis] - low[1 - axis], LEAST)
        for end in (low, high):
            touching = hull[np.abs(hull[:, axis] - end[axis]) <= LEAST * extent, 1 - axis]
            shares.append(float(np.ptp(touching)) / extent)
    return float(np.mean(shares)), min(shares)


def _interval(measured: float, errors: np.ndarray, shown: float) -> Interval:
    """With the value that is shown in it, though a body in few slices is likely to be larger."""
    low, estimate, high = (max(0.0, measured + float(error)) for error in errors)
    return Interval(min(low, shown), max(high, shown), estimate)
