"""Diameters that a reader drew anew: kept with the table of measurements, so that they hold when it is filled again."""

import dataclasses
import datetime
import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from MedProcLib.core.measurement import Measurement
from MedProcLib.quantification.row import Row
from MedProcLib.report.interval import ESTIMATE, HIGH, LOW
from MedProcLib.scene.measurement_table import WHOLE, column_of, segment_ids_of
from MedProcLib.scene.provenance import append_edit, provenance_of
from MedProcLib.scene.tables import Column, append_column

ATTRIBUTE = "MedProc.ReaderEdits"
COLUMN = "edited"
UNNAMED = "unnamed reader"
AXES = {"long_diameter": "long_axis", "short_diameter": "short_axis"}
NOWHERE = 0  # components count from 1
POINTS = 33  # of a line, to tell how far it is from another

Ends = tuple[tuple[float, ...], tuple[float, ...]]


@dataclasses.dataclass(frozen=True)
class Edit:
    """A line that a reader drew. figure: a key of AXES; ends: LPS, mm.

    component: None for a whole segment; NOWHERE while nothing of the segment is where the line is.
    """

    segment_id: str
    component: int | None
    figure: str
    ends: Ends
    reader: str
    date: str = dataclasses.field(default_factory=lambda: datetime.date.today().isoformat())

    @property
    def key(self) -> tuple[str, int | None, str]:
        """What it is of."""
        return self.segment_id, self.component, self.figure

    @property
    def length_mm(self) -> float:
        return float(np.linalg.norm(np.subtract(*self.ends)))

    @property
    def text(self) -> str:
        return f"{self.figure.replace('_', ' ')} edited by {self.reader.strip() or UNNAMED} on {self.date}"


def edits_of(table) -> list[Edit]:
    """The edits of a table, in the order of the last change of each."""
    text = table.GetAttribute(ATTRIBUTE)
    records = json.loads(text) if text else []
    return [Edit(**{**record, "ends": tuple(map(tuple, record["ends"]))}) for record in records]


def record_edit(table, edit: Edit) -> None:
    """Keep an edit with a table, show it there, and note it once in the provenance. It replaces an earlier one."""
    kept = [other for other in edits_of(table) if other.key != edit.key]
    _write(table, [*kept, edit])
    show_edits(table)
    rows = _rows_of_edit(table, edit)
    name = table.GetTable().GetValueByName(rows[0], "name").ToString() if rows else edit.segment_id
    note = f"{name}{'' if edit.component is None else f' part {edit.component}'}: {edit.text}"
    provenance = provenance_of(table)
    if provenance is not None and note not in provenance.edits:
        append_edit(table, note)


def take_over_edits(table, earlier) -> int:
    """Have a table hold the edits of an earlier one of the same objects too, and say so; returns how many."""
    edits, provenance = edits_of(earlier), provenance_of(earlier)
    if not edits or provenance is None:
        return 0
    _write(table, edits)
    for note in (*provenance.edits, f"diameters edited by a reader taken over from '{earlier.GetName()}'"):
        append_edit(table, note)
    return len(edits)


def replace_edits(table, edits: Sequence[Edit]) -> None:
    """Keep other edits with a table."""
    _write(table, edits)


def edits_in_place(edits: Sequence[Edit], rows: Sequence[Row], ids: Sequence[str]) -> list[Edit]:
    """The edits, each of the component that lies where its line is: components are numbered by size, which may change.

    One that lies nowhere at a component is kept as such. rows: of the segments with these ids, in the order of their
    values 1, 2, ...; edits of other segments stay as they are. Of two that are of one figure now the last counts.
    """
    found = {}
    for edit in edits:
        edit = _in_place(edit, rows, ids)
        found[edit if edit.component == NOWHERE else edit.key] = edit
    return list(found.values())


def _in_place(edit: Edit, rows: Sequence[Row], ids: Sequence[str]) -> Edit:
    value = ids.index(edit.segment_id) + 1 if edit.segment_id in ids else 0
    parts = [r for r in rows if r.segment == value and r.component is not None and _is_object(r) and r.long_axis]
    if not parts or (edit.component is None and len(parts) > 1):
        return edit
    nearest = min(parts, key=lambda row: _apart(edit, row))
    if _apart(edit, nearest)[0] > nearest.value("long_diameter") / 2:
        return dataclasses.replace(edit, component=NOWHERE)
    return dataclasses.replace(edit, component=nearest.component if len(parts) > 1 else None)


def _apart(edit: Edit, row: Row) -> tuple[float, float]:
    """How far (mm) a line is from a component's longest diameter, to the millimeter, and their middles apart."""
    assert row.long_axis is not None
    share = np.linspace(0, 1, POINTS)[:, np.newaxis]
    line, axis = (np.asarray(a) + share * np.subtract(b, a) for a, b in (edit.ends, row.long_axis))
    nearest = float(np.linalg.norm(line[:, np.newaxis] - axis, axis=-1).min())
    middle = float(np.linalg.norm(line.mean(axis=0) - axis.mean(axis=0)))
    return float(round(nearest)), middle


def forget_edits(table) -> None:
    """Take all edits of a table back; its figures are measured again by whoever fills it."""
    _write(table, [])


def show_edits(table) -> int:
    """Write the edited lengths into a table's rows, and a column that says by whom; returns how many edits have one."""
    edits = [edit for edit in edits_of(table) if column_of(table, edit.figure) is not None]
    notes, count = [""] * table.GetNumberOfRows(), 0
    for edit in edits:
        rows = _rows_of_edit(table, edit)
        count += bool(rows)
        for row in rows:
            _write_length(table, row, edit.figure, edit.length_mm)
            notes[row] = "; ".join(filter(None, (notes[row], edit.text)))
    for segment_id in {edit.segment_id for edit in edits if edit.component not in (None, NOWHERE)}:
        _show_longest(table, segment_id)
    if any(notes):
        append_column(table, Column(COLUMN, notes, meaning="what a reader changed"))
    table.GetTable().Modified()
    table.Modified()
    return count


def edited_rows(rows: Sequence[Row], every: Sequence[Edit], ids: Sequence[str]) -> list[Row]:
    """The rows as the reader left them: edited lengths and ends, with who edited them as a parameter of the figure.

    ids: of the segments, in the order of their values 1, 2, ... in the rows. Touches no node.
    """
    edits = {(ids.index(edit.segment_id) + 1, *edit.key[1:]): edit for edit in every if edit.segment_id in ids}
    pieces = Counter(row.segment for row in rows if row.component is not None and _is_object(row))
    found = []
    for row in rows:
        # the one part of a segment in one piece is the segment
        component = None if pieces[row.segment] == 1 else row.component
        mine = [edits.get((row.segment, component, figure)) for figure in AXES]
        for edit in filter(None, mine if _is_object(row) else []):
            figures = tuple(_edited(m, edit) for m in row.measurements)
            drawn: dict[str, Any] = {AXES[edit.figure]: edit.ends}
            row = dataclasses.replace(row, measurements=figures, **drawn)
        found.append(row)
    changed = {segment for segment, component, _figure in edits if component not in (None, NOWHERE)}
    return [_with_longest(row, found) if row.is_whole and row.segment in changed else row for row in found]


def _is_object(row: Row) -> bool:
    """Whether it is a segment or a component, in the first image of a series."""
    return row.slice is None and not row.time_point


def _with_longest(whole: Row, rows: Sequence[Row]) -> Row:
    """A whole segment's row with the diameters of the component where they are longest."""
    parts = [row for row in rows if row.segment == whole.segment and row.component is not None and _is_object(row)]
    if not _is_object(whole) or not parts:
        return whole
    longest = max(parts, key=lambda row: row.value("long_diameter"))
    names = [axis + end for axis in AXES for end in ("", LOW, HIGH, ESTIMATE)]
    drawn = {m.name: m for m in longest.measurements if m.name in names}
    figures = tuple(drawn.get(m.name, m) for m in whole.measurements)
    return dataclasses.replace(whole, measurements=figures, long_axis=longest.long_axis, short_axis=longest.short_axis)


def _edited(measurement: Measurement, edit: Edit) -> Measurement:
    """The reader's length in the place of the measured one, which its interval is of no more."""
    if measurement.name in (edit.figure + end for end in (LOW, HIGH, ESTIMATE)):
        return dataclasses.replace(measurement, value=math.nan)
    if measurement.name != edit.figure:
        return measurement
    parameters = {**measurement.parameters, "edited": edit.text}
    return dataclasses.replace(measurement, value=edit.length_mm, parameters=parameters)


def _rows_of_edit(table, edit: Edit) -> list[int]:
    """The rows that an edit is of; a segment in one piece has two, for itself and for its one part."""
    ids = segment_ids_of(table)
    if edit.segment_id not in ids:
        return []
    rows = _rows_of(table, ids.index(edit.segment_id) + 1)
    if edit.component is not None:
        return [row for row in rows if _component(table, row) == str(edit.component)]
    return rows if len(rows) == 2 else [row for row in rows if _component(table, row) == WHOLE]


def _rows_of(table, value: int) -> list[int]:
    """Rows of a segment and its components, none of single slices, in the first image of a series."""
    content = table.GetTable()
    slices, times = (content.GetColumnByName(name) for name in ("slice", "time_point"))
    return [
        row
        for row in range(table.GetNumberOfRows())
        if content.GetValueByName(row, "segment").ToInt() == value
        and (slices is None or math.isnan(content.GetValueByName(row, "slice").ToDouble()))
        and (times is None or content.GetValueByName(row, "time_point").ToInt() == 0)
    ]


def _component(table, row: int) -> str:
    return table.GetTable().GetValueByName(row, "component").ToString()


def _show_longest(table, segment_id: str) -> None:
    """The diameters of a whole segment are those of the component where they are longest."""
    ids = segment_ids_of(table)
    rows = _rows_of(table, ids.index(segment_id) + 1) if segment_id in ids else []
    whole = next((row for row in rows if _component(table, row) == WHOLE), None)
    parts = [row for row in rows if _component(table, row) != WHOLE]
    column = column_of(table, "long_diameter")
    if whole is None or not parts or column is None:
        return
    longest = max(parts, key=lambda row: table.GetTable().GetValueByName(row, column).ToDouble())
    for figure in AXES:
        name = column_of(table, figure)
        _write_length(table, whole, figure, table.GetTable().GetValueByName(longest, name).ToDouble())


def _write_length(table, row: int, figure: str, length_mm: float) -> None:
    """The length, and no interval: that is of an automatic measurement."""
    for name, value in ((figure, length_mm), *((figure + end, math.nan) for end in (LOW, HIGH, ESTIMATE))):
        column = column_of(table, name)
        if column is not None:
            table.GetTable().GetColumnByName(column).SetValue(row, value)


def _write(table, edits: Sequence[Edit]) -> None:
    text = json.dumps([dataclasses.asdict(edit) for edit in edits])
    if edits:
        table.SetAttribute(ATTRIBUTE, text)
    else:
        table.RemoveAttribute(ATTRIBUTE)
