"""Center lines of segments that are tubes."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from ..common.morphology import filled
from .line_tree import centerlines_of


@operation(
    "segmentation.centerlines",
    title="Center lines",
    gives=("labels", "centerlines"),
    source="Lee, Kashyap & Chu, Building skeleton models via 3-D medial surface/axis thinning algorithms, CVGIP: "
    "Graphical Models and Image Processing 56(6), 1994",
)
class Centerlines:
    """Find the lines in the middle of vessels, airways or other tubes: branches with length, radius and parent.

    The tree begins at the thickest end, or at the end nearest to a seed. Segments are taken together. The label map
    holds each branch's number on its voxels.
    """

    segment: Annotated[int, Range(0, 65535), "number of the segment; 0 is all of them"] = 0
    spur_radii: Annotated[
        float,
        Range(0, 10),
        "side branches shorter than this many radii of the tube they leave are dropped; 0 keeps all",
    ] = 1.2
    filling_mm: Annotated[
        float,
        Range(0, 10, "mm"),
        "SD of the Gaussian mean by which dents and small holes of the segment are filled first",
    ] = 0.7
    renumbers = True

    def __call__(self, labels, seeds=None, progress=SILENT):
        if seeds is not None:
            require_same_grid(labels, seeds, "the segments and the seeds")
        values = sitk.GetArrayViewFromImage(labels)
        region = values == self.segment if self.segment else values != 0
        if not region.any():
            which = f"segment {self.segment}" if self.segment else "segment"
            raise InputError(f"There is no {which} to find center lines of: make it in the step before this one.")
        grid = Geometry.of(labels)
        root = None if seeds is None else sitk.GetArrayViewFromImage(seeds) != 0
        fill, follow = progress.parts(1, 9)
        branches, numbers = centerlines_of(
            without_dents(region, grid, self.filling_mm, fill), grid, self.spur_radii, root, follow
        )
        # only the segment's own voxels are numbered
        numbers[~region] = 0
        return grid.image_of(smallest_type(numbers)), branches


def without_dents(region: np.ndarray, grid: Geometry, sd_mm: float, progress: Progress = SILENT) -> np.ndarray:
    """The region and what is mostly in it within a Gaussian, with the cavities that it encloses; else each pit and hole
    of a rough segment would have a curve of its own."""
    around = box_of(region)
    box = grown(around, grid, 0, 2)
    part = grid_of_box(grid, box)
    result = region.copy()
    if sd_mm:
        result[box] |= gaussian(region[box], part, [sd_mm] * grid.dimension, progress) > 0.5
    # in 2D a hole may be the way around something, such as a loop of a vessel
    if grid.dimension == 3 and min(grid.size) > 1:
        result[box] = filled(result[box], part)
    return result


def smallest_type(numbers: np.ndarray) -> np.ndarray:
    """The numbers in the smallest unsigned type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
