"""Longest in-plane diameter of an object and the longest one perpendicular to it, as RECIST and WHO measure."""

import numpy as np

from .chords import Diameter
from .contour import longest_of_contour, of_contours
from .sub_pixel import sub_pixel

__all__ = ["Diameter", "diameters_by_slice", "in_plane_diameter"]


def in_plane_diameter(mask: np.ndarray, spacing: tuple[float, float]) -> Diameter:
    """The longest diameter that an object has in one of its slices, and the longest chord perpendicular to it there.

    mask: bool (z, y, x), not empty; spacing: x, y in mm. The slice and what is too small for more are those of the
    contour half-way between the centers of inside and outside pixels; the lengths are those of the object that the
    pixels were made of (`sub_pixel`). Both are measured on the outline's convex hull.
    Source: RECIST 1.1 (Eisenhauer et al. 2009); WHO handbook 1979.
    """
    found = longest_of_contour(mask, spacing)
    return sub_pixel(mask[found.slice_index], found, spacing)


def diameters_by_slice(mask: np.ndarray, spacing: tuple[float, float]) -> list[Diameter]:
    """The longest diameter and its perpendicular of every slice that holds voxels, as `in_plane_diameter` has them."""
    return [sub_pixel(mask[found.slice_index], found, spacing) for found in of_contours(mask, spacing)]
