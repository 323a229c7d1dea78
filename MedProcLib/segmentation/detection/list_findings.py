"""Segments of any kind as a list of findings, by how far they stand out from what is around them."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import median_and_sd
from ...core.voxels import values_of
from .candidate import Candidate
from .listing import ball_diameter, nearest_to_center, size_text

# Between a segment and the shell around it, so that a blurred border belongs to neither.
GAP_MM = 1.0


@operation(
    "segmentation.list_findings",
    title="List segments by contrast",
    gives=("labels", "candidates"),
    source="Contrast to noise ratio: Rose, Vision: Human and Electronic, 1973",
)
class ListFindings:
    """Turn the segments made so far into a list to go through, those that stand out most first.

    Contrast is that of the segment's median to the median of a shell around it (other segments left out), in robust SD
    of the shell. Segments are renumbered in the order of the list.
    """

    order: Annotated[
        Literal["contrast", "volume", "highest value", "lowest value"], "what comes first; contrast: either way"
    ] = "contrast"
    shell_mm: Annotated[float, Range(1, 50, "mm"), "thickness of the surroundings that a segment is compared with"] = (
        5.0
    )
    least_contrast: Annotated[float, Range(0, 1000, "SD"), "segments that stand out less are left out"] = 0.0
    renumbers = True

    def __call__(self, image, labels, progress=SILENT):
        values, valid = values_of(image)
        numbers = sitk.GetArrayViewFromImage(labels)
        grid = Geometry.of(image)
        found = []
        boxes = boxes_of(numbers)
        for done, (value, box) in enumerate(boxes.items()):
            progress(done / max(len(boxes), 1), "Measuring findings")
            around = grown(box, grid, self.shell_mm + GAP_MM)
            found.append(self._measured(value, values[around], valid[around], numbers[around], around, grid))
        kept = sorted((each for each in found if abs(each[1]) >= self.least_contrast), key=self._key)
        if not kept:
            raise InputError(
                "There is no segment to list."
                if not found
                else f"No segment stands out by {self.least_contrast:g} SD (most: {max(abs(f[1]) for f in found):.1f})."
            )
        names = np.array([each[0] for each in kept])
        if numbers.max() < 1_000_000:
            table = np.zeros(int(numbers.max()) + 1, np.uint8 if len(kept) < 256 else np.uint32)
            table[names] = np.arange(1, len(kept) + 1)
            renumbered = table[numbers]
        else:
            order = np.argsort(names)
            at = np.clip(np.searchsorted(names, numbers, sorter=order), 0, len(kept) - 1)
            renumbered = np.where(names[order][at] == numbers, order[at] + 1, 0).astype(np.uint32)
        candidates = [self._candidate(number, each, grid) for number, each in enumerate(kept, 1)]
        return grid.image_of(renumbered), candidates

    def _measured(self, value, values, valid, numbers, box, grid):
        """(label value, contrast in SD, volume, median, highest, lowest, position)."""
        own = numbers == value
        distance = ndimage.distance_transform_edt(~own, sampling=tuple(reversed(grid.spacing)))
        shell = (distance > GAP_MM) & (distance <= GAP_MM + self.shell_mm) & (numbers == 0) & valid
        inside = values[own]
        middle = float(np.median(inside))
        contrast = 0.0
        if np.count_nonzero(shell) > 1:
            ground, sd = median_and_sd(values[shell])
            contrast = (middle - ground) / sd if sd > 0 else float(np.sign(middle - ground)) * 1e3
        nearest = nearest_to_center(own, tuple(reversed(grid.spacing))) + [s.start for s in box]
        position = tuple(float(x) for x in grid.points(nearest[::-1])[0])
        volume = np.count_nonzero(own) * grid.voxel_volume
        return value, contrast, volume, middle, float(inside.max()), float(inside.min()), position

    def _key(self, found):
        return {
            "contrast": -abs(found[1]),
            "volume": -found[2],
            "highest value": -found[4],
            "lowest value": found[5],
        }[self.order], found[0]

    def _candidate(self, number, found, grid):
        _, contrast, volume, middle, _, _, position = found
        side = "brighter" if contrast >= 0 else "darker"
        reason = f"median {middle:.4g}, {side} than around it by {abs(contrast):.1f} SD, "
        reason += size_text(volume, grid.dimension)
        score = {"contrast": abs(contrast), "volume": volume, "highest value": found[4], "lowest value": -found[5]}
        return Candidate(number, position, ball_diameter(volume, grid.dimension), volume, score[self.order], reason)
