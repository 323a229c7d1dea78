"""How well the in-plane diameters are known that were measured on the contour of one slice."""

from typing import NamedTuple

import numpy as np

from ..chords import Diameter
from ..contour import longest_of_contour, of_contours
from ..sub_pixel import bluntness, caps_of, pixel_along, sub_pixel
from .interval import Interval

# Truth minus diameter: 2.5th, 50th and 97.5th percentile as linear functions of `_terms`, by quantile regression
# (Koenker and Bassett, Econometrica 46, 1978) on 16,800 random placements of balls, ellipsoids, boxes and cylinders,
# 1 to 30 voxels wide, in voxels of 1 x 1 x 1 to 1 x 1 x 5. Bodies and sizes that missed more often than 2.5 times in
# 100 weigh more in the outer ones (once, by e^(12 times the excess)).
LONG = np.array(
    [
        [-0.237, -0.243, 0.095, -0.068, -0.040, 0.023, 0.196, -0.245, -0.055, -0.023, 1.948, 2.063, -0.892, 0.129],
        [-0.111, 0.343, 0.029, 0.011, 0.002, -0.007, -0.337, -0.121, 0.274, -0.242, -1.519, 2.041, 0.957, 0.051],
        [0.180, 1.299, -0.111, 0.227, 0.015, -0.005, -0.341, -0.380, 0.364, -0.632, -6.156, 1.724, 3.759, -0.121],
    ]
)
SHORT = np.array(
    [
        [-0.418, -0.401, 0.102, -0.076, -0.019, 0.019, -0.199, 0.881, 0.026, 0.109, 4.926, 0.933, -2.310, 0.172],
        [-0.121, 0.226, -0.014, 0.006, 0.047, -0.003, -0.100, 0.354, 0.109, -0.174, 4.946, 2.720, -2.522, 0.155],
        [0.702, -0.149, -0.039, -0.110, -0.022, 0.251, 0.435, 0.367, -0.141, -0.073, 0.283, 4.722, -0.613, 0.675],
    ]
)
# A slice's area by that of the ellipse with its diameters: 1 for ellipses, 2 / pi for a square; as far as it counts.
LEAST_FILL, MOST_FILL = 0.5, 1.3


class DiameterIntervals(NamedTuple):
    """Of the longest in-plane diameter and the longest one perpendicular to it, in mm."""

    long: Interval
    short: Interval


def diameter_intervals(mask: np.ndarray, spacing: tuple[float, float, float]) -> DiameterIntervals:
    """95 % intervals of the longest diameter a body has in any plane parallel to the slices, and of its perpendicular.

    mask: bool (z, y, x), not empty: voxel centers inside the body; spacing: x, y, z in mm. Errors: either end of a
    chord lies somewhere between two pixel centers, less surely where the body is pointed; and the body is longest
    somewhere between two slices, by as much more as the diameters fall towards the neighboring slices. The estimates
    add that to `in_plane_diameter`: through the squared diameters of three slices runs a parabola, as in an ellipsoid.
    """
    in_plane = spacing[:2]
    contour = longest_of_contour(mask, in_plane)
    index = contour.slice_index
    plane = mask[index]
    found = sub_pixel(plane, contour, in_plane)
    around = [_of_slice(mask, index + step, in_plane) for step in (-1, 1)]
    blunt = [bluntness(caps_of(plane, ends, in_plane)) for ends in (contour.long_ends, contour.short_ends)]
    ellipse = np.pi / 4 * max(found.long_mm * found.short_mm, 1e-300)
    fill = float(np.clip(np.count_nonzero(plane) * np.prod(in_plane) / ellipse, LEAST_FILL, MOST_FILL)) - 1
    intervals = []
    for measured, length, ends, neighbors, quantiles in (
        (found.long_mm, contour.long_mm, contour.long_ends, [s.long_mm if s else 0.0 for s in around], LONG),
        (found.short_mm, contour.short_mm, contour.short_ends, [s.short_mm if s else 0.0 for s in around], SHORT),
    ):
        between = _between_slices(length, *neighbors)
        terms = _terms(pixel_along(ends, in_plane), length, neighbors, 2 - blunt[0], 2 - blunt[1], fill)
        intervals.append(_interval(measured + between, quantiles @ terms))
    return DiameterIntervals(*intervals)


def _terms(
    pixel: float, length: float, neighbors: list[float], pointed: float, pointed_across: float, fill: float
) -> list[float]:
    """What the errors grow with, in mm. pointed: the ends of the long diameter and of the short one; 0 to 2."""
    fall, other = (max(0.0, length - neighbor) for neighbor in (max(neighbors), min(neighbors)))
    return [
        pixel,
        pixel * pointed,
        fall,
        other,
        pointed * fall,
        pointed * other,
        pixel * pointed_across,
        pixel * float(np.sqrt(pixel / length)),
        pixel * pointed * pointed_across,
        pixel * pointed**2,
        pixel * fill,
        pixel * fill**2,
        pixel * pointed * fill,
        fill * other,
    ]


def _of_slice(mask: np.ndarray, index: int, spacing: tuple[float, float]) -> Diameter | None:
    return next(of_contours(mask[index : index + 1], spacing), None) if 0 <= index < len(mask) else None


def _interval(corrected: float, errors: np.ndarray) -> Interval:
    low, estimate, high = (max(0.0, corrected + float(error)) for error in errors)
    return Interval(min(low, estimate), max(high, estimate), estimate)


def _between_slices(length: float, before: float, after: float) -> float:
    """How much longer (mm) than in its longest slice the body is at the top of the parabola."""
    bend = 2 * length**2 - before**2 - after**2
    if bend <= 0:
        return 0.0
    offset = float(np.clip((after**2 - before**2) / (2 * bend), -0.5, 0.5))
    return float(np.sqrt(length**2 + bend * offset**2 / 2)) - length
