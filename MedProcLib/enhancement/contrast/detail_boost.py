"""Detail of several sizes made stronger, without noise and without halos."""

from typing import Annotated, Any

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..intensity.sample import percentiles
from ..structure.derivatives import derivative_margin, in_blocks, kernel, smoothed

# Standard deviations of the Gaussians that the bands lie between, each twice the one before.
SCALES = (1, 2, 4)
RANGE_PERCENTILES = (0.5, 99.5)


@operation(
    "enhancement.detail_boost",
    title="Boost detail (multi-scale)",
    gives="image",
    source="Vuylsteke & Schoeters, Multiscale image contrast amplification, SPIE 2167, 1994; "
    "Burt & Adelson, IEEE Trans Commun 31(4), 1983 (bands as differences of Gaussians)",
)
class DetailBoost(ImageFilter):
    """Split the image into three bands of detail and the rest, and amplify weak differences in each band.

    What is as weak as the noise in its band is left alone, and so are the strong differences beside edges, which would
    become halos. Bands are differences of Gaussians of one, two and four times the finest size. Gains of 1 change
    nothing.
    """

    finest_mm: Annotated[float, Range(0.2, 10, "mm"), "standard deviation below which detail is fine"] = 0.75
    fine_gain: Annotated[float, Range(0, 8), "of detail finer than that"] = 1.5
    medium_gain: Annotated[float, Range(0, 8), "of detail of up to twice that size"] = 2.5
    coarse_gain: Annotated[float, Range(0, 8), "of detail of up to four times that size"] = 2.0
    coring: Annotated[
        float, Range(0, 10, "SD"), "differences of this many standard deviations of the noise get half the gain"
    ] = 2.0
    edge_percent: Annotated[
        float, Range(0.5, 100, "%"), "differences of this share of the intensity range get half the gain; less above"
    ] = 10.0

    learns_in_foreground = True

    learns_from = ("finest_mm", "coring", "edge_percent")

    def margin(self, grid):
        return derivative_margin(grid, SCALES[-1] * self.finest_mm)

    def learn(self, values, region, grid, progress=SILENT):
        # the noise is that of the foreground, which may be nearly flat; the range is that of all
        low, high = percentiles(values, np.ones(values.shape, bool), RANGE_PERCENTILES)
        noise = fine_noise_sd(values, grid.spacing[::-1], region) if self.coring else 0.0
        return self.edge_percent / 100 * (high - low), [noise * share for share in self._noise_shares(grid)]

    def apply(self, values, region, place, learned, progress=SILENT):
        edge, noises = learned
        result = np.empty_like(values)

        def fill(part):
            finer = values[part].copy()
            made = finer.copy()
            gains = (self.fine_gain, self.medium_gain, self.coarse_gain)
            for scale, gain, noise in zip(SCALES, gains, noises, strict=True):
                coarser = smoothed(values, scale * self.finest_mm, place.spacing, part)
                finer -= coarser
                made += _boost(finer, gain, edge, self.coring * noise)
                finer = coarser
            result[part] = made

        in_blocks(fill, place.wanted, progress)
        return result

    def _noise_shares(self, grid: Any) -> list[float]:
        """Standard deviation, in each band, of white noise of standard deviation 1."""
        per_axis = [
            [np.ones(1), *(kernel(0, scale * self.finest_mm / spacing) for scale in SCALES)]
            for n, spacing in zip(grid.size, grid.spacing, strict=True)
            if n > 1
        ]

        def overlap(a: int, b: int) -> float:
            return float(np.prod([_centered_product(kernels[a], kernels[b]) for kernels in per_axis]))

        return [
            float(np.sqrt(max(overlap(k, k) + overlap(k + 1, k + 1) - 2 * overlap(k, k + 1), 0)))
            for k in range(len(SCALES))
        ]


def _boost(detail: np.ndarray, gain: float, edge: float, noise: float) -> np.ndarray:
    """What is added to a band: (gain - 1) of the detail where it lies between noise and edges, smoothly less beyond."""
    # relative to the edge, so that squares stay small
    size = detail / detail.dtype.type(edge)
    size *= size
    weight = 1 / (1 + size)
    if noise > 0:
        weight *= size / (size + detail.dtype.type((noise / edge) ** 2))
    weight *= detail
    weight *= detail.dtype.type(gain - 1)
    return weight


def _centered_product(first: np.ndarray, second: np.ndarray) -> float:
    if len(first) > len(second):
        first, second = second, first
    start = (len(second) - len(first)) // 2
    return float(first @ second[start : start + len(first)])
