"""Each segment outlined at half of its own height."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import boxes_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian, values_of
from ..common.label_boxes import chosen

# Where less than this share of the neighborhood is no segment, the ground is that of the whole image.
LEAST_GROUND = 1e-3


@operation(
    "segmentation.half_height",
    title="Outline at half height",
    gives="labels",
    source="Half-maximum criterion: Prevrhal, Engelke & Kalender, Phys. Med. Biol. 44, 1999; ground by normalized "
    "convolution: Knutsson & Westin, IEEE CVPR, 1993",
)
class HalfHeight:
    """Keep of each segment what is above half of its own height over the ground around it, in one piece without holes.

    One threshold for all makes dim objects too small or bright ones too large; the border of each lies midway between
    its own brightness (median) and that of the ground. For nuclei, foci, nodules: begin with a generous threshold. A
    blurred object that has no flat top becomes a little smaller than it is.
    """

    side: Annotated[Literal["bright", "dark"], "brighter or darker than the ground"] = "bright"
    height_percent: Annotated[
        float, Range(1, 99, "%"), "the border's share of the way from the ground to the object"
    ] = 50.0
    surroundings_mm: Annotated[
        float, Range(1, 300, "mm"), "SD of the Gaussian within which what is no segment tells the ground"
    ] = 25.0
    segments: Annotated[str, "segments that are outlined, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, image, labels, progress=SILENT):
        values, valid = values_of(image)
        values = values if self.side == "bright" else -values
        grid = Geometry.of(image)
        numbers = sitk.GetArrayFromImage(labels)
        free = valid & (numbers == 0)
        if not free.any():
            raise InputError("The segments fill the whole image, so no ground is left to measure their height from.")
        ground = self._ground(values, free, grid, progress.part(0, 0.6))
        boxes = chosen(boxes_of(numbers), self.segments)
        outlining = progress.part(0.6, 1)
        for done, (number, box) in enumerate(boxes.items()):
            outlining(done / len(boxes), "Outlining")
            own = numbers[box] == number
            low = float(ground[box][own].mean())
            border = low + self.height_percent / 100 * (float(np.median(values[box][own])) - low)
            kept = _largest_piece(own & (values[box] >= border))
            numbers[box][own & ~kept] = 0
        return grid.image_of(numbers)

    def _ground(self, values: np.ndarray, free: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
        """Mean (z, y, x) of what is no segment around each voxel."""
        first, second = progress.parts(1, 1)
        widths = [self.surroundings_mm] * grid.dimension
        usual = float(np.median(values[free]))
        weight = gaussian(free, grid, widths, first)
        # about the usual value, so that rounding stays small
        total = gaussian(np.where(free, values - usual, 0), grid, widths, second)
        return usual + np.divide(total, weight, out=np.zeros_like(total), where=weight > LEAST_GROUND)


def _largest_piece(region: np.ndarray) -> np.ndarray:
    """The largest piece (connected by faces) without holes."""
    pieces, count = ndimage.label(region)
    if count > 1:
        region = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    # a single slice would be all border
    return ndimage.binary_fill_holes(np.squeeze(region)).reshape(region.shape)
