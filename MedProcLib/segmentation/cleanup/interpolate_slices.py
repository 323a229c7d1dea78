"""Fill in the slices between those that were painted."""

import itertools
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_of, boxes_of
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.image_filter import Box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.claims import Claims
from ..common.label_boxes import chosen
from ..common.planes import slice_axis

# Outlines that share less than this part of the smaller one are moved onto each other first.
ENOUGH_OVERLAP = 0.5


@operation(
    "segmentation.interpolate_slices",
    title="Fill between slices",
    gives="labels",
    source="Raya & Udupa, Shape-based interpolation of multidimensional objects, IEEE TMI 9(1), 1990; Herman, Zheng & "
    "Bucholtz, Shape-based interpolation, IEEE Comput. Graph. Appl. 12(3), 1992",
    dimensions=(3,),
)
class InterpolateSlices:
    """Fill the slices between painted ones: paint every few slices and let the rest follow.

    Between two painted slices the outline changes as the signed distances to the two outlines do; outlines that hardly
    overlap, as of a slanting vessel, are moved along the line between their centers. What was painted stays, several
    segments are filled together, and nothing is added before the first and after the last painted slice.
    """

    across: Annotated[
        Literal["automatic", "slices", "axial", "coronal", "sagittal"],
        "which slices were painted; automatic: the direction in which most slices are empty",
    ] = "automatic"
    maximum_gap_mm: Annotated[
        float, Range(0, 1000, "mm"), "leave wider gaps, as between separate objects; 0: fill all"
    ] = 0.0
    segments: Annotated[str, "segments that are filled, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, mask=None, progress=SILENT):
        grid, values = Geometry.of(labels), sitk.GetArrayViewFromImage(labels)
        boxes = chosen(boxes_of(values), self.segments)
        painted = {value: _painted(values[box] == value) for value, box in boxes.items()}
        axis = self._axis(grid, painted)
        limit = self.maximum_gap_mm or np.inf
        gaps = [
            (value, first, second)
            for value in boxes
            for first, second in itertools.pairwise(np.flatnonzero(painted[value][axis]).tolist())
            if second - first > 1 and (second - first - 1) * grid.spacing[2 - axis] <= limit * (1 + 1e-6)
        ]
        if boxes and not gaps:
            raise InputError(
                "There is no gap between painted slices to fill: paint a segment in every few slices, or choose the "
                "direction and allow wider gaps."
            )
        if mask is not None:
            require_same_grid(labels, mask, "the label map and the mask")
        claims = Claims(labels, boxes, mask=mask)
        sides = tuple(s for number, s in enumerate(reversed(grid.spacing)) if number != axis)
        for done, (value, first, second) in enumerate(gaps):
            progress(done / len(gaps), "Filling between slices")
            _fill(claims, values, value, boxes[value], axis, (first, second), sides)
        return claims.image()

    def _axis(self, grid: Geometry, painted: dict[int, list[np.ndarray]]) -> int:
        """Array axis across the painted slices."""
        if self.across != "automatic":
            axis = slice_axis(grid, self.across)
            assert axis is not None
            return axis
        slices = [
            np.concatenate([there[axis] for there in painted.values()] or [np.ones(1, bool)]) for axis in range(3)
        ]
        return int(np.argmax([np.count_nonzero(~there) / there.size for there in slices]))


def _painted(region: np.ndarray) -> list[np.ndarray]:
    """For each axis which of the slices across it hold something of the region."""
    return [np.any(region, axis=tuple(other for other in range(3) if other != axis)) for axis in range(3)]


def _fill(
    claims: Claims, values: np.ndarray, value: int, box: Box, axis: int, ends: tuple[int, int], sides: tuple[float, ...]
) -> None:
    """Offer what lies of a segment between two of its painted slices (numbers within its box)."""
    part = np.moveaxis(values[box], axis, 0)
    first, second = (part[end] == value for end in ends)
    around = box_of(first | second)
    start, stop = (_signed_distance(np.pad(plane[around], 1), sides) for plane in (first, second))
    path = None
    if np.count_nonzero(first & second) < ENOUGH_OVERLAP * min(np.count_nonzero(first), np.count_nonzero(second)):
        path = np.subtract(ndimage.center_of_mass(second), ndimage.center_of_mass(first))
    for number in range(ends[0] + 1, ends[1]):
        share = (number - ends[0]) / (ends[1] - ends[0])
        here, there = start, stop
        if path is not None:
            here = ndimage.shift(start, share * path, order=1, mode="nearest")
            there = ndimage.shift(stop, (share - 1) * path, order=1, mode="nearest")
        distance = ((1 - share) * here + share * there)[1:-1, 1:-1]
        target = [slice(p.start + a.start, p.start + a.stop) for p, a in zip(_without(box, axis), around, strict=True)]
        target.insert(axis, slice(box[axis].start + number, box[axis].start + number + 1))
        distance = np.expand_dims(distance, axis).astype(np.float32)
        claims.offer(value, tuple(target), distance, distance <= 0)


def _signed_distance(region: np.ndarray, sides: tuple[float, ...]) -> np.ndarray:
    """mm from the outline, which lies between voxel centers; negative inside."""
    return ndimage.distance_transform_edt(~region, sides) - ndimage.distance_transform_edt(region, sides)


def _without(box: Box, axis: int) -> Box:
    return tuple(part for number, part in enumerate(box) if number != axis)
