"""Laplacian of Gaussian."""

from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .derivatives import derivative_margin, derivatives, in_blocks


@operation(
    "enhancement.laplacian_of_gaussian",
    title="Laplacian of Gaussian",
    gives="image",
    source="Marr and Hildreth, Proc R Soc Lond B 207, 1980; normalization: Lindeberg, IJCV 30(2), 1998",
)
class LaplacianOfGaussian(ImageFilter):
    """Bring out blobs and lines of the size of the Gaussian; the result is 0 on edges and outside the mask.

    A ball of radius R answers most at a standard deviation of R / sqrt(3), a disk in a slice at R / sqrt(2).
    """

    sd_mm: Annotated[float, Range(0.1, 50, "mm"), "standard deviation of the Gaussian"] = 2.0
    normalized: Annotated[
        bool, "times the square of the standard deviation: scales compare, unit of the image; else per mm²"
    ] = True
    bright: Annotated[Literal["positive", "negative"], "sign of the result in bright structures"] = "positive"

    mask_limits = False

    def margin(self, grid):
        return derivative_margin(grid, self.sd_mm)

    def apply(self, values, region, place, learned, progress=SILENT):
        result = np.zeros_like(values)
        factor = (-1.0 if self.bright == "positive" else 1.0) * (self.sd_mm**2 if self.normalized else 1.0)
        orders = [tuple(2 * int(axis == i) for axis in range(values.ndim)) for i in range(values.ndim)]

        def fill(part):
            result[part] = factor * sum(derivatives(values, orders, self.sd_mm, place.spacing, part)) * region[part]

        in_blocks(fill, place.wanted, progress)
        return result
