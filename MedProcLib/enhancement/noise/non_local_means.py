"""Non-local means denoising."""

from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .tissue_noise import tissue_noise
from .window_means import window_means

# Voxels this many times as long as the finest side are thick: neighbors there are less alike, patches need not reach.
THICK = 1.5
# Along the other axes a smaller search, in voxels, would find too few that are alike.
LEAST_SEARCH = 2
# Resampled magnitudes swing a little below zero; where more of all signal is negative they are no magnitudes.
NEGATIVE_SHARE = 0.05


@operation(
    "enhancement.non_local_means",
    title="Denoise (non-local means)",
    gives="image",
    source="Buades et al., CVPR 2005; weights: Goossens et al., LNLA 2008; Rician: Wiest-Daesslé et al., MICCAI 2008",
)
class NonLocalMeans(ImageFilter):
    """Replace each voxel by the mean of voxels around it, weighted by how alike their neighborhoods (patches) are.

    Noise goes and edges stay. Along an axis with voxels larger than the search radius (thick slices) nothing is mixed.
    Weight: (1 - (d / strength)²)² below d = strength, d the root mean square difference of the patches in noise SDs.
    """

    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0
    strength: Annotated[
        float, Range(0.5, 10), "how unlike neighborhoods may be and still count; noise alone makes them differ by 1.4"
    ] = 2.2
    search_radius_mm: Annotated[
        float, Range(0.5, 30, "mm"), "how far alike neighborhoods are looked for (at least 2 voxels in plane)"
    ] = 3.0
    patch_radius_mm: Annotated[
        float, Range(0.1, 10, "mm"), "size of the neighborhoods compared (at least 1 voxel in plane)"
    ] = 1.0
    rician: Annotated[bool, "remove the bias that noise gives to dark voxels of MR magnitude images"] = False

    farthest = 600
    learns_from = ("noise",)

    def margin(self, grid):
        search, patch = self._radii(grid)
        return tuple(int(s) + p for s, p in zip(search, patch, strict=True))

    def learn(self, values, region, grid, progress=SILENT):
        """The noise's SD; 0 when there is none to remove. Raises InputError where Rician noise cannot be."""
        if self.rician:
            _require_magnitudes(values, region)
        return tissue_noise(values, region, grid, self.noise)

    def apply(self, values, region, place, learned, progress=SILENT):
        if learned == 0:
            return values
        search, patch = self._radii(place.whole)
        weight = Bisquare(self.strength**2 * float(np.prod([2 * p + 1 for p in patch])))
        return window_means(values, region, place, search, patch, weight, learned, progress, rician=self.rician)

    def _radii(self, grid) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Radii of search and patch in voxels; an axis that is not searched is not compared along either."""
        axes = list(zip(reversed(grid.size), reversed(grid.spacing), strict=True))
        fine = THICK * min((s for n, s in axes if n > 1), default=1.0)
        search = tuple(
            0.0 if n == 1 else max(self.search_radius_mm / s, LEAST_SEARCH if s < fine else 0) + 1e-6 for n, s in axes
        )
        patch = tuple(
            max(1 if s < fine else 0, int(self.patch_radius_mm / s + 1e-6)) if r >= 1 else 0
            for r, (_, s) in zip(search, axes, strict=True)
        )
        return search, patch


def share_below_zero(values: np.ndarray) -> float:
    """Of the sum of all magnitudes, what lies below zero."""
    negative = -float(np.minimum(values, 0).sum(dtype=np.float64))
    return negative / max(float(np.abs(values).sum(dtype=np.float64)), np.finfo(float).tiny)


def _require_magnitudes(values: np.ndarray, region: np.ndarray) -> None:
    """Raise InputError for an image with negative values, whose signs the correction of Rician noise would lose."""
    share = share_below_zero(values[region])
    if share > NEGATIVE_SHARE:
        raise InputError(
            f"Rician noise is that of MR magnitudes, which are never negative, and {100 * share:.0f} % of this image "
            "lies below zero (CT, or standardized before?): take the image as it was measured, or switch rician off."
        )


class Bisquare:
    """(sum - limit)² below the limit; that equal patches then have the weight limit² drops out of the mean."""

    def __init__(self, limit: float) -> None:
        self._limit, self.center = limit, limit**2
        self._row = np.zeros(0, np.float32)

    def __call__(self, sums: np.ndarray, distances: np.ndarray, out: np.ndarray) -> None:
        # an array: numpy is four times as fast with it than with a number
        row = self._row
        if len(row) < out.shape[1]:
            row = self._row = np.full(out.shape[1], self._limit, np.float32)
        row = row[: out.shape[1]]
        np.minimum(sums, row, out=out)
        np.subtract(out, row, out=out)
        np.multiply(out, out, out=out)
