"""What steps say beside their segments, as columns: how well raters marked each, where leaks were stopped."""

from collections.abc import Mapping, Sequence
from typing import Any

from MedProcLib.scene.segmentations import SegmentInfo
from MedProcLib.scene.tables import Column
from MedProcLib.segmentation.combining.performance import RaterPerformance


def table_columns(rows: Sequence[Any], raters: Sequence[str], segments: Mapping[int, SegmentInfo]) -> list[Column]:
    """Columns of a step's rows, one at least. raters: their names; segments: what the values are called."""
    if isinstance(rows[0], RaterPerformance):
        figures = [measurement.name for measurement in rows[0].measurements]
        return [
            Column("rater", [raters[row.rater - 1] if raters else str(row.rater) for row in rows]),
            Column("segment", [_name(row.segment, segments) for row in rows]),
            *(Column(figure, [row.value(figure) for row in rows]) for figure in figures),
        ]
    return [Column(name, [row[name] for row in rows]) for name in rows[0]]


def _name(value: int, segments: Mapping[int, SegmentInfo]) -> str:
    return segments[value].name if value in segments else str(value)
