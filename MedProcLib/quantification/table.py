"""Rows of measurements as a wide table (a line per object) or a long one (a line per figure)."""

import json
from collections.abc import Sequence

from .row import Row

Table = tuple[list[str], list[list[object]]]
# columns that only tables have whose rows differ there
OPTIONAL = ("other", "slice", "time_point", "time_s")


def wide_table(rows: Sequence[Row]) -> Table:
    """Columns and lines: segment, name, component ('' for the whole segment), a column per figure, diameter slice.

    Rows of pairs, slices and series have columns of their own after the component: other, slice, time_point, time_s.
    """
    figures = list(dict.fromkeys(measurement.column for row in rows for measurement in row.measurements))
    keys = _keys(rows)
    lines: list[list[object]] = []
    for row in rows:
        values = {measurement.column: measurement.value for measurement in row.measurements}
        lines.append([*_object(row, keys), *(values.get(column) for column in figures), row.slice_index])
    return [*keys, *figures, "diameter_slice"], lines


def long_table(rows: Sequence[Row]) -> Table:
    """Columns and lines: segment, name, component, figure, value, unit (UCUM), code, parameters (JSON).

    Slices and series as in wide_table.
    """
    keys = _keys(rows)
    lines: list[list[object]] = []
    for row in rows:
        for m in row.measurements:
            code = f"{m.code.scheme}:{m.code.value}" if m.code else None
            parameters = json.dumps(dict(m.parameters), sort_keys=True) if m.parameters else None
            lines.append([*_object(row, keys), m.name, m.value, m.ucum, code, parameters])
    return [*keys, "figure", "value", "unit", "code", "parameters"], lines


def _keys(rows: Sequence[Row]) -> list[str]:
    told = [name for name in OPTIONAL if any(getattr(row, name) is not None for row in rows)]
    return ["segment", "name", "component", *told]


def _object(row: Row, keys: Sequence[str]) -> list[object]:
    return [getattr(row, key) for key in keys]
