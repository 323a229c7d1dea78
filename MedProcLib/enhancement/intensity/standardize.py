"""Intensity standardization: the same tissue gets about the same value in every image."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import mode_and_sd
from ...core.voxels import filtered_image, foreground, inside, values_of


@operation(
    "enhancement.standardize",
    title="Standardize intensities",
    gives="image",
    source="Shinohara et al., Statistical normalization techniques for MRI, NeuroImage Clin. 6, 2014 (tissue peak); "
    "Reinhold et al., Evaluating intensity normalization on MR images, SPIE 10949, 2019 (z-score, percentiles)",
)
class Standardize:
    """Shift and scale the intensities by what the mask (without one: the foreground by Otsu's threshold) contains.

    tissue_peak: the most frequent tissue becomes 0 and the standard deviation of its peak 1. z_score: mean 0 and
    standard deviation 1. percentiles: the low one becomes 0 and the high one 1. All voxels of the image are mapped.
    """

    method: Annotated[Literal["tissue_peak", "z_score", "percentiles"], "what the scale is taken from"] = "tissue_peak"
    low_percentile: Annotated[float, Range(0, 100, "%"), "percentiles: share of voxels below the value of 0"] = 1.0
    high_percentile: Annotated[float, Range(0, 100, "%"), "percentiles: share of voxels below the value of 1"] = 99.0

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid) if mask is not None else foreground(values, valid)
        # scaled to 1 first: the variance squares
        largest = float(np.abs(values[region]).max()) or 1.0
        zero, one = self._scale(values[region].astype(np.float64) / largest)
        if not one > zero:
            raise InputError("The image is constant inside the mask, so it has no scale to standardize by.")
        progress(0.5, "Mapping intensities")
        return filtered_image(image, (values / largest - zero) / (one - zero), valid)

    def _scale(self, chosen: np.ndarray) -> tuple[float, float]:
        """The intensities that become 0 and 1."""
        if self.method == "percentiles":
            if not self.low_percentile < self.high_percentile:
                raise InputError("The low percentile must be below the high one.")
            low, high = np.percentile(chosen, (self.low_percentile, self.high_percentile))
            return float(low), float(high)
        location, scale = mode_and_sd(chosen) if self.method == "tissue_peak" else (chosen.mean(), chosen.std())
        return float(location), float(location + scale)
