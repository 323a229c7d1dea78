"""More room around the image."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.regrid import Regrid
from .interpolation import smallest_value


@operation(
    "enhancement.pad",
    title="Pad",
    gives="image",
    source="ITK Software Guide, section on padding an image (constant boundary)",
)
class Pad(Regrid):
    """Add voxels on all sides. Those of the image keep their values and places exactly.

    With a fixed value, it must be one that the image's pixel type holds.
    """

    side_mm: Annotated[float, Range(0, 500, "mm"), "added on each side within slices"] = 10.0
    slices_mm: Annotated[float, Range(0, 500, "mm"), "added before the first and after the last slice"] = 10.0
    fill: Annotated[Literal["smallest value", "fixed value"], "what the added voxels hold"] = "smallest value"
    value: Annotated[float, Range(-1e30, 1e30, "intensity"), "the fixed value"] = 0.0

    def learn(self, image, mask, progress=SILENT):
        if self.fill == "smallest value":
            return smallest_value(image)
        kind = sitk.GetArrayViewFromImage(image).dtype
        if kind.kind != "f":
            limits = np.iinfo(kind)
            if not (limits.min <= self.value <= limits.max and self.value.is_integer()):
                raise InputError(
                    f"The image holds whole numbers from {limits.min} to {limits.max}: choose such a value to pad with."
                )
        return self.value

    def output_grid(self, grid, learned):
        box = []
        for axis in reversed(range(grid.dimension)):
            extra = round((self.slices_mm if axis == 2 else self.side_mm) / grid.spacing[axis])
            box.append(slice(-extra, grid.size[axis] + extra))
        return grid_of_box(grid, tuple(box))

    def interpolator(self):
        return sitk.sitkNearestNeighbor

    def outside(self, learned):
        return learned
