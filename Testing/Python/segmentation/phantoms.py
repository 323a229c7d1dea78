"""Analytic label maps for the tests of clean-up and combining."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

UNEVEN = (0.8, 1.0, 2.0)


def label_map(values: np.ndarray, spacing=None) -> sitk.Image:
    """Image of an array (z, y, x) with a spacing (x, y, z)."""
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def radius_from(shape, spacing, center_mm) -> np.ndarray:
    """Distance (mm) of each voxel (z, y, x) from a point (x, y, z in mm from the first voxel)."""
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    return np.sqrt(sum((a * s - c) ** 2 for a, s, c in zip(axes, reversed(spacing), reversed(center_mm), strict=True)))


def ball(shape, spacing, center_mm, radius_mm) -> np.ndarray:
    return radius_from(shape, spacing, center_mm) <= radius_mm


def same_grid(a: sitk.Image, b: sitk.Image) -> bool:
    return Geometry.of(a).same_grid(Geometry.of(b))
