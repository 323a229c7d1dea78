"""Local normalization: the mean and the contrast of every neighborhood made alike."""

from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import near_values
from ..shading.coarse_field import CoarseField, Coarsening

# Sides of the blocks whose means are smoothed, in standard deviations of the window: finer ones change little.
BLOCK = 1 / 3
# Where the window holds less than this share of what it could, the nearest place with more says mean and SD.
LEAST_FILLED = 1e-3


@operation(
    "enhancement.local_normalization",
    title="Local normalization",
    gives="image",
    source="Sage & Unser, IEEE Signal Process Mag 20(6), 2003 (local normalization); "
    "Knutsson & Westin, Normalized convolution, CVPR 1993 (masks and borders)",
)
class LocalNormalization(ImageFilter):
    """Subtract the mean of each voxel's neighborhood and divide by its standard deviation.

    The result is in standard deviations. The neighborhood is a Gaussian window, in which voxels outside the mask, or
    outside the image, do not count.
    """

    sd_mm: Annotated[float, Range(5, 200, "mm"), "standard deviation of the window: structure larger than it goes"] = (
        15.0
    )
    least_percent: Annotated[
        float, Range(0.1, 100, "%"), "of the whole image's standard deviation that is divided by at least"
    ] = 10.0

    parallel = True
    learning_share = 0.6

    def learn(self, values, region, grid, progress=SILENT):
        coarsening = Coarsening.in_blocks(grid, [BLOCK * self.sd_mm] * grid.dimension)
        center = float(np.mean(values, where=region, dtype=np.float64))
        first, number = coarsening.sums(values, region, lambda v: v.astype(np.float64) - center)
        progress(0.5, "Measuring")
        second, _ = coarsening.sums(values, region, lambda v: (v.astype(np.float64) - center) ** 2)
        whole = number.sum()
        spread = float(np.sqrt(max(second.sum() / whole - (first.sum() / whole) ** 2, 0))) if whole else 0.0
        if not spread > 0:
            raise InputError("The image is constant (where the mask is): it has no contrast to normalize.")
        sds = [
            self.sd_mm / spacing if n > 1 else 0 for n, spacing in zip(number.shape, coarsening.spacing, strict=True)
        ]
        first, second, number = (ndimage.gaussian_filter(s, sds, mode="constant") for s in (first, second, number))
        filled = number > LEAST_FILLED * number.max()
        number = np.where(filled, number, 1)
        mean = first / number
        sd = np.sqrt(np.maximum(second / number - mean**2, 0))
        if not filled.all():
            mean, sd = near_values(mean, filled), near_values(sd, filled)
        least = self.least_percent / 100 * spread
        fields = CoarseField.through(mean, coarsening).plus(center), CoarseField.through(sd, coarsening)
        return *fields, least

    def apply(self, values, region, place, learned, progress=SILENT):
        mean, sd, least = learned
        progress.check()
        values -= mean.on(place.box)
        values /= np.maximum(sd.on(place.box), least)
        return values
