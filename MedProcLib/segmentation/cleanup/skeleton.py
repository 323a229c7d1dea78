"""The curves in the middle of segments."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.progress import SILENT
from ..common.label_boxes import chosen
from ..common.thinning import thinned


@operation(
    "segmentation.skeleton",
    title="Skeleton",
    gives="labels",
    source="Lee, Kashyap & Chu, Building skeleton models via 3-D medial surface/axis thinning algorithms, CVGIP: "
    "Graphical Models 56(6), 1994",
)
class Skeleton:
    """Thin each segment to the curves in its middle, one voxel wide, with its pieces, branches and rings kept.

    For tubes such as vessels and airways. A hollow segment ends as a closed surface: fill its holes first.
    """

    segments: Annotated[str, "segments that are thinned, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, progress=SILENT):
        grid, values = Geometry.of(labels), sitk.GetArrayFromImage(labels)
        boxes = chosen(boxes_of(values), self.segments)
        sides = tuple(reversed(grid.spacing))
        for (value, box), part in zip(boxes.items(), progress.parts(*[1.0] * len(boxes)), strict=True):
            region = values[box] == value
            values[box][region & ~np.asarray(thinned(region, sides, part))] = 0
        return grid.image_of(values)
