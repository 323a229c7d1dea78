"""The 95 % interval of a measurement, which measurements beside it give: NAME_low and NAME_high."""

import math
from collections.abc import Sequence

from ..core.measurement import Measurement

LOW, HIGH, ESTIMATE = "_low", "_high", "_estimate"


def interval_of(measurement: Measurement, among: Sequence[Measurement]) -> tuple[float, float]:
    """Low and high end of a measurement's 95 % interval, in its unit; NaN where it has none."""
    values = {other.name: other.value for other in among}
    low, high = (float(values.get(measurement.name + end, math.nan)) for end in (LOW, HIGH))
    return low, high


def without_intervals(measurements: Sequence[Measurement]) -> list[Measurement]:
    """The measurements that are not an end of another's interval."""
    names = {measurement.name for measurement in measurements}
    ends = {name + end for name in names for end in (LOW, HIGH) if name + end in names}
    return [measurement for measurement in measurements if measurement.name not in ends]


def in_words(low: str, high: str) -> str:
    """'56–102' of two numbers as text; '-84 to -55.1' where a minus sign would run into the dash."""
    return f"{low} to {high}" if "-" in (low[:1], high[:1]) else f"{low}–{high}"
