"""Grow, shrink, open and close segments."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.image_filter import Box, grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.claims import ROUNDING_MM, Claims
from ..common.label_boxes import chosen
from ..common.morphology import closed, dilated, distance_to


@operation(
    "segmentation.morphology",
    title="Grow, shrink, open, close",
    gives="labels",
    source="Serra, Image Analysis and Mathematical Morphology, 1982; balls by distance maps: Maurer et al., IEEE TPAMI "
    "25(2), 2003",
)
class Morphology:
    """Change segments by a ball of a radius in mm, which is round on uneven voxels too.

    Dilate adds a margin; erode takes one away; open cuts thin bridges and spikes; close fills narrow gaps and dents.
    Segments do not grow over each other: a voxel that several would take goes to the nearest. Where the border of the
    image cuts a segment it is not eroded.
    """

    action: Annotated[Literal["dilate", "erode", "open", "close"], "what is done"] = "dilate"
    radius_mm: Annotated[float, Range(0, 200, "mm"), "radius of the ball"] = 2.0
    over_others: Annotated[bool, "dilate, close: also over segments that are not chosen"] = False
    segments: Annotated[str, "segments that are changed, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, mask=None, progress=SILENT):
        boxes = chosen(boxes_of(sitk.GetArrayViewFromImage(labels)), self.segments)
        if self.action in ("dilate", "close"):
            return self._more(labels, boxes, mask, progress)
        return self._less(labels, boxes, mask, progress)

    def _more(
        self, labels: sitk.Image, boxes: dict[int, Box], mask: sitk.Image | None, progress: Progress
    ) -> sitk.Image:
        grid, before = Geometry.of(labels), sitk.GetArrayViewFromImage(labels)
        reach = self.radius_mm if self.action == "dilate" else 0.0
        boxes = {value: grown(box, grid, reach) for value, box in boxes.items()}
        claims = Claims(labels, boxes, self.over_others, mask)
        for (value, box), part in zip(boxes.items(), progress.parts(*[1.0] * len(boxes)), strict=True):
            region, local = before[box] == value, grid_of_box(grid, box)
            first, second = part.parts(1, 2)
            distance = distance_to(region, local, first)
            if self.action == "dilate":
                wanted = distance <= self.radius_mm + ROUNDING_MM
            else:
                wanted = closed(region, local, self.radius_mm + ROUNDING_MM, second)
            claims.offer(value, box, distance, wanted & ~region)
        return claims.image()

    def _less(
        self, labels: sitk.Image, boxes: dict[int, Box], mask: sitk.Image | None, progress: Progress
    ) -> sitk.Image:
        grid, values = Geometry.of(labels), sitk.GetArrayFromImage(labels)
        changeable = None
        if mask is not None:
            require_same_grid(labels, mask, "the label map and the mask")
            changeable = sitk.GetArrayViewFromImage(mask) != 0
        thickest = 0.0
        for (value, box), part in zip(boxes.items(), progress.parts(*[1.0] * len(boxes)), strict=True):
            around = grown(box, grid, 0.0)
            region, local = values[around] == value, grid_of_box(grid, around)
            first, second = part.parts(1, 1)
            depth = distance_to(~region, local, first)
            thickest = max(thickest, float(depth.max()))
            left = depth > self.radius_mm + ROUNDING_MM
            if self.action == "open" and left.any():
                left = dilated(left, local, self.radius_mm + ROUNDING_MM, second)
            gone = region & ~left if changeable is None else region & ~left & changeable[around]
            values[around][gone] = 0
        if boxes and not np.any(values):
            raise InputError(
                f"Nothing is left: no segment holds a ball of {self.radius_mm:g} mm radius; the thickest holds one "
                f"below {thickest:.3g} mm. Choose a smaller radius."
            )
        return grid.image_of(values)
