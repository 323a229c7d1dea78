"""Bilateral filter."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .tissue_noise import tissue_noise
from .window_means import window_means

# the Gaussian of distance is cut off where it has fallen to exp(-3) of its peak
TRUNCATE = 2.5


@operation(
    "enhancement.bilateral",
    title="Smooth (bilateral)",
    gives="image",
    source="Tomasi & Manduchi, Bilateral filtering for gray and color images, ICCV 1998",
)
class Bilateral(ImageFilter):
    """Average each voxel with those around it that are about as bright: weights fall with distance and difference.

    Mirrored at the border.
    """

    spatial_sd_mm: Annotated[float, Range(0.1, 10, "mm"), "standard deviation of the Gaussian of the distance"] = 1.2
    range_sd: Annotated[
        float, Range(0.2, 20), "standard deviation of the Gaussian of the difference, in noise standard deviations"
    ] = 2.0
    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0

    farthest = 600
    learns_from = ("noise",)

    def margin(self, grid):
        return tuple(int(r) for r in self._radii(grid))

    def learn(self, values, region, grid, progress=SILENT):
        """The noise's SD; 0 when there is none to remove."""
        return tissue_noise(values, region, grid, self.noise)

    def apply(self, values, region, place, learned, progress=SILENT):
        if learned == 0:
            return values
        radii = self._radii(place.whole)
        return window_means(values, region, place, radii, (0,) * len(radii), _Weight(self.range_sd), learned, progress)

    def _radii(self, grid) -> tuple[float, ...]:
        reach = TRUNCATE * self.spatial_sd_mm
        return tuple(
            0.0 if n == 1 else reach / s + 1e-6
            for n, s in zip(reversed(grid.size), reversed(grid.spacing), strict=True)
        )


class _Weight:
    """Gaussian of the difference times Gaussian of the distance."""

    center = 1.0

    def __init__(self, range_sd: float) -> None:
        self._factor = np.float32(-0.5 / range_sd**2)

    def __call__(self, sums: np.ndarray, distances: np.ndarray, out: np.ndarray) -> None:
        np.multiply(sums, self._factor, out=out)
        np.exp(out, out=out)
        np.multiply(out, np.exp(-0.5 * TRUNCATE**2 * distances).astype(np.float32)[:, np.newaxis], out=out)
