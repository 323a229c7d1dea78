"""The Laplacian, plain, and sharpening by it."""

from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..structure.derivatives import derivative_margin, derivatives, in_blocks

# So narrow a Gaussian leaves the differences of neighbors, to a hundred-thousandth.
NO_SMOOTHING_MM = 1e-6


@operation(
    "enhancement.laplacian",
    title="Sharpen (Laplacian)",
    gives="image",
    source="Gonzalez & Woods, Digital image processing, 4th edition, 2018, section 3.6",
)
class Laplacian(ImageFilter):
    """Subtract the sum of the second derivatives, from the nearest neighbors: the finest detail grows, and the noise.

    Distances are in mm, so thick slices hardly sharpen each other. The Laplacian alone is in intensity / mm².
    """

    kind: Annotated[Literal["sharpen", "laplacian"], "sharpened image, or the Laplacian alone"] = "sharpen"
    amount: Annotated[
        float, Range(0, 5), "when sharpening: of the difference to the mean of the four neighbors in the plane"
    ] = 0.5

    def margin(self, grid):
        return derivative_margin(grid, NO_SMOOTHING_MM)

    def apply(self, values, region, place, learned, progress=SILENT):
        result = np.empty_like(values)
        orders = [tuple(2 * (axis == own) for axis in range(values.ndim)) for own in range(values.ndim)]
        # the difference of a voxel and the mean of four neighbors at the distance s is s² / 4 of the Laplacian
        share = values.dtype.type(self.amount * min(place.spacing) ** 2 / 4)

        def fill(part):
            laplacian = sum(derivatives(values, orders, NO_SMOOTHING_MM, place.spacing, part))
            result[part] = laplacian if self.kind == "laplacian" else values[part] - share * laplacian

        in_blocks(fill, place.wanted, progress)
        return result
