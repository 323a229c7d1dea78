"""Rows of measurements as a wide table (a line per object) or a long one (a line per figure)."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise

from .row import Row

Table = tuple[list[str], list[list[object]]]
# column of the figures of a row that are not to be relied on, and why; only in tables where there are such
NOT_RELIABLE = "not_reliable"
# share of a segment beyond which the rest is crumbs
MOST_OF_IT = 0.9
# columns that only tables have whose rows differ there
OPTIONAL = ("other", "slice", "time_point", "time_s")


def wide_table(rows: Sequence[Row]) -> Table:
    """Columns and lines: segment, name, component ('' for the whole segment), a column per figure, and the slice of the
    diameters where there are any.

    Where figures of a row are not to be relied on a last column says which, and why (see not_reliable). Rows of pairs,
    slices and series have columns of their own after the component: other, slice, time_point, time_s.
    """
    figures = list(dict.fromkeys(measurement.column for row in rows for measurement in row.measurements))
    keys = _keys(rows)
    lines: list[list[object]] = []
    for row in rows:
        values = {measurement.column: measurement.value for measurement in row.measurements}
        lines.append([*_object(row, keys), *(values.get(column) for column in figures)])
    columns = [*keys, *figures]
    further: dict[str, list[object]] = {
        "diameter_slice": [row.slice_index for row in rows],
        NOT_RELIABLE: [not_reliable(row) or None for row in rows],
    }
    for column, cells in further.items():
        if any(cell is not None for cell in cells):
            columns.append(column)
            lines = [[*line, cell] for line, cell in zip(lines, cells, strict=True)]
    return columns, lines


def not_reliable(row: Row) -> str:
    """Why figures of a row are not to be relied on, and which: 'below 64 voxels: sphericity; at the border of the
    image, perhaps cut: sizes; 3 voxels without a number: intensities', or ''."""
    reasons = [f"below {limit} voxels: {', '.join(names)}" for limit, names in sorted(_too_few(row).items())]
    if row.at_border:
        reasons.append("at the border of the image, perhaps cut: sizes")
    if partly := _of_a_part(row):
        reasons.append(f"in pieces, of which the largest is measured: {', '.join(partly)}")
    if lacking := without_number(row):
        reasons.append(f"{lacking} voxel{'s' * (lacking != 1)} without a number: intensities")
    return "; ".join(reasons)


def has_too_few_voxels(row: Row) -> bool:
    """Whether it has too few voxels for some of its figures."""
    return bool(_too_few(row))


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """Rows without those of components that are all of their segment: they have the figures of the row before."""
    repeats = {
        id(row)
        for before, row in pairwise(rows)
        if row.component is not None and before.is_whole and before.measurements is row.measurements
    }
    return [row for row in rows if id(row) not in repeats]


def without_number(row: Row) -> int:
    """How many voxels of a row have no number, and are left out of its intensities."""
    return max((int(m.parameters.get("voxels_without_number", 0)) for m in row.measurements), default=0)  # type: ignore[call-overload]


def _of_a_part(row: Row) -> list[str]:
    """Figures of the largest piece of a segment, where a tenth of it or more is in others."""
    shares = {m.name.replace("_", " "): m.parameters.get("share_of_segment", 1.0) for m in row.measurements}
    return [name for name, share in shares.items() if float(share) <= MOST_OF_IT]  # type: ignore[arg-type]


def _too_few(row: Row) -> dict[int, list[str]]:
    by_limit: dict[int, list[str]] = {}
    for measurement in row.measurements:
        if math.isfinite(measurement.value) and "reliable_from" in measurement.parameters:
            names = by_limit.setdefault(int(measurement.parameters["reliable_from"]), [])  # type: ignore[call-overload]
            names.append(measurement.name.replace("_", " "))
    return by_limit


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
