"""Cases of what grows from seeds: a ball of 100 on a ground of 20, seed 1 in it, seed 2 in a corner of the ground."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

from .case import Case, ball_image, ball_seeds


def middle_seed(image: sitk.Image) -> sitk.Image:
    """Only the seed in the ball."""
    return sitk.Cast(ball_seeds(image) == 1, sitk.sitkUInt8)


def two_in_the_ball(image: sitk.Image) -> sitk.Image:
    """Seeds 3 and 7 side by side in the middle."""
    seeds = np.zeros(tuple(reversed(image.GetSize())), np.uint8)
    middle = [n // 2 for n in seeds.shape]
    seeds[tuple(middle)] = 3
    axis = int(np.argmax(seeds.shape))
    middle[axis] = min(middle[axis] + 2, seeds.shape[axis] - 1)
    seeds[tuple(middle)] = 7
    return Geometry.of(image).image_of(seeds)


MIDDLE, TWO = {"seeds": middle_seed}, {"seeds": two_in_the_ball}

CASES = {
    "segmentation.connected_threshold": [
        Case(things=MIDDLE, parameters={"lower": 60.0}, scale_free=False),
        Case(things=TWO, parameters={"lower": 60.0, "maximum_radius_mm": 9.0}, scale_free=False),
    ],
    "segmentation.neighborhood_connected": [
        Case(things=MIDDLE, parameters={"lower": 60.0}, scale_free=False),
        Case(things=TWO, parameters={"lower": 60.0, "rim": False}, scale_free=False),
    ],
    "segmentation.confidence_connected": [
        Case(things=MIDDLE),
        Case(things=TWO, parameters={"maximum_volume_mm3": 1e5}),
    ],
    "segmentation.marker_watershed": [
        Case(parameters={"background_seed": 2}),
        Case(things=MIDDLE, parameters={"on": "bright_objects", "reach_mm": 0.0}),
        Case(things=TWO, parameters={"background_seed": 7}),
    ],
    "segmentation.watershed": [
        Case(parameters={"level": 8.0}, image=lambda *a: _two_levels(*a)),
        Case(parameters={"basins": "inside_edges"}, image=lambda *a: _two_levels(*a)),
    ],
    "segmentation.fast_marching": [
        Case(things=MIDDLE),
        Case(parameters={"background_seed": 2, "distance_mm": 0.0}),
    ],
    "segmentation.random_walker": [Case(parameters={"background_seed": 2}), Case(things=MIDDLE)],
    "segmentation.grow_from_seeds": [Case(parameters={"background_seed": 2}), Case(things=MIDDLE)],
}


def _two_levels(*arguments) -> sitk.Image:
    """The ball, with a corner that holds no number: no result there."""
    image = ball_image(*arguments)
    values = sitk.GetArrayFromImage(image)
    values[(slice(-1, None),) * values.ndim] = np.nan
    return Geometry.of(image).image_of(values)
