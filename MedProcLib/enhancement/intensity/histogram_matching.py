"""Histogram matching: the image gets the intensities of another one."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.image_filter import ImageFilter, filtered, learned_of
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import NO_NUMBER, foreground
from .sample import CONSTANT, distinct, interpolated, sample


@operation(
    "enhancement.histogram_matching",
    title="Match histogram",
    gives="image",
    source="Gonzalez and Woods, Digital Image Processing, 4th ed., 2018, section 3.3 (histogram specification)",
)
class HistogramMatching(ImageFilter):
    """Map the intensities so that their histogram becomes that of a reference image: quantile to quantile.

    Learned in the mask, or in the foreground (Otsu's threshold), of the image, and in the reference's foreground; what
    is darker is mapped from the lowest value to the lowest value. The reference may have any grid. All voxels are
    mapped. Images of different content, such as another share of fat, get wrong intensities: so does a lesion.
    """

    quantiles: Annotated[int, Range(2, 4096), "number of quantiles that are matched"] = 512
    learned_from: Annotated[Literal["foreground", "all"], "what of the image and the reference is learned from"] = (
        "foreground"
    )

    mask_limits = False
    parallel = True

    @property
    def learns_in_foreground(self):  # type: ignore[override]
        return self.learned_from == "foreground"

    def learn(self, values, region, grid, progress=SILENT, reference=None):
        """Intensities of the image and of the reference that belong together."""
        progress(0.0, "Comparing histograms")
        wanted = _numbers(reference)
        lowest = float(wanted.min())
        if self.learned_from == "foreground":
            wanted = wanted[foreground(wanted, np.ones(wanted.shape, bool))]
        shares = np.linspace(0, 100, self.quantiles)
        start, to = (np.percentile(v, shares) for v in (sample(values, region).astype(np.float64), wanted))
        if not (start[-1] > start[0] and to[-1] > to[0]):
            raise InputError(CONSTANT)
        start, to = distinct(start, to)
        darkest = float(values.min())
        if darkest < start[0]:
            start, to = np.insert(start, 0, darkest), np.insert(to, 0, min(lowest, to[0]))
        return start, to

    def apply(self, values, region, place, learned, progress=SILENT):
        return interpolated(values, learned, straight_on=True)

    def __call__(self, image, reference, mask=None, progress=SILENT):  # type: ignore[override]
        learned = learned_of(self, image, mask, progress.part(0, self.learning_share), reference=reference)
        return filtered(self, image, mask, learned, progress=progress.part(self.learning_share, 1))


def _numbers(reference: sitk.Image) -> np.ndarray:
    view = sitk.GetArrayViewFromImage(reference)
    finite = np.isfinite(view)
    if not finite.any():
        raise InputError(NO_NUMBER.replace("The image", "The reference"))
    return sample(view, finite).astype(np.float64)
