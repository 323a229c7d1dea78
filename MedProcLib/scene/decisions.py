"""A reader's decision on a finding, written into the table that lists it: who, when, and what was said."""

import datetime
from collections.abc import Iterable

import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.scene.provenance import append_edit
from MedProcLib.scene.tables import saved_text

PROPOSED, ACCEPTED, EDITED, REJECTED = "proposed", "accepted", "edited", "rejected"


def decide(table, index: int, status: str, reader: str, comment: str | None = None, name: str = "") -> str:
    """Write a decision ('accepted', 'edited', 'rejected', 'proposed') on a row of a findings table.

    The row's status, reader, decided (ISO 8601, with time zone) and comment change (comment None leaves it); the
    decision is added to the table's provenance. name: of the finding, the row's first cell by default; it is returned.
    Raises InputError without a reader's name or such a row.
    """
    if not reader.strip():
        raise InputError("A decision needs the reader's name.")
    if not 0 <= index < table.GetNumberOfRows():
        raise InputError("Select a finding in the list first.")
    name = name or table.GetCellText(index, 0)
    now = timestamp()
    decided = {"status": status, "reader": reader, "decided": now}
    if comment is not None:
        decided["comment"] = comment
    was_modifying = table.StartModify()
    try:
        for column, text in decided.items():
            text_column(table, column).SetValue(index, saved_text(text))
        table.GetTable().Modified()
        append_edit(table, f"{name} {status} by {reader.strip()} on {now}")
    finally:
        table.EndModify(was_modifying)
    return name


def marked_name(name: str, status: str) -> str:
    """Name of the segment of a finding that was decided on: 'Finding 3 (accepted)'."""
    return f"{name} ({status})"


def unmarked_name(name: str) -> str:
    """The finding, or structure, that such a segment is of; other names stay as they are."""
    for status in (ACCEPTED, EDITED):
        name = name.removesuffix(f" ({status})")
    return name


def titled(names: Iterable[str]) -> list[str]:
    """By what segments of these names are matched with those of another node: without the mark of an accepted finding,
    and the second of a name is 'name (2)'."""
    titles: dict[str, None] = {}
    for name in map(unmarked_name, names):
        title, number = name, 1
        while title in titles:
            number += 1
            title = f"{name} ({number})"
        titles[title] = None
    return list(titles)


def timestamp() -> str:
    """Now, to the second, with time zone (ISO 8601)."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def text_column(table, name: str):
    """The text column of a table node by name, made when it is not there yet."""
    column = table.GetTable().GetColumnByName(name)
    if column is None:
        column = vtk.vtkStringArray()
        column.SetName(name)
        column.SetNumberOfValues(table.GetNumberOfRows())
        table.AddColumn(column)
    return table.GetTable().GetColumnByName(name)
