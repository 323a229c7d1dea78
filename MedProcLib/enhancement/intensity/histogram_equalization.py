"""Global histogram equalization."""

from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .sample import CONSTANT, interpolated, sample


@operation(
    "enhancement.histogram_equalization",
    title="Equalize histogram",
    gives="image",
    source="Gonzalez and Woods, Digital Image Processing, 4th ed., 2018, section 3.3",
)
class HistogramEqualization(ImageFilter):
    """Map each intensity to the share (0 to 1) of voxels that are not brighter, so that all shares are equally many.

    Learned in the mask, or everywhere; all voxels are mapped. An image with fewer different values than there are bins
    is mapped value by value.
    """

    bins: Annotated[int, Range(2, 65536), "bins of the histogram over the range of values"] = 1024

    mask_limits = False
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """Intensities, and the share of voxels up to each of them."""
        progress(0.0, "Counting intensities")
        chosen = sample(values, region)
        if not np.ptp(chosen) > 0:
            raise InputError(CONSTANT)
        few = np.unique(chosen[:: max(1, chosen.size // 100_000)]).size <= self.bins
        levels, counts = np.unique(chosen, return_counts=True) if few else (chosen[:0], chosen[:0])
        if not few or levels.size > self.bins:
            counts, edges = np.histogram(chosen.astype(np.float64), self.bins)
            levels = (edges[:-1] + edges[1:]) / 2
        return levels.astype(np.float64), np.cumsum(counts) / chosen.size

    def apply(self, values, region, place, learned, progress=SILENT):
        return interpolated(values, learned)
