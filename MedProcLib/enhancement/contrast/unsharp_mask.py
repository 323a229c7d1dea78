"""Unsharp masking."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.noise import noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..structure.derivatives import derivative_margin, in_blocks, smoothed


@operation(
    "enhancement.unsharp_mask",
    title="Sharpen (unsharp mask)",
    gives="image",
    source="Gonzalez & Woods, Digital image processing, 4th edition, 2018, section 3.6; "
    "threshold: Donoho, IEEE Trans Inf Theory 41(3), 1995 (soft)",
)
class UnsharpMask(ImageFilter):
    """Add what a Gaussian smooths away: edges get steeper, detail stronger; so does noise above the threshold.

    The threshold is taken off the size of each difference, so that nothing jumps at it.
    """

    sd_mm: Annotated[
        float, Range(0.1, 30, "mm"), "standard deviation of the Gaussian: detail smaller than it grows"
    ] = 1.0
    amount: Annotated[float, Range(0, 10), "of the difference to the smoothed image that is added"] = 1.0
    threshold: Annotated[
        float, Range(0, 10, "SD"), "differences up to this many standard deviations of the noise add nothing"
    ] = 1.0

    learns_in_foreground = True

    learns_from = ("threshold",)

    def margin(self, grid):
        return derivative_margin(grid, self.sd_mm)

    def learn(self, values, region, grid, progress=SILENT):
        return self.threshold * noise_sd(values, grid.spacing[::-1], region) if self.threshold else 0.0

    def apply(self, values, region, place, learned, progress=SILENT):
        result = np.empty_like(values)

        def fill(part):
            detail = values[part] - smoothed(values, self.sd_mm, place.spacing, part)
            if learned:
                detail -= np.clip(detail, -learned, learned)
            result[part] = values[part] + values.dtype.type(self.amount) * detail

        in_blocks(fill, place.wanted, progress)
        return result
