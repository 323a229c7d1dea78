"""Threshold that follows the intensities around each voxel."""

from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...enhancement.intensity.sample import percentiles

# Single voxels far out are not the range of the image.
RANGE = (0.1, 99.9)


@operation(
    "segmentation.local_threshold",
    title="Local threshold",
    gives="labels",
    source="Sauvola & Pietikainen, Adaptive document image binarization, Pattern Recognition 33, 2000; Niblack, An "
    "Introduction to Digital Image Processing, 1986",
)
class LocalThreshold(ImageFilter):
    """Mark what is brighter (or darker) than its surroundings, as segment 1, where shading defeats one threshold.

    The threshold of a voxel comes from mean and standard deviation (SD) in a window around it, inside the image and the
    mask. Niblack: k SD from the mean. Sauvola: the mean, moved toward the object where the SD is small against that of
    the image, so that flat ground stays free. Intensities count from the dark end for dark objects and from the bright
    end for bright ones.
    """

    method: Annotated[
        Literal["sauvola", "niblack", "mean"], "sauvola: ground stays free; niblack: finds more; mean: by an offset"
    ] = "sauvola"
    side: Annotated[Literal["bright", "dark"], "mark what is above or below the threshold"] = "bright"
    window_mm: Annotated[float, Range(0.5, 500, "mm"), "side of the window: larger than the objects"] = 20.0
    k: Annotated[float, Range(-2, 2), "sauvola, niblack: how far from the mean; higher marks less"] = 0.2
    offset: Annotated[
        float, Range(-1e9, 1e9, "intensity"), "mean: how much brighter (or darker) than the mean a voxel must be"
    ] = 10.0

    makes_labels = True
    parallel = True
    learns_from = ()

    def margin(self, grid):
        return tuple(int(self.window_mm / spacing / 2) for spacing in reversed(grid.spacing))

    def learn(self, values, region, grid, progress=SILENT):
        """Dark and bright end of the image."""
        return percentiles(values, region, RANGE)

    def apply(self, values, region, place, learned, progress=SILENT):
        dark, bright = learned
        # for both sides the object is then what is small
        heights = (bright - values if self.side == "bright" else values - dark).astype(np.float64)
        mean, sd = _mean_and_sd(heights, region, [2 * m + 1 for m in self.margin(place.whole)])
        if self.method == "mean":
            return heights < mean - self.offset
        if self.method == "niblack":
            return heights < mean - self.k * sd
        return heights < mean * (1 + self.k * (sd / ((bright - dark) / 2) - 1))


def _mean_and_sd(values: np.ndarray, region: np.ndarray, window: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Of the region's voxels in a window around each."""
    # taken off first, so that the squares keep their digits
    center = float(np.mean(values, where=region)) if region.any() else 0.0
    inside = np.where(region, values - center, 0)
    share = ndimage.uniform_filter(region.astype(np.float64), window, mode="constant")
    # what is less than one voxel is rounding
    share = np.maximum(share, 0.5 / np.prod(window))
    mean = ndimage.uniform_filter(inside, window, mode="constant") / share
    square = ndimage.uniform_filter(inside**2, window, mode="constant") / share
    return mean + center, np.sqrt(np.maximum(square - mean**2, 0))
