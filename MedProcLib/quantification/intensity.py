"""Statistics of the values of an object's voxels."""

import math

import numpy as np

from ..core.measurement import Measurement
from .figures import INTENSITY_FIGURES, measured

PERCENT = {"minimum": 0, "p5": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95, "maximum": 100}


def intensity_measurements(values: np.ndarray, unit: str) -> list[Measurement]:
    """Mean, SD, extremes and percentiles of the values (any shape) that are finite; NaN where there are too few.

    unit: of the values, a key of units.UCUM. Values that are not finite are left out, and how many is said.
    """
    numbers = np.sort(values[np.isfinite(values)].astype(np.float64))
    figures = dict.fromkeys((figure.name for figure in INTENSITY_FIGURES), math.nan)
    if numbers.size:
        # exact scaling by a power of two keeps squares and sums of huge values finite
        _, exponent = math.frexp(max(abs(numbers[0]), abs(numbers[-1])))
        scaled = np.ldexp(numbers, -exponent)
        for name, percent in PERCENT.items():
            figures[name] = math.ldexp(_percentile(scaled, percent), exponent)
        figures["mean"] = math.ldexp(float(scaled.mean()), exponent)
        figures["sd"] = math.ldexp(float(scaled.std()), exponent)
    left_out = {"voxels_without_number": values.size - numbers.size} if numbers.size < values.size else {}
    return [measured(name, value, numbers.size, unit, **left_out) for name, value in figures.items()]


def _percentile(ascending: np.ndarray, percent: float) -> float:
    position = percent / 100 * (len(ascending) - 1)
    below = int(position)
    above = min(below + 1, len(ascending) - 1)
    return float(ascending[below] + (position - below) * (ascending[above] - ascending[below]))
