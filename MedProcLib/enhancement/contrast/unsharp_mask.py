"""Unsharp masking."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import padding_top
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

    The threshold is taken off the size of each difference, so that nothing jumps at it. Padding around the circle that
    a CT was reconstructed in stays as it is, and does not count beside it.
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
        noise = fine_noise_sd(values, grid.spacing[::-1], region) if self.threshold else 0.0
        return self.threshold * noise, padding_top(values)

    def apply(self, values, region, place, learned, progress=SILENT):
        threshold, padding = learned
        result = np.empty_like(values)
        seen = None if padding is None else values > padding
        if seen is not None:
            weights, counted = seen.astype(values.dtype), np.where(seen, values, 0)

        def fill(part):
            if seen is None:
                detail = values[part] - smoothed(values, self.sd_mm, place.spacing, part)
            else:  # from the mean of what is seen
                sums, shares = (smoothed(each, self.sd_mm, place.spacing, part) for each in (counted, weights))
                detail = np.where(seen[part], values[part] - sums / np.where(seen[part], shares, 1), 0)
            if threshold:
                detail -= np.clip(detail, -threshold, threshold)
            result[part] = values[part] + values.dtype.type(self.amount) * detail

        in_blocks(fill, place.wanted, progress)
        return result
