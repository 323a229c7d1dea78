"""Histogram of a region's values, and how much of its volume reaches each value."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ..sample import Sample

MOST_BINS = 100_000


@dataclass(frozen=True)
class Histogram:
    """counts, density, reached: (bins,); edges: (bins + 1,), in the unit of the values; left_out: values without a
    number.

    density integrates to the share of the numbers that lie within the edges; reached: share (%) of the numbers that
    are at or above the lower edge of each bin, which is the intensity-volume histogram.
    """

    counts: np.ndarray
    density: np.ndarray
    reached: np.ndarray
    edges: np.ndarray
    unit: str
    left_out: int

    @property
    def centers(self) -> np.ndarray:
        return (self.edges[:-1] + self.edges[1:]) / 2


@dataclass(frozen=True)
class VolumeHistogram:
    """values (n,), ascending; shares (n,): of the region's volume (%) that is at least each value; unit: of values."""

    values: np.ndarray
    shares: np.ndarray
    unit: str
    volume_mm3: float

    def volume_at(self, value: float) -> float:
        """Share (%) of the volume that is at or above a value."""
        place = int(np.searchsorted(self.values, value, "left"))
        return float(self.shares[place]) if place < len(self.shares) else 0.0

    def value_at(self, share: float) -> float:
        """The largest value that at least this share (%) of the volume reaches. Raises InputError outside 0..100."""
        if not 0 <= share <= 100:
            raise InputError(f"A share of the volume is from 0 to 100 %, not {share:g}.")
        # a billionth, so that rounding of a share does not decide
        return float(self.values[np.flatnonzero(self.shares >= share - 1e-9)[-1]])


def histogram(
    values: np.ndarray,
    unit: str,
    bins: int | None = None,
    width: float | None = None,
    limits: tuple[float, float] | None = None,
) -> Histogram:
    """Histogram of the values (any shape) that are numbers, in equal bins.

    bins or width (in the unit of the values), or neither: as Freedman and Diaconis, or Scott, have them. limits: of the
    first and last bin, by default the smallest and largest value, with a width the multiples of it around them.
    The last bin holds its upper edge. Raises InputError without a number, or for bins that are none.
    Source: Freedman & Diaconis, Z Wahrscheinlichkeitstheorie verw Geb 57, 1981.
    """
    return histograms([values], unit, bins, width, limits)[0]


def histograms(
    values: Sequence[np.ndarray],
    unit: str,
    bins: int | None = None,
    width: float | None = None,
    limits: tuple[float, float] | None = None,
) -> list[Histogram]:
    """Histograms of several regions in bins that all share, chosen as histogram() chooses them for all values at once.

    Raises InputError for a region without a number, and for bins that are none.
    """
    samples = [_sample(each) for each in values]
    together = samples[0] if len(samples) == 1 else Sample.of(np.concatenate([s.ascending for s in samples]))
    edges = _edges(together, bins, width, limits)
    found = []
    for sample in samples:
        counts = np.histogram(sample.ascending, edges)[0]
        density = counts / (sample.count * np.diff(edges))
        reached = 100 * (1 - np.searchsorted(sample.ascending, edges[:-1]) / sample.count)
        found.append(Histogram(counts, density, reached, edges, unit, sample.left_out))
    return found


def _edges(sample: Sample, bins: int | None, width: float | None, limits: Sequence[float] | None) -> np.ndarray:
    if bins is not None and width is not None:
        raise InputError("Give the number of bins or their width, not both.")
    if bins is not None and not 1 <= bins <= MOST_BINS:
        raise InputError(f"{bins} bins are not from 1 to {MOST_BINS}: choose another number or width.")
    low, high = limits or (sample.restored(sample.percentile(0)), sample.restored(sample.percentile(100)))
    if not (math.isfinite(high - low) and low <= high):
        raise InputError(f"The limits {low:g} and {high:g} of the histogram are not an interval.")
    if width is not None:
        edges = _edges_of_width(low, high, width, fixed=limits is not None)
    else:
        edges = np.linspace(low, high, (bins or _usual_bins(sample, low, high)) + 1) if low < high else _around(low)
    if not 1 <= len(edges) - 1 <= MOST_BINS:
        raise InputError(f"{len(edges) - 1} bins are not from 1 to {MOST_BINS}: choose another number or width.")
    return edges


def volume_histogram(values: np.ndarray, unit: str, voxel_mm3: float, points: int | None = None) -> VolumeHistogram:
    """Cumulative histogram of the values (any shape) that are numbers: the intensity-volume histogram.

    points: how many equal steps of value it has, by default one for each value that occurs. For dose this is the
    dose-volume histogram. Raises InputError without a number.
    Source: El Naqa et al., Pattern Recognit 42(6), 2009; IBSI (arXiv 1612.07003).
    """
    sample = _sample(values)
    ascending = sample.ascending.astype(np.float64)
    levels = np.unique(ascending) if points is None else np.linspace(ascending[0], ascending[-1], points)
    reached = sample.count - np.searchsorted(ascending, levels, "left")
    return VolumeHistogram(levels, 100 * reached / sample.count, unit, sample.count * voxel_mm3)


def _sample(values: np.ndarray) -> Sample:
    sample = Sample.of(np.asarray(values))
    if not sample.count:
        raise InputError("The region holds no number, so it has no histogram: choose voxels that have values.")
    return sample


def _edges_of_width(low: float, high: float, width: float, fixed: bool) -> np.ndarray:
    if not (math.isfinite(width) and width > 0):
        raise InputError(f"The width of bins must be above 0, not {width:g}.")
    first = low if fixed else math.floor(low / width) * width
    # a billionth, so that rounding does not add an empty bin
    count = (high - first) / width - 1e-9
    if count > MOST_BINS:
        raise InputError(f"Bins of {width:g} would be more than {MOST_BINS}: choose a larger width.")
    return first + width * np.arange(max(1, math.ceil(count)) + 1)


def _usual_bins(sample: Sample, low: float, high: float) -> int:
    spread = sample.restored(sample.percentile(75) - sample.percentile(25))
    # Scott's (Biometrika 66(3), 1979) where half of the values are alike, as beside a body
    step = (2 * spread or (24 * math.pi**0.5) ** (1 / 3) * sample.restored(sample.sd)) * sample.count ** (-1 / 3)
    return int(min(max(1, math.ceil((high - low) / step)), 1000)) if step > 0 else 1


def _around(value: float) -> np.ndarray:
    """One bin around the only value."""
    half = 0.5 * max(1.0, abs(value) * 1e-6)
    return np.array([value - half, value + half])
