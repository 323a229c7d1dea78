"""Classes of intensity by k-means."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...enhancement.structure.derivatives import derivative_margin, in_blocks, smoothed
from .intensity_classes import Histogram, best_means


@operation(
    "segmentation.k_means",
    title="Classes by k-means",
    gives="labels",
    source="MacQueen, Some methods for classification and analysis of multivariate observations, 5th Berkeley "
    "Symposium, 1967; Wang & Song, Ckmeans.1d.dp, R Journal 3(2), 2011 (the exact optimum)",
)
class KMeans(ImageFilter):
    """Divide the intensities into classes with the least spread around their means: 1 is the darkest, n the brightest.

    The optimum is found whatever the start. Without a mask the background is a class too.
    """

    classes: Annotated[int, Range(2, 12), "number of classes"] = 3
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the Gaussian that quiets noise first; 0: none"] = 0.0

    makes_labels = True
    parallel = True

    def margin(self, grid):
        return derivative_margin(grid, self.smoothing_mm) if self.smoothing_mm else (0,) * grid.dimension

    def learn(self, values, region, grid, progress=SILENT):
        """The limits between the classes."""
        spacing = tuple(reversed(grid.spacing))

        def chosen(part):
            return self._smooth(values, spacing, part)[region[part]]

        inside = np.concatenate(in_blocks(chosen, tuple(slice(0, n) for n in values.shape), progress))
        means = best_means(Histogram.of(inside, self.classes), self.classes)
        return (means[:-1] + means[1:]) / 2

    def apply(self, values, region, place, learned, progress=SILENT):
        result = np.zeros(values.shape, np.uint8)

        def fill(part):
            result[part] = np.searchsorted(learned, self._smooth(values, place.spacing, part)) + 1

        in_blocks(fill, place.wanted, progress)
        return result

    def _smooth(self, values, spacing, part) -> np.ndarray:
        return smoothed(values, self.smoothing_mm, spacing, part) if self.smoothing_mm else values[part]
