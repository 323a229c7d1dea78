"""Cases of combining."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

from .case import Case
from .cases_cleanup import halves


def three_raters(image: sitk.Image) -> list[sitk.Image]:
    """The ball in two segments, moved by a voxel or two along x and y."""
    values = sitk.GetArrayFromImage(halves(image))
    moved = [np.roll(values, shift, axis) for shift, axis in ((0, -1), (2, -1), (1, -2))]
    return [Geometry.of(image).image_of(each) for each in moved]


RATERS = {"raters": three_raters}

CASES = {
    "segmentation.majority_vote": [
        Case(things=RATERS),
        Case(things=RATERS, optional=("mask",), parameters={"minimum_share": 1}, flat=False),
    ],
    "segmentation.staple": [Case(things=RATERS), Case(things=RATERS, parameters={"method": "each segment"})],
    "segmentation.shape_average": [Case(things=RATERS)],
}
