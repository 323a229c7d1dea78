"""Scores as a table (a line per segment, the mean last), as CSV, and as the full record in JSON."""

import json
import math
from collections.abc import Mapping

from ...core.csv_text import csv_text
from ...core.measurement import Measurement
from .result import MEAN, Scores, SegmentScore

Table = tuple[list[str], list[list[object]]]


def wide_table(scores: Scores) -> Table:
    """Columns and lines: label, name, missing (where the segment has no voxel), a column per figure, the parameters.

    The last line is the mean over the segments (label and name 'mean'). Not defined: NaN.
    """
    mean = scores.mean
    columns = ["label", "name", "missing", *(m.column for m in mean.measurements), *scores.parameters]
    lines: list[list[object]] = [
        [
            MEAN if row.label is None else row.label,
            row.name,
            row.missing,
            *(m.value for m in row.measurements),
            *scores.parameters.values(),
        ]
        for row in (*scores.rows, mean)
    ]
    return columns, lines


def scores_csv(scores: Scores) -> str:
    """The wide table as CSV text; figures that are not defined are empty cells."""
    return csv_text(*wide_table(scores))


def scores_json(scores: Scores, provenance: Mapping[str, object]) -> str:
    """The full record: provenance, notes, and each figure with value (null: not defined), unit, code and parameters."""
    record = {
        **provenance,
        "parameters": dict(scores.parameters),
        "notes": list(scores.notes),
        "segments": [_segment(row) for row in scores.rows],
        "mean": _segment(scores.mean),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _segment(row: SegmentScore) -> dict[str, object]:
    return {
        "label": row.label,
        "name": row.name,
        "missing": row.missing,
        "figures": {measurement.column: _figure(measurement) for measurement in row.measurements},
    }


def _figure(measurement: Measurement) -> dict[str, object]:
    code = measurement.code
    return {
        "value": None if math.isnan(measurement.value) else measurement.value,
        "unit": measurement.ucum,
        "code": f"{code.scheme}:{code.value}" if code else None,
        "parameters": dict(measurement.parameters),
    }
