"""Clean up a label map by the shape of its connected components."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import boxes_of, grown
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.connectivity import JOINED
from ..common.morphology import distance_to
from ..common.pieces import Pieces, only, pieces_of


@operation(
    "segmentation.keep_by_shape",
    title="Keep components by shape",
    gives="labels",
    source="Principal axes as in IBSI (arXiv 1612.07003, section 3.1: axis lengths, flatness); thickness: largest "
    "inscribed ball by distance map",
)
class KeepByShape:
    """Keep the connected pieces of each segment that are as round, thick and short as wanted.

    To tell nodules from vessels, lesions from sheets of partial volume, nuclei from clumps. A limit of 0 does not
    count. An empty result means that no piece fits.
    """

    minimum_axis_ratio: Annotated[
        float, Range(0, 1), "shortest principal axis divided by the longest: 1 for a ball, near 0 for rods and plates"
    ] = 0.3
    minimum_compactness: Annotated[
        float, Range(0, 1), "share of the smallest ball around its center that a piece fills: 1 for a ball"
    ] = 0.0
    minimum_thickness_mm: Annotated[float, Range(0, 1000, "mm"), "diameter of the largest ball that fits in"] = 0.0
    maximum_length_mm: Annotated[float, Range(0, 10000, "mm"), "length of the longest principal axis"] = 0.0
    segments: Annotated[str, "segments that are cleaned, such as '1, 4-6'; empty for all"] = ""
    connectivity: JOINED = "corner"

    def __call__(self, labels, progress=SILENT):
        joining, measuring, thickness = progress.parts(2, 2, 1)
        grid = Geometry.of(labels)
        pieces = pieces_of(labels, self.connectivity, self.segments, joining)
        axes, compactness = _axes_and_compactness(pieces, grid, measuring)
        keep = axes[:, 0] >= self.minimum_axis_ratio * axes[:, -1] * (1 - 1e-6)
        keep &= compactness >= self.minimum_compactness * (1 - 1e-6)
        if self.maximum_length_mm:
            keep &= axes[:, -1] <= self.maximum_length_mm * (1 + 1e-6)
        if self.minimum_thickness_mm:
            keep &= _thickness(labels, pieces, grid, thickness) >= self.minimum_thickness_mm * (1 - 1e-6)
        return only(labels, pieces, keep)


def _axes_and_compactness(pieces: Pieces, grid: Geometry, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Lengths (mm) of the principal axes of each piece (by number) in ascending order; and its share of a ball.

    A voxel counts as a box, not as a point, so that a single one has a size too. Axes of a single slice do not count.
    """
    place = np.nonzero(pieces.numbers)
    number, total = pieces.numbers[place], pieces.counts.size
    used = [axis for axis, size in enumerate(pieces.numbers.shape) if size > 1] or [0]
    sides = np.array(tuple(reversed(grid.spacing)))[used]
    count = np.maximum(pieces.counts, 1)
    away = []
    for axis, side in zip(used, sides, strict=True):
        position = place[axis] * side
        center = np.bincount(number, position, total) / count
        away.append(position - center[number])
    progress(0.5, "Measuring shapes")
    spread = np.zeros((total, len(used), len(used)))
    for i, first in enumerate(away):
        for j, second in enumerate(away[: i + 1]):
            spread[:, i, j] = spread[:, j, i] = np.bincount(number, first * second, total) / count
        spread[:, i, i] += sides[i] ** 2 / 12
    axes = 4 * np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0))
    farthest = np.zeros(total)
    np.maximum.at(farthest, number, sum(np.square(each) for each in away))
    # the ball is that around the centers of the voxels, and half a voxel of their mean side more
    radius = np.sqrt(farthest) + np.prod(sides) ** (1 / len(used)) / 2
    ball = {1: 2.0, 2: np.pi, 3: 4 / 3 * np.pi}[len(used)] * radius ** len(used)
    return axes, np.minimum(pieces.counts * np.prod(sides) / ball, 1.0)


def _thickness(labels: sitk.Image, pieces: Pieces, grid: Geometry, progress: Progress) -> np.ndarray:
    """Diameter (mm) of the largest ball inside each piece (by number)."""
    values = sitk.GetArrayViewFromImage(labels)
    found = np.zeros(pieces.counts.size)
    boxes = boxes_of(values)
    side = min(
        spacing for spacing, size in zip(grid.spacing, grid.size, strict=True) if size > 1 or max(grid.size) == 1
    )
    for (value, box), part in zip(boxes.items(), progress.parts(*[1.0] * len(boxes)), strict=True):
        around = grown(box, grid, 0.0)
        region = values[around] == value
        depth = distance_to(~region, grid_of_box(grid, around), part)
        own = np.where(region, pieces.numbers[around], 0)
        present = np.unique(own[region])
        # depth is counted from the voxel outside: half a side of it is not the piece's
        found[present] = 2 * np.asarray(ndimage.maximum(depth, own, present)) - side
    return found
