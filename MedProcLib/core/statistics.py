"""Statistics that a few outliers do not move."""

import numpy as np
from scipy import ndimage

# makes the median absolute deviation an estimate of the standard deviation of normally distributed values
MAD_TO_SD = 1.4826


def median_and_sd(values: np.ndarray) -> tuple[float, float]:
    """Median and robust standard deviation (1.4826 MAD) of the values."""
    median = float(np.median(values))
    return median, MAD_TO_SD * float(np.median(np.abs(values - median)))


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value (n,) that half of the weights (n,), none negative, lie at or below."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def mode_and_sd(values: np.ndarray) -> tuple[float, float]:
    """Place of the highest peak of the values' histogram and the standard deviation of that peak.

    The peak is that of the histogram between the 0.1th and 99.9th percentile, smoothed as Silverman's rule has it;
    the deviation is that of the normal distribution which has the median distance to the peak of the values within
    two deviations of it (iterated), so that what lies outside the peak hardly counts.
    """
    low, high = np.percentile(values, (0.1, 99.9))
    count, bins = values.size, 512
    # a range that rounding made cannot be parted into bins
    if not high - low > bins * (4 * np.finfo(float).eps * max(abs(low), abs(high)) + np.finfo(float).tiny):
        return float(low), 0.0
    histogram, edges = np.histogram(values, bins, (low, high))
    quartiles = np.percentile(values, (25, 75))
    width = 0.9 * max(quartiles[1] - quartiles[0], 1e-9 * (high - low)) / 1.34 * count**-0.2
    smooth = ndimage.gaussian_filter1d(
        histogram.astype(float), max(1.0, width / (edges[1] - edges[0])), mode="constant"
    )
    peak = int(np.argmax(smooth))
    mode = float((edges[peak] + edges[peak + 1]) / 2)
    deviation = median_and_sd(values)[1] or float(np.std(values))
    for _ in range(20):
        near = np.abs(values - mode) <= 2 * deviation
        if not near.any():
            break
        update = float(np.median(np.abs(values[near] - mode))) / _MEDIAN_WITHIN_2_SD
        if update == 0 or abs(update - deviation) < 1e-3 * deviation:
            break
        deviation = update
    return mode, deviation


# median of |z| for a standard normal z, given |z| <= 2: Phi^-1(1/2 + (Phi(2) - 1/2) / 2)
_MEDIAN_WITHIN_2_SD = 0.63911
