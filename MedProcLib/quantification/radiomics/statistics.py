"""Intensity-based statistics of IBSI (arXiv 1612.07003, 3.3), which serve discretized intensities too (3.4)."""

import math
from collections.abc import Iterator

import numpy as np

from .feature import Definition, Feature, defined

FAMILY = "statistics"
# Values that are looked at at a time.
AT_ONCE = 1 << 16
DEFINITIONS = (
    Definition("stat_mean", "Mean intensity", "Q4LE", "intensity"),
    Definition("stat_var", "Intensity variance", "ECT3", "intensity2"),
    Definition("stat_skew", "Intensity skewness", "KE2A"),
    Definition("stat_kurt", "(Excess) intensity kurtosis", "IPH6"),
    Definition("stat_median", "Median intensity", "Y12H", "intensity"),
    Definition("stat_min", "Minimum intensity", "1GSF", "intensity"),
    Definition("stat_p10", "10th intensity percentile", "QG58", "intensity"),
    Definition("stat_p90", "90th intensity percentile", "8DWT", "intensity"),
    Definition("stat_max", "Maximum intensity", "84IY", "intensity"),
    Definition("stat_iqr", "Intensity interquartile range", "SALO", "intensity"),
    Definition("stat_range", "Intensity range", "2OJQ", "intensity"),
    Definition("stat_mad", "Intensity-based mean absolute deviation", "4FUA", "intensity"),
    Definition("stat_rmad", "Intensity-based robust mean absolute deviation", "1128", "intensity"),
    Definition("stat_medad", "Intensity-based median absolute deviation", "N72L", "intensity"),
    Definition("stat_cov", "Intensity-based coefficient of variation", "7TET"),
    Definition("stat_qcod", "Intensity-based quartile coefficient of dispersion", "9S40"),
    Definition("stat_energy", "Intensity-based energy", "N8CA", "intensity2"),
    Definition("stat_rms", "Root mean square intensity", "5ZWQ", "intensity"),
)


def statistical_features(values: np.ndarray, unit: str) -> list[Feature]:
    """Features of the intensities of a region (1D, finite, at least one, ascending); unit: a key of core.units."""
    squares = sum(float(part @ part) for part in in_blocks(values))
    figures = statistics(values) | {"energy": squares, "rms": math.sqrt(squares / len(values))}
    return defined(DEFINITIONS, FAMILY, {f"stat_{name}": figure for name, figure in figures.items()}, unit)


def statistics(values: np.ndarray) -> dict[str, float]:
    """What is computed alike of intensities and of discretized ones. values: of any type, 1D, ascending.

    Percentiles are linear between order statistics. Of values that are all equal skewness and kurtosis are 0, as the
    manual has it; where the mean (the sum of quartiles) is 0 the coefficient of variation (of dispersion) is NaN.
    """
    low, p10, p25, median, p75, p90, high = (percentile(values, p) for p in (0, 10, 25, 50, 75, 90, 100))
    mean = mean_of(values) if low < high else low
    middle, middle_sum = 0, 0.0
    for part in in_blocks(values):
        within = part[(part >= p10) & (part <= p90)]
        middle, middle_sum = middle + within.size, middle_sum + float(within.sum())
    middle_mean = middle_sum / middle if middle else math.nan
    sums = dict.fromkeys(("second", "third", "fourth", "mad", "medad", "rmad"), 0.0)
    for part in in_blocks(values):
        deviations = part - mean
        squared = deviations**2
        sums["second"] += float(squared.sum())
        sums["third"] += float((squared * deviations).sum())
        sums["fourth"] += float((squared**2).sum())
        sums["mad"] += float(np.abs(deviations).sum())
        sums["medad"] += float(np.abs(part - median).sum())
        sums["rmad"] += float(np.abs(part[(part >= p10) & (part <= p90)] - middle_mean).sum())
    count = values.size
    variance = sums["second"] / count
    return {
        "mean": mean,
        "var": variance,
        "skew": sums["third"] / count / variance**1.5 if variance > 0 else 0.0,
        "kurt": sums["fourth"] / count / variance**2 - 3 if variance > 0 else 0.0,
        "median": median,
        "min": low,
        "p10": p10,
        "p90": p90,
        "max": high,
        "iqr": p75 - p25,
        "range": high - low,
        "mad": sums["mad"] / count,
        "rmad": sums["rmad"] / middle if middle else math.nan,
        "medad": sums["medad"] / count,
        "cov": math.sqrt(variance) / mean if mean else math.nan,
        "qcod": (p75 - p25) / (p75 + p25) if p75 + p25 else math.nan,
    }


def percentile(ascending: np.ndarray, percent: float) -> float:
    """Linear between the two values (1D, at least one, ascending) next to it, as numpy's is."""
    place = (len(ascending) - 1) * (percent / 100)
    below = int(place)
    low, high = float(ascending[below]), float(ascending[min(below + 1, len(ascending) - 1)])
    share = place - below
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


def in_parts(values: np.ndarray) -> Iterator[np.ndarray]:
    """Parts of values (n,), in which they may be written."""
    for start in range(0, values.size, AT_ONCE):
        yield values[start : start + AT_ONCE]


def in_blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Parts of values (n,) to compute with, in float64, so that no copies of all are held."""
    return (part.astype(np.float64, copy=False) for part in in_parts(values))


def mean_of(values: np.ndarray) -> float:
    return sum(float(part.sum()) for part in in_blocks(values)) / values.size


def places_of(ascending: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """How many values (n,; ascending) are below each bound (float64, ascending).

    As numpy's search, which makes a copy of all values that are of another type than the bounds.
    """
    first = ascending[::AT_ONCE].astype(np.float64)
    block = np.maximum(np.searchsorted(first, bounds) - 1, 0)
    found = np.empty(bounds.shape, np.int64)
    for number in np.unique(block).tolist():
        own = slice(*np.searchsorted(block, [number, number + 1]))
        part = ascending[number * AT_ONCE : (number + 1) * AT_ONCE].astype(np.float64, copy=False)
        found[own] = number * AT_ONCE + np.searchsorted(part, bounds[own])
    return found


def are_whole(values: np.ndarray) -> bool:
    """Whether all values (n,) are whole numbers."""
    return all(bool((part == np.rint(part)).all()) for part in in_blocks(values))
