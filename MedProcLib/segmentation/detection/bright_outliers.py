"""Bright (or dark) outliers of a tissue by hysteresis threshold, in robust standard deviations of the tissue."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import median_and_sd, mode_and_sd
from ...core.voxels import inside, values_of
from ..cleanup.remove_small import sizes_within
from ..common.connectivity import CONNECTIVITY, connected_components
from ..common.gaussian_mean import mean_within

# Within this many SD a voxel is taken as normal tissue when the background is measured.
NORMAL = 2.0


@operation(
    "segmentation.bright_outliers",
    title="Bright outliers (hysteresis threshold)",
    gives="labels",
    source="Canny, A computational approach to edge detection, IEEE PAMI 8(6), 1986 (hysteresis); Rousseeuw & Croux, "
    "Alternatives to the median absolute deviation, JASA 88, 1993 (robust scale)",
)
class BrightOutliers:
    """Find regions that stand out from the tissue inside the mask, such as lesions of the white matter in FLAIR.

    A region is a connected set of voxels beyond the low threshold with at least one beyond the high one. Thresholds
    are in robust standard deviations (SD) from the tissue's location. Regions are numbered from 1, the largest first.
    """

    low: Annotated[float, Range(0, 100, "SD"), "voxels beyond this belong to a region"] = 2.25
    high: Annotated[float, Range(0, 100, "SD"), "a region has at least one voxel beyond this"] = 4.5
    rim: Annotated[float, Range(0, 0.9), "a region ends where it falls below this share of its own peak"] = 0.4
    smoothing_mm: Annotated[float, Range(0, 10, "mm"), "SD of the Gaussian that quiets noise first; 0 for none"] = 1.0
    background_mm: Annotated[
        float, Range(0, 200, "mm"), "SD of the Gaussian mean of normal tissue that is taken off first; 0 for none"
    ] = 25.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e9, "mm3"), "drop regions smaller than this (2D: mm²)"] = 10.0
    polarity: Annotated[Literal["bright", "dark"], "look for values above or below the tissue"] = "bright"
    tissue: Annotated[
        Literal["mode", "median"],
        "location of the tissue: the peak of its histogram (of the most frequent tissue), or the median of all",
    ] = "mode"
    connectivity: Annotated[CONNECTIVITY, "voxels are joined over a shared face, or already over a corner"] = "corner"

    def __call__(self, image, mask=None, progress=SILENT):
        if self.high < self.low:
            raise InputError("The high threshold is below the low one: swap them.")
        values, valid = values_of(image)
        region = inside(mask, valid)
        grid = Geometry.of(image)
        smooth, level, label = progress.parts(1, 1, 2)
        score = deviation(values, region, self.tissue)
        if self.smoothing_mm:
            score = deviation(mean_within(score, region, grid, self.smoothing_mm, smooth), region, self.tissue)
        if self.background_mm:
            normal = region & (np.abs(score) < NORMAL)
            score = deviation(score - mean_within(score, normal, grid, self.background_mm, level), region, self.tissue)
        if self.polarity == "dark":
            score = -score
        beyond = (score > self.low) & region
        numbers, counts = connected_components(grid.image_of(beyond), self.connectivity, label)
        peaks = np.zeros(counts.size, score.dtype)
        np.maximum.at(peaks, numbers[beyond], score[beyond])
        # the blur spreads a strong region beyond its edge, where the low threshold alone would still see it
        numbers[score < self.rim * peaks[numbers]] = 0
        counts = np.bincount(numbers.ravel(), minlength=counts.size)
        keep = sizes_within(counts, grid.voxel_volume, self.minimum_volume_mm3) & (peaks > self.high)
        keep[0] = False
        order = np.argsort(-np.where(keep, counts, 0), kind="stable")[: np.count_nonzero(keep)]
        renumbered = np.zeros(counts.size, np.int32)
        renumbered[order] = np.arange(1, order.size + 1)
        return grid.image_of(renumbered[numbers])


def deviation(values: np.ndarray, region: np.ndarray, tissue: str) -> np.ndarray:
    """Distance of each value from the tissue's location in robust SD. Raises InputError when the SD is 0."""
    location, scale = (mode_and_sd if tissue == "mode" else median_and_sd)(values[region].astype(np.float64))
    if not scale > 0:
        raise InputError("The image is constant inside the mask (robust SD 0), so it has no outliers to find.")
    return (values - location) / scale
