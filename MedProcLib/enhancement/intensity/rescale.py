"""Mapping of a range of intensities onto another one."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .sample import percentiles

INTENSITY = Range(-1e6, 1e6, "intensity")


@operation(
    "enhancement.rescale",
    title="Clamp and rescale",
    gives="image",
    source="Gonzalez and Woods, Digital Image Processing, 4th ed., 2018, section 3.2 (contrast stretching)",
)
class Rescale(ImageFilter):
    """Clamp the intensities between two limits and, if wished, map the limits to others along a straight line.

    The limits are percentiles of what the mask (without one: the image) contains, or given. All voxels are mapped.
    """

    limits: Annotated[Literal["percentiles", "values"], "whether the limits are measured or given"] = "percentiles"
    low_percentile: Annotated[float, Range(0, 100, "%"), "percentiles: share of voxels below the low limit"] = 0.5
    high_percentile: Annotated[float, Range(0, 100, "%"), "percentiles: share of voxels below the high limit"] = 99.5
    low_value: Annotated[float, INTENSITY, "values: low limit"] = 0.0
    high_value: Annotated[float, INTENSITY, "values: high limit"] = 1000.0
    output: Annotated[Literal["rescale", "clamp_only"], "whether the limits are mapped or kept"] = "rescale"
    output_low: Annotated[float, INTENSITY, "rescale: what the low limit becomes"] = 0.0
    output_high: Annotated[float, INTENSITY, "rescale: what the high limit becomes"] = 1.0

    mask_limits = False
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        progress(0.0, "Finding the limits")
        if self.output == "rescale" and self.output_low == self.output_high:
            raise InputError("The output limits are equal, so all contrast would be lost; choose different ones.")
        if self.limits == "percentiles":
            return percentiles(values, region, (self.low_percentile, self.high_percentile))
        if not self.low_value < self.high_value:
            raise InputError("The low value must be below the high one.")
        return self.low_value, self.high_value

    def apply(self, values, region, place, learned, progress=SILENT):
        low, high = learned
        clamped = np.clip(values, low, high)
        if self.output == "clamp_only":
            return clamped
        return self.output_low + (clamped - low) * ((self.output_high - self.output_low) / (high - low))
