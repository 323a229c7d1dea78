"""Intensity standardization: the same tissue gets about the same value in every image."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import mode_and_sd
from .sample import percentiles, sample

# Share of the voxels with the highest value from which on they are taken for saturated.
MANY = 0.02


@operation(
    "enhancement.standardize",
    title="Standardize intensities",
    gives="image",
    source="Shinohara et al., Statistical normalization techniques for MRI, NeuroImage Clin. 6, 2014 (tissue peak); "
    "Reinhold et al., Evaluating intensity normalization on MR images, SPIE 10949, 2019 (z-score, percentiles)",
)
class Standardize(ImageFilter):
    """Shift and scale the intensities by what the mask (without one: the foreground by Otsu's threshold) contains.

    tissue_peak: the most frequent tissue becomes 0 and the standard deviation of its peak 1. z_score: mean 0 and
    standard deviation 1. percentiles: the low one becomes 0 and the high one 1. Voxels of the highest value do not
    count where they are many (saturated: the air of a radiograph). All voxels of the image are mapped.
    """

    method: Annotated[Literal["tissue_peak", "z_score", "percentiles"], "what the scale is taken from"] = "tissue_peak"
    low_percentile: Annotated[float, Range(0, 100, "%"), "percentiles: share of voxels below the value of 0"] = 1.0
    high_percentile: Annotated[float, Range(0, 100, "%"), "percentiles: share of voxels below the value of 1"] = 99.0

    mask_limits = False
    learns_in_foreground = True
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """The intensities that become 0 and 1."""
        progress(0.0, "Finding the scale")
        region = _unsaturated(values, region)
        if self.method == "percentiles":
            return percentiles(values, region, (self.low_percentile, self.high_percentile))
        chosen = sample(values, region).astype(np.float64)
        # scaled to 1 first: the variance squares
        largest = float(np.abs(chosen).max()) or 1.0
        chosen /= largest
        location, scale = mode_and_sd(chosen) if self.method == "tissue_peak" else (chosen.mean(), chosen.std())
        if not scale > 1e-9:
            raise InputError("The image is constant inside the mask, so it has no scale to standardize by.")
        return float(location * largest), float((location + scale) * largest)

    def apply(self, values, region, place, learned, progress=SILENT):
        zero, one = learned
        return (values - zero) / (one - zero)


def _unsaturated(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The region without its highest value, if many voxels have it and the others have more than one."""
    highest = np.max(values, where=region, initial=-np.inf)
    rest = region & (values < highest)
    kept, count = np.count_nonzero(rest), np.count_nonzero(region)
    if count - kept <= MANY * count or not kept:
        return region
    return rest if np.ptp(values[rest]) > 0 else region
