"""The mean shape of what raters drew."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of, grown, union_of
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.image_filter import Box, grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.morphology import distance_to
from .raters import checked


@operation(
    "segmentation.shape_average",
    title="Shape-based average",
    gives=("labels", "maps"),
    source="Rohlfing & Maurer, Shape-based averaging, IEEE Trans. Image Process. 16(1), 2007",
)
class ShapeAverage:
    """Combine label maps of several raters by the mean of the signed distances to their surfaces, segments jointly.

    Each voxel gets the label into which it lies deepest on average, so that the result is a smooth shape between the
    raters' and does not fall apart where they differ. A rater who lacks a segment counts as this far away from it.
    Map: `surface_spread`, the standard deviation (mm) among raters of a voxel's distance to the surface of what it
    becomes; on the surface of the result that is how far apart the raters' surfaces lie.
    """

    missing_mm: Annotated[float, Range(0.1, 1000, "mm"), "distance from a segment that a rater did not mark"] = 20.0

    def __call__(self, raters, mask=None, progress=SILENT):
        raters = checked(raters)
        if mask is not None:
            require_same_grid(raters[0], mask, "the raters and the mask")
        grid = Geometry.of(raters[0])
        views = [sitk.GetArrayViewFromImage(rater) for rater in raters]
        boxes = _boxes(views)
        if not boxes:
            raise InputError("No rater marked anything.")
        frame = grown(union_of(boxes), grid, 0.0)
        parts = progress.parts(2, *[1.0] * len(boxes))
        # depth into the background, and its spread
        best, spread = self._distance([view[frame] != 0 for view in views], grid_of_box(grid, frame), parts[0])
        np.negative(best, out=best)
        result = np.zeros(views[0].shape, np.result_type(*(view.dtype for view in views)))
        spreads = np.zeros(views[0].shape, np.float32)
        winner = result[frame]
        for (value, box), part in zip(boxes.items(), parts[1:], strict=True):
            around = grown(box, grid, 0.0)
            local = tuple(slice(b.start - f.start, b.stop - f.start) for b, f in zip(around, frame, strict=True))
            distance, varies = self._distance(
                [view[around] == value for view in views], grid_of_box(grid, around), part
            )
            won = distance < best[local]
            best[local][won], spread[local][won], winner[local][won] = distance[won], varies[won], value
        spreads[frame] = spread
        if mask is not None:
            outside = sitk.GetArrayViewFromImage(mask) == 0
            result[outside], spreads[outside] = 0, 0
        return grid.image_of(result), {"surface_spread": grid.image_of(spreads)}

    def _distance(self, regions: list[np.ndarray], grid: Geometry, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (mm, float32) among raters of the signed distance; negative is inside."""
        mean, squares = np.zeros(regions[0].shape, np.float32), np.zeros(regions[0].shape, np.float32)
        for count, (region, part) in enumerate(zip(regions, progress.parts(*[1.0] * len(regions)), strict=True), 1):
            first, second = part.parts(1, 1)
            if region.any():
                depth = distance_to(~region, grid, second)
                # where there is no outside nearby, as in an image that is one segment, all of it is deep inside
                depth[np.isinf(depth)] = self.missing_mm
                distance = distance_to(region, grid, first) - depth
            else:
                distance = np.full(region.shape, self.missing_mm, np.float32)
            change = distance - mean
            mean += change / count
            squares += change * (distance - mean)
        return mean, np.sqrt(squares / len(regions))


def _boxes(views: list[np.ndarray]) -> dict[int, Box]:
    """For each segment the box around what any rater marked."""
    found: dict[int, list[Box]] = {}
    for view in views:
        for value, box in boxes_of(view).items():
            found.setdefault(value, []).append(box)
    return {value: union_of(dict(enumerate(found[value]))) for value in sorted(found)}
