"""How like each intensity is to what the seeds of each number mark."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.statistics import median_and_sd

BINS, RANGE = 256, (0.5, 99.5)
# Percentiles and medians of this many values are good enough.
ENOUGH = 500_000
# Share of a broad distribution around each number's intensities, as wide as this part of the spread of all that is
# marked: what lies between two of them, such as a blurred border, is parted in the middle.
BROAD, BROAD_WIDTH = 0.2, 0.5
# Share of an even distribution: intensities far from all that is marked are like none of it.
EVEN = 0.02
# Fewer voxels than this say little of the spread, so those in a box of about this half side around each count too.
FEW, NEAR_MM = 30, 2.5
# Values this many robust SD from the median at the seeds are like them.
ALIKE_SD = 3.0


@dataclass(frozen=True)
class Intensities:
    """Values (z, y, x), where there may be a result (bool), each voxel's bin, the width of a bin, SD of the noise."""

    values: np.ndarray
    region: np.ndarray
    bins: np.ndarray
    width: float
    noise: float

    @classmethod
    def of(cls, values: np.ndarray, region: np.ndarray) -> "Intensities":
        low, high = (float(x) for x in np.percentile(_some(values[region]), RANGE))
        width = ((high - low) / BINS) or 1.0
        bins = np.clip((values - low) / width, 0, BINS - 1).astype(np.uint8)
        return cls(values, region, bins, width, _noise(values, region))

    def chances(self, seeds: np.ndarray, numbers: tuple[int, ...], spacing: tuple[float, ...]) -> np.ndarray:
        """Probability of each number (first axis) by bin, all numbers being equally likely beforehand.

        Kernel density of the intensities at the seeds (Silverman, Density Estimation, 1986), no narrower than noise.
        """
        marked = np.flatnonzero(seeds)
        number_of = seeds.ravel()[marked]
        drawn = [marked[number_of == number] for number in numbers]
        sampled = [self._sampled(places, spacing) for places in drawn]
        every = np.unique(np.concatenate(sampled)) if min(map(len, drawn)) < FEW else marked
        values, bins = self.values.ravel(), self.bins.ravel()
        broad = BROAD_WIDTH * float(np.std(values[every])) / self.width
        densities = []
        for where in sampled:
            sample = values[where].astype(np.float64)
            spread = min(float(sample.std()), float(np.subtract(*np.percentile(sample, (75, 25)))) / 1.34 or np.inf)
            kernel = max(self.noise, 0.9 * spread * sample.size**-0.2) / self.width
            counts = np.bincount(bins[where], minlength=BINS) / sample.size
            near, far = (
                ndimage.gaussian_filter1d(counts, sd, mode="nearest") if sd > 0 else counts for sd in (kernel, broad)
            )
            densities.append((1 - BROAD - EVEN) * near + BROAD * far + EVEN / BINS)
        table = np.array(densities)
        return (table / table.sum(axis=0)).astype(np.float32)

    def usual(
        self, seeds: np.ndarray, numbers: tuple[int, ...], spacing: tuple[float, ...]
    ) -> list[tuple[float, float]]:
        """By number: the lowest and the highest value that is like those at its seeds."""
        ranges = []
        for number in numbers:
            middle, sd = median_and_sd(self.values.ravel()[self._sampled(np.flatnonzero(seeds == number), spacing)])
            half = ALIKE_SD * max(sd, self.noise)
            ranges.append((middle - half, middle + half))
        return ranges

    def within(self, ranges: Iterable[tuple[float, float]]) -> np.ndarray:
        """Voxels (z, y, x; bool) with a value in one of the ranges."""
        found = np.zeros(self.values.shape, bool)
        for low, high in ranges:
            found |= (self.values >= low) & (self.values <= high)
        return found

    def _sampled(self, places: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
        """Flat indices of voxels that tell what seeds at these are like."""
        if places.size >= FEW:
            return places
        near = np.zeros(self.region.shape, bool)
        reaches = [math.ceil(NEAR_MM / side - 0.5) for side in spacing]
        for place in np.transpose(np.unravel_index(places, near.shape)):
            near[
                tuple(
                    slice(max(0, index - reach), index + reach + 1)
                    for index, reach in zip(place.tolist(), reaches, strict=True)
                )
            ] = True
        return np.flatnonzero(near & self.region)


@dataclass(frozen=True)
class Likelihood:
    """Bin of each voxel's intensity (z, y, x), and the probability of each number (first axis) by bin."""

    bins: np.ndarray
    table: np.ndarray

    def maps(self) -> Iterator[np.ndarray]:
        """The probability of each number at each voxel, one after the other; of two numbers only the first's."""
        for row in self.table if len(self.table) > 2 else self.table[:1]:
            yield row[self.bins]

    def squared_gradient(self, grid: Geometry) -> np.ndarray:
        """Squared gradient (1/mm²) of the probabilities."""
        total = np.zeros(self.bins.shape, np.float32)
        share = 1.0 if len(self.table) == 2 else 0.5
        for chance in self.maps():
            for axis, side in enumerate(reversed(grid.spacing)):
                if chance.shape[axis] > 1:
                    total += np.float32(share) * np.gradient(chance, np.float32(side), axis=axis) ** 2
        return total

    def squared_steps(self, axis: int) -> np.ndarray:
        """Squared differences of the probabilities of neighbors along an axis."""
        share = 1.0 if len(self.table) == 2 else 0.5
        return np.float32(share) * np.sum([np.diff(chance, axis=axis) ** 2 for chance in self.maps()], axis=0)


def _noise(values: np.ndarray, region: np.ndarray) -> float:
    """SD of the noise from the differences of neighbors, which edges hardly change."""
    steps = []
    for axis in range(values.ndim):
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        steps.append(_some(np.diff(values, axis=axis)[region[low] & region[high]]))
    joined = np.concatenate(steps)
    return median_and_sd(joined)[1] / np.sqrt(2) if joined.size else 0.0


def _some(values: np.ndarray) -> np.ndarray:
    return values[:: max(1, values.size // ENOUGH)]
