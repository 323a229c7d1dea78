"""The scores of all segments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.measurement import Measurement
from .figures import FIGURE

MEAN = "mean"
ROUNDING = 1e-12


@dataclass(frozen=True)
class SegmentScore:
    """Figures of a segment, in the order of figures.ALL_FIGURES.

    label: value in the reference's label map; None for the mean over segments;
    missing: where the segment has no voxel: 'reference', 'test', 'both' or ''.
    """

    label: int | None
    name: str
    measurements: tuple[Measurement, ...]
    missing: str = ""

    def value(self, name: str) -> float:
        """A figure's value by name; NaN where it is not defined. Raises KeyError."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement.value
        raise KeyError(name)


@dataclass(frozen=True)
class Scores:
    """Scores of the segments in the order of their labels; notes: what a reader should know, one line each."""

    rows: tuple[SegmentScore, ...]
    parameters: Mapping[str, object]
    notes: tuple[str, ...] = ()

    @property
    def mean(self) -> SegmentScore:
        """Mean of each figure over the segments that have it; how many those are is among its parameters."""
        columns = zip(*(row.measurements for row in self.rows), strict=True)
        return SegmentScore(None, MEAN, tuple(_mean(column) for column in columns))

    def row(self, segment: int | str) -> SegmentScore:
        """The row of a label or name. Raises KeyError."""
        for row in self.rows:
            if segment in (row.label, row.name):
                return row
        raise KeyError(segment)


def _mean(measurements: Sequence[Measurement]) -> Measurement:
    first = measurements[0]
    known = [m.value for m in measurements if not math.isnan(m.value)]
    value = math.fsum(known) / len(known) if known else math.nan
    if abs(value) < ROUNDING * max(map(abs, known), default=0):
        value = 0.0  # differences that cancel each other
    parameters = {
        "aggregated": "mean over segments",
        "segments": len(known),
        "not_defined": len(measurements) - len(known),
    }
    return Measurement(first.name, value, first.unit, FIGURE[first.name].code, {**first.parameters, **parameters})
