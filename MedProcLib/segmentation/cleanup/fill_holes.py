"""Holes in segments."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import boxes_of, grown, union_of
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.label_boxes import chosen
from ..common.planes import WHERE, slice_axis


@operation(
    "segmentation.fill_holes",
    title="Fill holes",
    gives="labels",
    source="Soille, Morphological Image Analysis, 2nd ed., 2003 (section 6.3.7, fill holes)",
)
class FillHoles:
    """Fill the holes that a segment encloses, in 3D or slice by slice (cavities that open somewhere out of the slice).

    Only background is filled: what another segment occupies in a hole stays that segment's, and of segments one in
    another the inner one fills its own holes. What reaches the border of the image is no hole.
    """

    where: Annotated[
        WHERE, "enclosed on all sides, or within a slice (of the image, or nearest to a patient's plane)"
    ] = "3D"
    maximum_volume_mm3: Annotated[
        float, Range(0, 1e9, "mm3"), "leave larger holes (in slices: area times slice thickness); 0 is no limit"
    ] = 0.0
    enclosed_by_several: Annotated[
        bool, "also fill what several segments enclose together, each voxel with the nearest of them"
    ] = False
    segments: Annotated[str, "segments that are filled, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, progress=SILENT):
        grid, values = Geometry.of(labels), sitk.GetArrayFromImage(labels)
        axis = slice_axis(grid, self.where)
        boxes = chosen(boxes_of(values), self.segments)
        alone, together = progress.parts(1, 1 if self.enclosed_by_several else 1e-6)
        # the inner one of two has the smaller box
        by_size = sorted(boxes, key=lambda value: (np.prod([part.stop - part.start for part in boxes[value]]), value))
        for done, value in enumerate(by_size):
            alone(done / len(by_size), "Filling holes")
            part = values[boxes[value]]
            part[self._holes(part == value, part == 0, axis, grid)] = value
        if self.enclosed_by_several and boxes:
            self._fill_between(values[union_of(boxes)], list(boxes), axis, grid, together)
        return grid.image_of(values)

    def _holes(self, region: np.ndarray, background: np.ndarray, axis: int | None, grid: Geometry) -> np.ndarray:
        """Background that the region encloses, in pieces that are not too large."""
        holes = enclosed(region, axis) & background
        if self.maximum_volume_mm3 and holes.any():
            pieces, count = ndimage.label(holes, _joining(holes.ndim, axis))
            small = np.bincount(pieces.ravel(), minlength=count + 1) * grid.voxel_volume
            keep = small <= self.maximum_volume_mm3 * (1 + 1e-9)
            keep[0] = False
            holes = keep[pieces]
        return holes

    def _fill_between(
        self, values: np.ndarray, segments: list[int], axis: int | None, grid: Geometry, progress: Progress
    ) -> None:
        """Fill what the segments enclose together."""
        progress(0.0, "Filling between segments")
        holes = self._holes(np.isin(values, segments), values == 0, axis, grid)
        pieces, _ = ndimage.label(holes, ndimage.generate_binary_structure(holes.ndim, holes.ndim))
        found, whole = boxes_of(pieces), grid_of_box(grid, tuple(slice(0, size) for size in values.shape))
        for done, (number, box) in enumerate(found.items()):
            progress(done / len(found), "Filling between segments")
            around = grown(box, whole, 0.0)
            part = values[around]
            hole = pieces[around] == number
            near = ndimage.distance_transform_edt(
                ~np.isin(part, segments), tuple(reversed(grid.spacing)), return_distances=False, return_indices=True
            )
            part[hole] = part[tuple(near)][hole]


def enclosed(region: np.ndarray, axis: int | None = None) -> np.ndarray:
    """What lies outside the region (bool) but cannot reach the array's border over faces; axis: not along this one."""
    sides = [(0, 0) if size == 1 or number == axis else (1, 1) for number, size in enumerate(region.shape)]
    outside, count = ndimage.label(~np.pad(region, sides), _joining(region.ndim, axis))
    reached = np.zeros(count + 1, bool)
    for number, side in enumerate(sides):
        if side[0]:
            reached[np.take(outside, (0, -1), number).ravel()] = True
    reached[0] = True
    return ~reached[outside][tuple(slice(a, -a or None) for a, _ in sides)]


def _joining(dimension: int, axis: int | None) -> np.ndarray:
    """Neighbors over faces, but none along the axis."""
    structure = ndimage.generate_binary_structure(dimension, 1)
    if axis is not None:
        for end in (0, 2):
            structure[(slice(None),) * axis + (end,)] = False
    return structure
