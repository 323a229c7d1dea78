"""Rows of measurements as a table node: a row for each object, a column for each figure, with units and codes."""

import json
import math
from collections.abc import Sequence

from MedProcLib.core.measurement import Measurement
from MedProcLib.quantification.row import Row
from MedProcLib.quantification.table import NOT_RELIABLE, wide_table
from MedProcLib.quantification.table_text import MEANINGS
from MedProcLib.scene.tables import Column, fill_table, table_from_columns

WHOLE = "all"  # in the column `component`: the row of a whole segment
IDS = "MedProc.SegmentIds"  # attribute: ids of the segments that were measured, in the order of their values
CODE = "Code"  # property of a column
# Columns that tell which object a row is of.
KEYS = ("segment", "name", "component", "other", "slice", "time_point", "time_s")


def add_measurement_table(rows: Sequence[Row], ids: Sequence[str], name: str, like=None):
    """Add a table node of rows of measurements. ids: of the segments, in the order of their values 1, 2, ..."""
    table = table_from_columns(_columns(rows), name, like=like)
    _describe(table, rows, ids)
    return table


def fill_measurement_table(table, rows: Sequence[Row], ids: Sequence[str]) -> None:
    """Replace what a table node holds."""
    fill_table(table, _columns(rows))
    _describe(table, rows, ids)


def segment_ids_of(table) -> list[str]:
    """Ids of the measured segments in the order of their values 1, 2, ...; empty for a table that does not say."""
    text = table.GetAttribute(IDS)
    return json.loads(text) if text else []


def column_of(table, figure: str) -> str | None:
    """The column of a figure by its name, whatever its unit; None when the table has none."""
    units = {table.GetColumnName(n): table.GetColumnUnitLabel(table.GetColumnName(n)) or "" for n in _numbers(table)}
    for column, unit in units.items():
        if column == figure or (unit and column == f"{figure}_{unit}") or column == f"{figure}_percent":
            return column
    return None


def _numbers(table) -> range:
    return range(table.GetNumberOfColumns())


def _describe(table, rows: Sequence[Row], ids: Sequence[str]) -> None:
    table.SetAttribute(IDS, json.dumps(list(ids)))
    for measurement in _figures(rows).values():
        if measurement.code is not None:
            code = f"{measurement.code.scheme}:{measurement.code.value}"
            table.SetColumnProperty(measurement.column, CODE, code)


def _figures(rows: Sequence[Row]) -> dict[str, Measurement]:
    """One measurement of each column."""
    return {measurement.column: measurement for row in rows for measurement in row.measurements}


def _columns(rows: Sequence[Row]) -> list[Column]:
    titles, lines = wide_table(rows)
    figures = _figures(rows)
    columns = []
    for title, cells in zip(titles, zip(*lines, strict=True) if lines else [()] * len(titles), strict=True):
        values = list(cells)
        if title == "component":
            values = [WHOLE if value is None else str(value) for value in values]
        elif title not in figures and title not in ("segment", "name", NOT_RELIABLE):
            values = [math.nan if value is None else value for value in values]
        figure = figures.get(title)
        meaning = MEANINGS.get(figure.name, "") if figure is not None else ""
        columns.append(Column(title, values, figure.unit if figure is not None else "", meaning))
    return columns
