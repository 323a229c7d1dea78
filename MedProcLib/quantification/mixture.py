"""Tissues as normal distributions that the values of a region are a mixture of."""

import math
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from .quality_definitions import Undefined

BINS = 256
# Values beyond these percentiles do not stretch the histogram.
USUAL = (0.1, 99.9)
MOST_ITERATIONS = 1000
FEWEST_VALUES = 30
# Iteration ends when the mean logarithm of the likelihood gains less.
GAIN = 1e-7


@dataclass(frozen=True)
class Mixture:
    """Share, mean and standard deviation of each component (arrays), the darkest first."""

    shares: np.ndarray
    means: np.ndarray
    sds: np.ndarray

    def border(self, lower: int = 0) -> float:
        """The value between the means of a component and the next where the next becomes the more likely one."""
        values = np.linspace(self.means[lower], self.means[lower + 1], 1001)
        two = slice(lower, lower + 2)
        distance = (values - self.means[two, np.newaxis]) / self.sds[two, np.newaxis]
        first, second = np.log(self.shares[two] / self.sds[two])[:, np.newaxis] - 0.5 * distance**2
        beyond = values[second > first]
        return float(beyond[0] if beyond.size else values[-1])


def usual(values: np.ndarray) -> np.ndarray:
    """The values in float64, those beyond the 0.1th and 99.9th percentile set to these."""
    values = values.astype(np.float64)
    return np.clip(values, *np.percentile(values, USUAL))


def fit_mixture(values: np.ndarray, components: int) -> Mixture:
    """The mixture of normal distributions that is most likely to have given the values (any shape).

    Expectation maximization (Dempster et al., J R Stat Soc B 39, 1977) on a histogram of 256 bins from the 0.1th to
    the 99.9th percentile, from Otsu's classes on. Unlike the classes' own deviations, which end at the thresholds,
    those of the components grow with noise and uneven shading as the tissues' do. Raises Undefined for values that
    do not fall into so many classes.
    """
    values = values.reshape(-1)
    if values.size < FEWEST_VALUES:
        raise Undefined(f"the region has fewer than {FEWEST_VALUES} voxels")
    unit = math.ldexp(1.0, math.frexp(float(np.abs(values).max()))[1])  # squares of huge values would overflow
    clipped = usual(values / unit)
    starts = _class_starts(clipped, components)
    low, high = float(clipped.min()), float(clipped.max())
    counts, edges = np.histogram(values / unit, BINS, (low, high))
    centers, width = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
    member = (np.digitize(edges[1:], starts) == np.arange(components)[:, np.newaxis]) * (counts + 1e-9)
    if not member.any(axis=1).all():
        raise Undefined(f"the region's values do not fall into {components} classes")
    known = -np.inf
    for _ in range(MOST_ITERATIONS):
        weights = member.sum(axis=1)
        means = member @ centers / weights
        variances = (member * (centers - means[:, np.newaxis]) ** 2).sum(axis=1) / weights
        sds = np.sqrt(variances + width**2 / 12)  # that of a bin at least, so that no component shrinks to nothing
        shares = weights / weights.sum()
        distance = (centers - means[:, np.newaxis]) / sds[:, np.newaxis]
        density = (shares / sds)[:, np.newaxis] * np.exp(-0.5 * distance**2) + 1e-300
        total = density.sum(axis=0)
        likelihood = float(counts @ np.log(total)) / counts.sum()
        if likelihood - known < GAIN:
            break
        known, member = likelihood, density / total * counts
    order = np.argsort(means)
    return Mixture(shares[order], means[order] * unit, sds[order] * unit)


def _class_starts(values: np.ndarray, classes: int) -> np.ndarray:
    """The smallest value of the second class, the third, ... (Otsu)."""
    if not np.ptp(values) > 0:
        raise Undefined("the image is constant in the region")
    scaled = sitk.GetImageFromArray((values / np.abs(values).max()).astype(np.float32)[np.newaxis])
    numbers = sitk.GetArrayFromImage(sitk.OtsuMultipleThresholds(scaled, classes - 1, 0, BINS))[0]
    if len(np.unique(numbers)) < classes:
        raise Undefined(f"the region's values do not fall into {classes} classes")
    return np.array([values[numbers == number].min() for number in range(1, classes)])
