"""Difference of Gaussians."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .derivatives import derivative_margin, in_blocks, smoothed


@operation(
    "enhancement.difference_of_gaussians",
    title="Difference of Gaussians",
    gives="image",
    source="Marr and Hildreth, Proc R Soc Lond B 207, 1980",
)
class DifferenceOfGaussians(ImageFilter):
    """Keep structures of the size of the Gaussian: the image smoothed a little minus the image smoothed more.

    Bright structures are positive. The result is 0 outside the mask.
    """

    sd_mm: Annotated[float, Range(0.05, 30, "mm"), "standard deviation of the narrower Gaussian"] = 1.0
    ratio: Annotated[float, Range(1.05, 10), "the wider one to it; 1.6 is nearest to the Laplacian of Gaussian"] = 1.6

    mask_limits = False

    def margin(self, grid):
        return derivative_margin(grid, self.sd_mm * self.ratio)

    def apply(self, values, region, place, learned, progress=SILENT):
        result = np.zeros_like(values)

        def fill(part):
            fine, coarse = (smoothed(values, sd, place.spacing, part) for sd in (self.sd_mm, self.sd_mm * self.ratio))
            result[part] = (fine - coarse) * region[part]

        in_blocks(fill, place.wanted, progress)
        return result
