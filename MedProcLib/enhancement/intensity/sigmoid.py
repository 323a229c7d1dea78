"""Sigmoid mapping."""

from typing import Annotated, Literal

from scipy.special import expit

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .sample import percentiles

# Half the measured width to either side of the center: the sigmoid reaches 8 % and 92 % there.
STEEPNESS = 5.0
LOW, HIGH = 1.0, 99.0


@operation(
    "enhancement.sigmoid",
    title="Sigmoid",
    gives="image",
    source="Braun and Fairchild, Image lightness rescaling using sigmoidal contrast enhancement functions, "
    "J. Electron. Imaging 8(4), 1999",
)
class Sigmoid(ImageFilter):
    """Map the intensities to 0 to 1 by 1 / (1 + exp(-5 (intensity - center) / width)): a window with soft ends.

    Center and width are given, or those of the range from the 1st to the 99th percentile of what the mask (without one:
    the image) contains. All voxels are mapped.
    """

    limits: Annotated[Literal["percentiles", "values"], "whether center and width are measured or given"] = (
        "percentiles"
    )
    center: Annotated[float, Range(-1e5, 1e5, "intensity"), "values: intensity that becomes 0.5"] = 40.0
    width: Annotated[float, Range(0.001, 1e5, "intensity"), "values: from 8 % to 92 % of the result's range"] = 400.0

    mask_limits = False
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """Center and width."""
        progress(0.0, "Finding the range")
        if self.limits == "values":
            return self.center, self.width
        low, high = percentiles(values, region, (LOW, HIGH))
        return (low + high) / 2, high - low

    def apply(self, values, region, place, learned, progress=SILENT):
        center, width = learned
        return expit((values - center) * (STEEPNESS / width))
