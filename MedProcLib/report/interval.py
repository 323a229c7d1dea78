"""The 95 % interval of a measurement, and how it is written beside the value."""

import math

from ..core.measurement import Measurement


def interval_of(measurement: Measurement) -> tuple[float, float]:
    """Low and high end of a measurement's 95 % interval, in its unit; NaN where it has none."""
    low, high = (measurement.parameters.get(end, math.nan) for end in ("low", "high"))
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return math.nan, math.nan
    return float(low), float(high)
