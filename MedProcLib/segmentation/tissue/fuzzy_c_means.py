"""Classes of intensity with degrees of membership."""

from typing import Annotated

import numpy as np

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import gaussian, inside, values_of
from .intensity_classes import Histogram, best_means

MOST_ITERATIONS = 300
# Voxels whose memberships are computed at a time.
CHUNK = 2_000_000


@operation(
    "segmentation.fuzzy_c_means",
    title="Classes by fuzzy c-means",
    gives=("labels", "maps"),
    source="Bezdek, Pattern Recognition with Fuzzy Objective Function Algorithms, 1981; Szilagyi et al., MR brain "
    "image segmentation using an enhanced fuzzy c-means algorithm, IEEE EMBC 2003 (neighbors)",
)
class FuzzyCMeans:
    """Divide the intensities into classes to which a voxel belongs more or less: 1 is the darkest, n the brightest.

    The maps hold each voxel's memberships, which sum to 1 (0 outside the mask); the label is that of the largest one.
    Without a mask the background is a class too.
    """

    classes: Annotated[int, Range(2, 12), "number of classes"] = 3
    fuzziness: Annotated[float, Range(1.1, 5), "exponent of the memberships: 1 would make each 0 or 1"] = 2.0
    neighbor_weight: Annotated[float, Range(0, 20), "how much the neighborhood's mean counts against the voxel"] = 0.0
    neighborhood_mm: Annotated[float, Range(0.1, 20, "mm"), "SD of the Gaussian neighborhood"] = 1.0

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        where, grid = inside(mask, valid), Geometry.of(image)
        learn, give = progress.parts(1, 2)
        learn(0.1, "Finding the classes")
        scale = float(np.abs(values[where]).max()) or 1.0
        scaled = (values / scale).astype(np.float32)
        if self.neighbor_weight:
            around = gaussian(scaled, grid, [self.neighborhood_mm] * grid.dimension, learn)
            scaled = ((scaled + self.neighbor_weight * around) / (1 + self.neighbor_weight)).astype(np.float32)
        centers = self._centers(Histogram.of(scaled[where], self.classes))
        maps = [np.zeros(values.shape, np.float32) for _ in centers]
        labels = np.zeros(values.shape, np.uint8)
        chosen = np.flatnonzero(where)
        for first in range(0, chosen.size, CHUNK):
            give(first / chosen.size, "Memberships")
            part = chosen[first : first + CHUNK]
            belongs = self._memberships(scaled.ravel()[part], centers)
            labels.ravel()[part] = belongs.argmax(axis=0) + 1
            for target, source in zip(maps, belongs, strict=True):
                target.ravel()[part] = source
        return grid.image_of(labels), {f"class_{k}": grid.image_of(one) for k, one in enumerate(maps, 1)}

    def _centers(self, histogram: Histogram) -> np.ndarray:
        centers = best_means(histogram, self.classes)
        for _ in range(MOST_ITERATIONS):
            weight = self._memberships(histogram.middles, centers) ** self.fuzziness * histogram.counts
            update = (weight * histogram.middles).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)
            moved = np.abs(update - centers).max()
            centers = update
            if moved < 1e-4 * histogram.width:
                break
        return np.sort(centers)

    def _memberships(self, values: np.ndarray, centers: np.ndarray) -> np.ndarray:
        """Of values (n) in classes: (classes, n)."""
        squared = (values - centers.astype(values.dtype)[:, None]) ** 2
        nearest = np.maximum(squared.min(axis=0), np.finfo(np.float32).tiny)
        closeness = (nearest / np.maximum(squared, nearest)) ** (1 / (self.fuzziness - 1))
        return closeness / closeness.sum(axis=0)
