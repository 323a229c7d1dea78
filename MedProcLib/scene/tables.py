"""Columns and rows of measurements as table nodes, with units and meanings kept as column properties."""

import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from MedProcLib.core.errors import InputError
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node, require_nodes

NOT_SAID = "-"
# those that Slicer saves and reads again
VTK_TYPES: dict[type, int] = {np.float64: vtk.VTK_DOUBLE, np.int32: vtk.VTK_INT, np.int64: vtk.VTK_LONG_LONG}


MOST_KNOWN = 8  # tables whose content is remembered


@dataclass(frozen=True)
class Column:
    """A column: values are text, integers or numbers (None is NaN); unit as in core.units; meaning in words."""

    name: str
    values: Sequence[Any]
    unit: str = ""
    meaning: str = ""


def table_from_columns(columns: Sequence[Column], name: str, scene=None, like=None):
    """Add a table node.

    Text goes into the table as Slicer can save it (tried with 5.12): its tab-separated files lose double quotes, tabs
    and line breaks, which become single quotes and spaces here, and shift a row whose first cell is empty: it gets '-'.
    Names of columns are changed likewise: with such ones Slicer cannot read the whole scene again.
    Slicer saves 6 significant digits; a CSV file beside the scene keeps more.
    like: node beside which it is put in the subject hierarchy. Raises InputError when columns differ in length.
    """
    _require_one_length(columns, name)
    scene = scene or slicer.mrmlScene
    node = new_node("vtkMRMLTableNode", name, scene)
    scene.AddNode(node)
    fill_table(node, columns)
    if like is not None:
        place_beside(node, like)
    return node


def fill_table(node, columns: Sequence[Column]) -> None:
    """Replace all columns of a table node. Raises InputError when they differ in length; then nothing changes."""
    _require_one_length(columns, node.GetName())
    was_modifying = node.StartModify()
    node.RemoveAllColumns()
    for column in columns:
        _add_column(node, column)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.EndModify(was_modifying)


def refill_table(node, columns: Sequence[Column]) -> None:
    """Have a table node hold these columns. Of a table that nobody has touched since only the cells that differ are
    written: those of thousands take longer than a click may. Raises InputError as fill_table does."""
    _require_one_length(columns, node.GetName())
    key = node.GetAddressAsString("vtkMRMLTableNode")
    known = _known.pop(key, None)
    changed = _changed_cells(known.columns, columns) if known is not None and known.time == _time(node) else None
    if changed is None:
        fill_table(node, columns)
    elif changed:
        was_modifying = node.StartModify()
        for number, rows in changed.items():
            _write_cells(node.GetTable().GetColumn(number), columns[number].values, rows, number == 0)
        node.GetTable().Modified()
        node.EndModify(was_modifying)
    _known[key] = _Known(_time(node), tuple(columns))
    while len(_known) > MOST_KNOWN:
        _known.pop(next(iter(_known)))


def append_column(node, column: Column) -> None:
    """Add a column to a table node, in the place of one of its name."""
    if (before := node.GetColumnIndex(saved_text(column.name))) >= 0:
        node.RemoveColumn(before)
    _add_column(node, column)


def table_from_rows(
    rows: Iterable[Mapping[str, Any]], name: str, units: Mapping[str, str] | None = None, scene=None, like=None
):
    """Add a table node from rows of {column: value}; columns in the order they first appear, units by column."""
    rows = list(rows)
    names = dict.fromkeys(key for row in rows for key in row)
    columns = [Column(key, [row.get(key) for row in rows], (units or {}).get(key, "")) for key in names]
    return table_from_columns(columns, name, scene, like)


def rows_of_table(node) -> list[dict[str, Any]]:
    """Rows of a table node as {column: int, float or str}. Raises InputError for another kind of node."""
    require_nodes(node)
    if not node.IsA("vtkMRMLTableNode"):
        raise InputError(f"'{node.GetName()}' is not a table.")
    columns = [node.GetTable().GetColumn(index) for index in range(node.GetNumberOfColumns())]
    names, values = [column.GetName() for column in columns], [_values(column) for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def show_table(node) -> None:
    """Show a table node in a table view; the layout changes to one that has a table when this one has none."""
    logic = slicer.modules.tables.logic()
    layout = node.GetScene().GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is not None:
        layout.SetViewArrangement(logic.GetLayoutWithTable(layout.GetViewArrangement()))
    application = logic.GetMRMLApplicationLogic()
    application.GetSelectionNode().SetActiveTableID(node.GetID())
    application.PropagateTableSelection()


def saved_text(value: Any) -> str:
    """A text as Slicer can save it in a table; see table_from_columns."""
    return "" if value is None else " ".join(str(value).replace('"', "'").split())


def unit_of_column(node, column: str) -> str:
    """Unit of a column; '' where it has none."""
    return node.GetColumnUnitLabel(column) or ""


def _require_one_length(columns: Sequence[Column], name: str) -> None:
    lengths = {len(column.values) for column in columns}
    if len(lengths) > 1:
        raise InputError(f"The columns of table '{name}' differ in length ({sorted(lengths)}).")


def _values(column) -> list:
    if column.IsNumeric():
        return vtk_to_numpy(column).tolist()
    return [column.GetValue(row) for row in range(column.GetNumberOfValues())]


@dataclass(frozen=True)
class _Known:
    """What was written to a table, and when."""

    time: tuple[int, ...]
    columns: tuple[Column, ...]


_known: dict[str, _Known] = {}


def _time(node) -> tuple[int, ...]:
    """When a table node, its table and its columns were changed last."""
    table = node.GetTable()
    columns = (table.GetColumn(number) for number in range(table.GetNumberOfColumns()))
    return node.GetMTime(), table.GetMTime(), *(column.GetMTime() for column in columns)


def _changed_cells(before: Sequence[Column], after: Sequence[Column]) -> dict[int, list[int]] | None:
    """Rows that differ by the number of their column; None where the columns are others."""
    if [(c.name, c.unit, c.meaning, len(c.values)) for c in before] != [
        (c.name, c.unit, c.meaning, len(c.values)) for c in after
    ]:
        return None
    changed = {}
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        if old.values == new.values:
            continue
        if _kind(list(old.values), old.unit) is not _kind(list(new.values), new.unit):
            return None
        changed[number] = [row for row, pair in enumerate(zip(old.values, new.values, strict=True)) if _differ(*pair)]
    return changed


def _differ(old: Any, new: Any) -> bool:
    return old is not new and old != new


def _write_cells(array, values: Sequence[Any], rows: Sequence[int], first: bool) -> None:
    for row in rows:
        if array.IsNumeric():
            array.SetValue(row, np.nan if values[row] is None else values[row])
        else:
            array.SetValue(row, _text(values[row], first))
    array.Modified()


def _text(value: Any, first: bool) -> str:
    return saved_text(value) or (NOT_SAID if first else "")


def _add_column(node, column: Column) -> None:
    values = list(column.values)
    kind = _kind(values, column.unit)
    if kind is None:
        array = vtk.vtkStringArray()
        first = node.GetNumberOfColumns() == 0
        for value in values:
            array.InsertNextValue(_text(value, first))
    else:
        numbers_of: np.ndarray = np.array([np.nan if value is None else value for value in values], kind)
        array = numpy_to_vtk(numbers_of, deep=True, array_type=VTK_TYPES[kind])
    name = saved_text(column.name)
    array.SetName(name)
    node.AddColumn(array)
    if column.unit:
        node.SetColumnUnitLabel(name, column.unit)
        node.SetColumnTitle(name, f"{name} [{column.unit}]")
    if column.meaning:
        node.SetColumnDescription(name, column.meaning)


def _kind(values: list, unit: str) -> type | None:
    """Of the numbers of a column; None for text."""
    kinds = {type(value) for value in values} - {type(None)}
    if not all(issubclass(kind, numbers.Real) for kind in kinds) or not (kinds or unit):
        return None
    if not kinds or None in values or not all(issubclass(kind, numbers.Integral) for kind in kinds):
        return np.float64
    return np.int32 if all(abs(int(value)) < 2**31 for value in values) else np.int64
