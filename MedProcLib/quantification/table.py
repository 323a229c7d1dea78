"""Rows of measurements as a wide table (a line per object) or a long one (a line per figure), and as CSV."""

import json
from collections.abc import Sequence

from ..core.csv_text import csv_text
from .row import Row

Table = tuple[list[str], list[list[object]]]


def wide_table(rows: Sequence[Row]) -> Table:
    """Columns and lines: segment, name, component ('' for the whole segment), a column per figure, diameter slice."""
    figures = list(dict.fromkeys(measurement.column for row in rows for measurement in row.measurements))
    lines: list[list[object]] = []
    for row in rows:
        values = {measurement.column: measurement.value for measurement in row.measurements}
        lines.append([*_object(row), *(values.get(column) for column in figures), row.slice_index])
    return ["segment", "name", "component", *figures, "diameter_slice"], lines


def long_table(rows: Sequence[Row]) -> Table:
    """Columns and lines: segment, name, component, figure, value, unit (UCUM), code, parameters (JSON)."""
    lines: list[list[object]] = []
    for row in rows:
        for m in row.measurements:
            code = f"{m.code.scheme}:{m.code.value}" if m.code else None
            parameters = json.dumps(dict(m.parameters), sort_keys=True) if m.parameters else None
            lines.append([*_object(row), m.name, m.value, m.ucum, code, parameters])
    return ["segment", "name", "component", "figure", "value", "unit", "code", "parameters"], lines


def measurements_csv(rows: Sequence[Row]) -> str:
    """The wide table as CSV text."""
    return csv_text(*wide_table(rows))


def _object(row: Row) -> list[object]:
    return [row.segment, row.name, row.component]
