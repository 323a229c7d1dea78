"""Strength of edges."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .derivatives import derivative_margin, derivatives, in_blocks


@operation(
    "enhancement.gradient_magnitude",
    title="Gradient magnitude",
    gives="image",
    source="Canny, IEEE PAMI 8(6), 1986 (derivatives of a Gaussian)",
)
class GradientMagnitude(ImageFilter):
    """How much the image changes over a millimeter, in the direction in which it changes most.

    Intensity per mm, of the image smoothed by a Gaussian. The result is 0 outside the mask.
    """

    sd_mm: Annotated[float, Range(0.1, 30, "mm"), "standard deviation of the Gaussian: smaller edges are lost"] = 1.0

    mask_limits = False

    def margin(self, grid):
        return derivative_margin(grid, self.sd_mm)

    def apply(self, values, region, place, learned, progress=SILENT):
        result = np.zeros_like(values)

        def fill(part):
            result[part] = magnitude(gradient(values, self.sd_mm, place.spacing, part)) * region[part]

        in_blocks(fill, place.wanted, progress)
        return result


def gradient(values, sd_mm, spacing, wanted) -> list[np.ndarray]:
    """Derivatives along the array's axes in the box `wanted`, in intensity / mm."""
    orders = [tuple(int(axis == i) for axis in range(values.ndim)) for i in range(values.ndim)]
    return derivatives(values, orders, sd_mm, spacing, wanted)


def magnitude(parts: list[np.ndarray]) -> np.ndarray:
    """Length of the vectors with these components."""
    return np.sqrt(sum(part**2 for part in parts))
