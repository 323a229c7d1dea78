"""Statistics of the values of an object's voxels."""

import math
from collections.abc import Sequence

import numpy as np

from ..core.measurement import Measurement
from ..core.statistics import MAD_TO_SD
from .figures import VALUE_GROUPS
from .sample import Sample

PERCENT = {"minimum": 0, "p5": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95, "maximum": 100}
BINS = 64


def intensity_measurements(
    values: np.ndarray | Sample, unit: str, groups: Sequence[str] = ("intensity",), bins: int = BINS
) -> list[Measurement]:
    """Statistics of the values (any shape, or a sample) that are finite, by group; NaN where there are too few.

    unit: of the values, a key of units.SQUARED; groups: keys of figures.VALUE_GROUPS; bins: of the histogram from the
    smallest to the largest value whose entropy and uniformity are given. Values that are not finite are left out, and
    how many is said.
    Source: IBSI (arXiv 1612.07003), whose percentiles are left open: here they are linear between order statistics.
    """
    sample = Sample.of(values)
    left_out = {"voxels_without_number": sample.left_out} if sample.left_out else {}
    measurements = []
    for group in groups:
        found = STATISTICS[group](sample, bins) if sample.count else {}
        for figure in VALUE_GROUPS[group]:
            value = sample.restored(found[figure.name], figure.power) if found else math.nan
            defined = {"bins": bins, "of": "smallest to largest value"} if figure.name in BINNED else {}
            measurements.append(figure.measured(value, sample.count, unit, **defined, **left_out))
    return measurements


def _usual(sample: Sample, bins: int) -> dict[str, float]:
    found = {name: sample.percentile(percent) for name, percent in PERCENT.items()}
    return found | {"mean": sample.mean, "sd": sample.sd}


def _robust(sample: Sample, bins: int) -> dict[str, float]:
    low, high = sample.percentile(25), sample.percentile(75)
    middle = sample.between(10, 90)
    to_sample = math.ldexp(1.0, middle.exponent - sample.exponent) if middle.count else math.nan
    spread = sample.median_absolute_deviation
    return {
        "p10": sample.percentile(10),
        "p90": sample.percentile(90),
        "interquartile_range": high - low,
        "robust_mean": middle.mean * to_sample if middle.count else math.nan,
        "robust_sd": MAD_TO_SD * spread,
        "median_absolute_deviation": spread,
        "mean_absolute_deviation": sample.mean_absolute_deviation,
        "robust_mean_absolute_deviation": middle.mean_absolute_deviation * to_sample if middle.count else math.nan,
        "quartile_dispersion": (high - low) / (high + low) if high + low else math.nan,
    }


def _distribution(sample: Sample, bins: int) -> dict[str, float]:
    second, third, fourth = sample.moments
    counts, _ = sample.histogram(bins)
    shares = counts[counts > 0] / sample.count
    squares = sample.sum_of_squares
    return {
        "range": sample.percentile(100) - sample.percentile(0),
        "skewness": third / second**1.5 if second else 0.0,
        "kurtosis": fourth / second**2 - 3 if second else 0.0,
        "entropy": -float(shares @ np.log2(shares)) + 0.0,
        "uniformity": float(shares @ shares),
        "coefficient_of_variation": math.sqrt(second) / sample.mean if sample.mean else math.nan,
        "root_mean_square": math.sqrt(squares / sample.count),
        "energy": squares,
    }


STATISTICS = {"intensity": _usual, "robust": _robust, "distribution": _distribution}
BINNED = ("entropy", "uniformity")
