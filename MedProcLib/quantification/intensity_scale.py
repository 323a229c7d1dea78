"""An enhanced image brought back to the scale of intensities of the image before, when the enhancement left it."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .quality_regions import sample

# A factor within these, and a shift below so many standard deviations, is a change of the image, not of its scale.
LEAST_FACTOR, LARGEST_FACTOR, LARGEST_SHIFT = 0.5, 2.0, 2.0
# Images less alike than this (correlation) do not differ by a scale.
LEAST_CORRELATION = 0.8


@dataclass(frozen=True)
class IntensityScale:
    """before = factor * after + offset, on the whole."""

    factor: float
    offset: float

    @property
    def description(self) -> str:
        sign = "plus" if self.offset >= 0 else "minus"
        return f"the image after was brought to the scale of the one before (times {self.factor:.4g}, {sign} " + (
            f"{abs(self.offset):.4g})"
        )

    def applied(self, image: sitk.Image) -> sitk.Image:
        values = sitk.GetArrayViewFromImage(image) * np.float32(self.factor)
        values += np.float32(self.offset)
        return Geometry.of(image).image_of(values.astype(np.float32, copy=False))


def scale_between(before: sitk.Image, after: sitk.Image, region: np.ndarray) -> IntensityScale | None:
    """The scale of a standardized, rescaled or windowed image against the one before; None where it is much the same.

    region: the voxels (z, y, x) that count. Least squares of the values before over those after: noise that was
    removed does not count as scale.
    """
    old, new = (sample(sitk.GetArrayViewFromImage(i), region).astype(np.float64) for i in (before, after))
    deviations = float(old.std()), float(new.std())
    if not min(deviations) > 0:
        return None
    correlation = float(np.mean((old - old.mean()) * (new - new.mean()))) / (deviations[0] * deviations[1])
    factor = correlation * deviations[0] / deviations[1]
    shifted = abs(float(new.mean() - old.mean())) > LARGEST_SHIFT * deviations[0]
    if correlation < LEAST_CORRELATION or (LEAST_FACTOR <= factor <= LARGEST_FACTOR and not shifted):
        return None
    return IntensityScale(factor, float(old.mean() - factor * new.mean()))
