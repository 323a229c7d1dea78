"""Cases of clean-up."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

from .case import Case, ball_labels


def _middle(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n // 2 for n in shape)


def ball_with_island(image: sitk.Image) -> sitk.Image:
    """The ball as segment 3 with a voxel-sized hole in it, and an island in a corner of the image."""
    values = sitk.GetArrayFromImage(ball_labels(image)) * 3
    values[_middle(values.shape)] = 0
    values[(0,) * values.ndim] = 3
    return Geometry.of(image).image_of(values)


def halves(image: sitk.Image) -> sitk.Image:
    """The ball in two segments that touch: 1 on the low side of x, 4 on the high side."""
    values = sitk.GetArrayFromImage(ball_labels(image))
    values[..., values.shape[-1] // 2 :] *= 4
    return Geometry.of(image).image_of(values)


def two_balls(image: sitk.Image) -> sitk.Image:
    """Two balls that touch, side by side along the last axis of more than one voxel."""
    shape = tuple(reversed(image.GetSize()))
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    wide = max(axis for axis, n in enumerate(shape) if n > 1)
    reach = min(s * n for s, n in zip(image.GetSpacing(), image.GetSize(), strict=True) if n > 1) / 4
    found = np.zeros(shape, bool)
    for sign in (-1, 1):
        squared = sum(
            ((a - (n - 1) / 2) * s - (sign * 0.8 * reach if axis == wide else 0)) ** 2
            for axis, (a, n, s) in enumerate(zip(axes, shape, reversed(image.GetSpacing()), strict=True))
        )
        found |= squared <= reach**2
    return Geometry.of(image).image_of(found)


def every_third_slice(image: sitk.Image) -> sitk.Image:
    """The ball painted in each third slice only."""
    values = sitk.GetArrayFromImage(ball_labels(image))
    values[np.arange(len(values)) % 3 != 0] = 0
    return Geometry.of(image).image_of(values)


ISLAND = {"labels": ball_with_island}
HALVES = {"labels": halves}

CASES = {
    "segmentation.keep_largest": [
        Case(things=ISLAND),
        Case(things=HALVES, parameters={"count": "of all together"}),
    ],
    "segmentation.keep_by_shape": [
        Case(parameters={"minimum_axis_ratio": 0.4, "minimum_thickness_mm": 3, "maximum_length_mm": 100}),
        Case(things=ISLAND, parameters={"minimum_compactness": 0.7}),
    ],
    "segmentation.keep_at_seeds": [
        Case(things=HALVES),
        Case(things=HALVES, parameters={"action": "remove"}, flat=False),
    ],
    "segmentation.remove_border": [Case(things=ISLAND)],
    "segmentation.fill_holes": [
        Case(things=ISLAND),
        Case(things=ISLAND, parameters={"where": "axial", "maximum_volume_mm3": 50}),
        Case(things=HALVES, parameters={"enclosed_by_several": True}),
    ],
    "segmentation.morphology": [
        Case(things=HALVES, parameters={"action": action}) for action in ("dilate", "erode", "open", "close")
    ],
    "segmentation.boundary": [
        Case(things=HALVES, parameters={"from_mm": -4, "to_mm": 4}),
        Case(things=HALVES, parameters={"from_mm": 1, "to_mm": 5, "segments": "1"}, flat=False),
    ],
    "segmentation.hollow": [Case(things=HALVES, parameters={"thickness_mm": 4})],
    "segmentation.combine_labels": [
        Case(things=HALVES, parameters={"first": "1", "second": "4", "result": 300}),
        Case(things=HALVES, parameters={"action": "subtract", "first": "4"}, optional=("mask",), flat=False),
        Case(things=HALVES, parameters={"action": "invert", "first": "4", "result": 2}),
    ],
    "segmentation.merge": [Case(things=HALVES, parameters={"rules": "1 -> 2; * -> 3"})],
    "segmentation.smooth": [
        Case(things=HALVES, parameters={"width_mm": 2}),
        Case(things=HALVES, parameters={"method": "median", "width_mm": 2.5, "keep_volume": "no"}),
        Case(things=HALVES, parameters={"keep_volume": "of each piece", "segments": "4"}, flat=False),
    ],
    "segmentation.interpolate_slices": [Case(things={"labels": every_third_slice}, flat=False)],
    "segmentation.surface": [Case(things=HALVES)],
    "segmentation.skeleton": [Case(things=HALVES)],
    "segmentation.split_touching": [
        Case(things={"labels": two_balls}),
        Case(things={"labels": two_balls}, parameters={"result": "gap"}, flat=False),
        Case(things={"labels": two_balls}, parameters={"by": "bright centers"}, optional=("image",), flat=False),
    ],
}
