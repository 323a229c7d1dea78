"""Table nodes as tables of findings to classify, and tables of findings as nodes."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from MedProcLib.core.errors import InputError
from MedProcLib.core.units import UCUM
from MedProcLib.quantification.classification.table import Table, table_of_lines
from MedProcLib.scene.commit import commit
from MedProcLib.scene.tables import NOT_SAID, Column, rows_of_table, table_from_columns, unit_of_column

# What a table of features begins with: a line for each feature, a column for each segment (see features_scene).
FEATURES = ["feature", "tag", "family", "aggregation"]
DIAGNOSTICS = "diagnostics"
WHOLE_NUMBER, NUMBER = re.compile(r"-?(0|[1-9]\d*)"), re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
MOST_DIGITS = 15  # that a number keeps


def findings_in_node(node) -> Table:
    """The findings in a table node: a line for each, or of a table of features one for each segment.

    Raises InputError for a table without lines, or with columns of no name or one name.
    """
    rows = rows_of_table(node)
    names = [node.GetColumnName(number) for number in range(node.GetNumberOfColumns())]
    if names[: len(FEATURES)] == FEATURES and rows:
        return _of_features(node, names, rows)
    if len(set(names)) < len(names):
        raise InputError(f"'{node.GetName()}': two of its columns have one name; rename one.")
    lines = [[_text(row[name], at) for at, name in enumerate(names)] for row in rows]
    try:
        table = table_of_lines([names, *lines])
    except InputError as error:
        raise InputError(f"'{node.GetName()}': {error}") from error
    own = {name: unit_of_column(node, name) for name in table.columns}
    units = {name: UCUM.get(unit, unit) for name, unit in own.items() if unit}
    said = {name: text for name in table.columns if (text := node.GetColumnDescription(name))}
    return Table(table.columns, {**table.units, **units}, {**table.meanings, **said})


def add_findings(table: Table, name: str, scene=None):
    """Add a table node that holds the findings of a table."""
    with commit(scene):
        return table_from_columns(node_columns(table.columns, table), name, scene)


def node_columns(columns: Mapping[str, Sequence[Any]], table: Table, words: Sequence[str] = ()) -> list[Column]:
    """Columns of a node, with the units and meanings that the table has of them; text that is a number becomes one, but
    in the columns of words."""
    shown = {code: unit for unit, code in UCUM.items()}
    return [
        Column(
            name,
            list(cells) if name in words else _typed(list(cells)),
            shown.get(table.units.get(name, ""), table.units.get(name, "")),
            table.meanings.get(name, ""),
        )
        for name, cells in columns.items()
    ]


def _of_features(node, names: list[str], rows: list[dict[str, Any]]) -> Table:
    """Columns that say what they are hold intervals and reliability; those of segments do not."""
    segments = [n for n in names if n not in (*FEATURES, "unit", "code") and not node.GetColumnDescription(n)]
    kept = [row for row in rows if row["family"] != DIAGNOSTICS]
    columns = {"segment": segments}
    columns |= {row["tag"]: [_text(row.get(segment, math.nan), 1) for segment in segments] for row in kept}
    units = {row["tag"]: UCUM.get(row.get("unit", ""), "") for row in kept}
    return Table(columns, units, {row["tag"]: row["feature"] for row in kept})


def _text(value: Any, column: int) -> str:
    """A cell as a file has it; empty ones of the first column are marked in a node. A vector, such as the centroids of
    Segment Statistics, is text: numbers with spaces between them."""
    if isinstance(value, list):
        return " ".join(_text(each, 1) for each in value)
    if isinstance(value, str):
        return "" if column == 0 and value == NOT_SAID else value
    if value != value:
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 10**MOST_DIGITS else repr(float(value))


def _typed(cells: list[Any]) -> list[Any]:
    """Numbers, where all cells that are filled in are text of numbers that stay apart ('7' and '07' would not)."""
    if any(isinstance(cell, bool) for cell in cells):
        return ["" if cell is None else str(cell).lower() for cell in cells]
    filled = {cell for cell in cells if cell != ""}
    if not filled or not all(isinstance(cell, str) and NUMBER.fullmatch(cell) for cell in filled):
        return cells
    whole = all(WHOLE_NUMBER.fullmatch(cell) and len(cell) <= MOST_DIGITS for cell in filled)
    found = {cell: int(cell) if whole else float(cell) for cell in filled}
    if len(set(found.values())) < len(found) or not all(map(math.isfinite, found.values())):
        return cells
    return [found.get(cell) for cell in cells]
