"""Cut objects apart that touch."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress, execute
from ...core.voxels import gaussian, values_of
from ..common.morphology import distance_to
from ..common.pieces import Pieces, pieces_of


@operation(
    "segmentation.split_touching",
    title="Split touching objects",
    gives="labels",
    source="Watershed of the distance map: Soille, Morphological Image Analysis, 2nd ed., 2003 (section 9.2.4); "
    "Beucher & Meyer in Mathematical Morphology in Image Processing, 1993",
)
class SplitTouching:
    """Cut pieces apart where they are narrow, such as nuclei, nodules or bones that touch; or along dark valleys.

    By shape: two parts are separate when each holds a ball whose radius exceeds that of the neck between them by the
    depth. By intensity: when the valley between two peaks of the image is deep enough. Each segment is split by itself.
    With own numbers all pieces are counted, as connected components are; a segment that is not split stays one.
    """

    by: Annotated[
        Literal["shape", "bright centers", "dark centers"], "narrow necks, or valleys of the image between its peaks"
    ] = "shape"
    depth_mm: Annotated[float, Range(0, 100, "mm"), "shape: how much wider both parts are than the neck, in radius"] = (
        1.0
    )
    depth_percent: Annotated[
        float, Range(0, 100, "%"), "intensity: depth of the valley, of the range of values within the piece"
    ] = 20.0
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "intensity: standard deviation of the blur before"] = 1.0
    result: Annotated[
        Literal["own numbers", "gap"],
        "each part gets a number of its own, 1 for the largest; or parts keep theirs with a gap of a voxel between",
    ] = "own numbers"
    segments: Annotated[str, "segments that are split, such as '1, 4-6'; empty for all"] = ""

    @property
    def renumbers(self) -> bool:
        return self.result == "own numbers"

    def __call__(self, labels, image=None, progress=SILENT):
        joining, splitting = progress.parts(1, 6)
        grid = Geometry.of(labels)
        pieces = pieces_of(labels, "face", self.segments, joining)
        brightness = self._brightness(image)
        numbers, total = pieces.numbers, pieces.total
        boxes, seams = boxes_of(numbers), np.zeros(numbers.shape, bool)
        for done, (piece, box) in enumerate(boxes.items()):
            part = splitting.part(done / len(boxes), (done + 1) / len(boxes))
            part(0.0, "Splitting")
            around = grown(box, grid, 0.0)
            region = numbers[around] == piece
            if not pieces.candidates[piece] or pieces.counts[piece] < 2 or region.all():
                continue
            relief, depth = self._relief(region, brightness, around, grid_of_box(grid, around), part.part(0, 0.4))
            if not float(np.ptp(relief[region])) > depth or _one_low(relief, region):
                continue
            parts, count = _basins(relief, region, depth, part.part(0.4, 1))
            if count > 1:
                numbers[around][region] = np.where(parts[region] == 1, piece, parts[region] + total - 1)
                total += count - 1
                seams[around] |= _seams(parts)
        if self.result == "own numbers":
            return grid.image_of(_by_size(_joined(pieces, total)[numbers], total))
        values = sitk.GetArrayFromImage(labels)
        values[seams] = 0
        return grid.image_of(values)

    def _brightness(self, image: sitk.Image | None) -> np.ndarray | None:
        """The blurred image, low in the middle of objects; None when the shape decides."""
        if self.by == "shape":
            return None
        if image is None:
            raise InputError("To split by intensity the image is needed: choose it, or split by shape.")
        values = gaussian(values_of(image)[0], Geometry.of(image), [self.smoothing_mm] * image.GetDimension())
        return -values if self.by == "bright centers" else values

    def _relief(
        self, region: np.ndarray, brightness: np.ndarray | None, box: Box, grid: Geometry, progress: Progress
    ) -> tuple[np.ndarray, float]:
        """Heights (float32) that are low in the middle of objects and highest outside the region; and the depth."""
        if brightness is None:
            return -distance_to(~region, grid, progress), self.depth_mm
        heights = brightness[box].astype(np.float32)
        low, high = np.percentile(heights[region], (1, 99))
        heights[~region] = heights[region].max()
        return heights, self.depth_percent / 100 * float(high - low)


def _one_low(relief: np.ndarray, region: np.ndarray) -> bool:
    """Whether the relief has a single low in the region, so that there is nothing to split."""
    size = tuple(min(3, n) for n in relief.shape)
    lows = (relief == ndimage.minimum_filter(relief, size)) & region
    return ndimage.label(lows, np.ones((3,) * relief.ndim))[1] == 1


def _basins(relief: np.ndarray, region: np.ndarray, depth: float, progress: Progress) -> tuple[np.ndarray, int]:
    """Number (from 1) of the basin that each voxel of the region lies in, of those at least so deep; how many."""
    flood = sitk.MorphologicalWatershedImageFilter()
    flood.SetLevel(depth)
    flood.SetMarkWatershedLine(False)
    flood.SetFullyConnected(True)
    found = sitk.GetArrayFromImage(
        execute(flood, sitk.GetImageFromArray(np.ascontiguousarray(relief)), progress=progress, message="Splitting")
    )
    names, index = np.unique(found[region], return_inverse=True)
    parts = np.zeros(region.shape, np.int32)
    parts[region] = index.ravel() + 1
    return parts, names.size


def _seams(parts: np.ndarray) -> np.ndarray:
    """Voxels that share a face with a part of lower number (0 is none)."""
    found = np.zeros(parts.shape, bool)
    for axis in range(parts.ndim):
        ends = [
            tuple(slice(*e) if a == axis else slice(None) for a in range(parts.ndim)) for e in ((None, -1), (1, None))
        ]
        for here, there in (ends, ends[::-1]):
            found[here] |= (parts[there] > 0) & (parts[here] > parts[there])
    return found


def _joined(pieces: Pieces, total: int) -> np.ndarray:
    """Which of the numbers 0..total each becomes where the pieces of a segment that is not split are one."""
    become = np.arange(total + 1)
    whole = np.flatnonzero(~pieces.candidates)
    _, first, segment = np.unique(pieces.segments[whole], return_index=True, return_inverse=True)
    become[whole] = whole[first][segment]
    return become


def _by_size(numbers: np.ndarray, total: int) -> np.ndarray:
    """The numbers renewed in descending order of their voxels."""
    order = np.argsort(-np.bincount(numbers.ravel(), minlength=total + 1)[1:], kind="stable")
    rank = np.zeros(total + 1, np.min_scalar_type(total))
    rank[order + 1] = np.arange(1, total + 1)
    return rank[numbers]
