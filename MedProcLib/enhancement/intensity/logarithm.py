"""Logarithm of the intensities."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT


@operation(
    "enhancement.logarithm",
    title="Logarithm",
    gives="image",
    source="Gonzalez and Woods, Digital Image Processing, 4th ed., 2018, section 3.2 (log transformation)",
)
class Logarithm(ImageFilter):
    """Natural logarithm of intensity + offset: ratios become differences, and a wide range of values fits a display.

    Where that is not positive there is no logarithm: the image is refused, or shifted so that its lowest value is 0.
    All voxels are mapped.
    """

    offset: Annotated[float, Range(0, 1e6, "intensity"), "added before; 1 maps 0 to 0"] = 1.0
    negative: Annotated[Literal["refuse", "shift"], "what is done about an image that holds negative values"] = "refuse"

    mask_limits = False
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """What is added to the values: over all voxels, because all are mapped."""
        progress(0.0, "Finding the lowest value")
        low = float(values.min())
        added = self.offset - (low if self.negative == "shift" and low < 0 else 0.0)
        if not low + added > 0:
            raise InputError(
                f"The lowest value is {low:g}, and {low:g} + {added:g} has no logarithm: choose an offset above "
                f"{-low - added + self.offset:g}, or let negative values be shifted."
            )
        return added

    def apply(self, values, region, place, learned, progress=SILENT):
        return np.log(values + values.dtype.type(learned))

    def __call__(self, image, progress=SILENT):  # type: ignore[override]
        return super().__call__(image, None, progress)
