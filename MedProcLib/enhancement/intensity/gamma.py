"""Gamma correction."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .sample import percentiles


@operation(
    "enhancement.gamma",
    title="Gamma",
    gives="image",
    source="Gonzalez and Woods, Digital Image Processing, 4th ed., 2018, section 3.2 (power-law transformation)",
)
class Gamma(ImageFilter):
    """Raise the intensities to a power within their range, which stays: below 1 dark parts gain contrast and light.

    The range runs from the lowest to the highest intensity in the mask (without one: in the image), or between
    percentiles; voxels beyond it are clamped to it. All voxels are mapped.
    """

    gamma: Annotated[float, Range(0.05, 20), "the power"] = 0.7
    low_percentile: Annotated[float, Range(0, 100, "%"), "share of voxels below the range"] = 0.0
    high_percentile: Annotated[float, Range(0, 100, "%"), "share of voxels below the end of the range"] = 100.0

    mask_limits = False
    parallel = True

    learns_from = ("low_percentile", "high_percentile")

    def learn(self, values, region, grid, progress=SILENT):
        progress(0.0, "Finding the range")
        return percentiles(values, region, (self.low_percentile, self.high_percentile))

    def apply(self, values, region, place, learned, progress=SILENT):
        low, high = learned
        share = (np.clip(values, low, high) - low) / (high - low)
        return low + (high - low) * np.clip(share, 0, 1) ** self.gamma
