"""Lee's filter of speckle."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .speckle_level import local_mean_and_variance, speckle_cv, window_radii


@operation(
    "enhancement.lee",
    title="Reduce speckle (Lee)",
    gives="image",
    source="Lee, IEEE PAMI 2(2), 1980, with the exact linear minimum-mean-square-error weight of Kuan et al., IEEE "
    "PAMI 7(2), 1985",
)
class Lee(ImageFilter):
    """Replace each voxel by the mean around it where the image varies no more than speckle does, and keep it elsewhere.

    Between the two it is the linear estimate of least error for noise proportional to the signal. Edges stay sharp and
    keep their noise. Made for ultrasound; works best before log compression.
    """

    radius_mm: Annotated[float, Range(0.1, 20, "mm"), "half the side of the window (at least 1 voxel in plane)"] = 1.0
    speckle_cv: Annotated[float, Range(0, 2), "SD of the speckle / mean, 1 / sqrt(looks); 0 to measure it"] = 0.0

    parallel = True

    learns_from = ("speckle_cv",)

    def margin(self, grid):
        return window_radii(self.radius_mm, tuple(reversed(grid.spacing)), tuple(reversed(grid.size)))

    def learn(self, values, region, grid, progress=SILENT):
        cv = self.speckle_cv or speckle_cv(values, tuple(reversed(grid.spacing)), region)
        return cv, float(values.mean(where=region, dtype=float))

    def apply(self, values, region, place, learned, progress=SILENT):
        cv, level = learned
        if not cv > 0:
            return values
        window = [2 * r + 1 for r in self.margin(place.whole)]
        progress.check()
        mean, variance = local_mean_and_variance(values, window, level)
        signal = variance - cv**2 * mean**2
        signal /= 1 + cv**2
        weight = np.divide(np.maximum(signal, 0, out=signal), variance, out=np.zeros_like(signal), where=variance > 0)
        values -= mean
        values *= weight
        values += mean
        return values
