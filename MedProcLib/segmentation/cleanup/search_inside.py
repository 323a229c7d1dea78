"""From segments to a region to search in."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT


@operation(
    "segmentation.search_inside",
    title="Search inside the segments",
    gives="mask",
    source="MedProc: connects steps of a recipe",
)
class SearchInside:
    """Let the steps that follow work inside the segments made so far (or one of them)."""

    segment: Annotated[int, Range(0, 65535), "number of the segment; 0 is all of them"] = 0

    def __call__(self, labels, progress=SILENT):
        values = sitk.GetArrayViewFromImage(labels)
        mask = values == self.segment if self.segment else values != 0
        if not mask.any():
            raise InputError("There is no such segment to search in: look at the step before this one.")
        return Geometry.of(labels).image_of(np.ascontiguousarray(mask))
