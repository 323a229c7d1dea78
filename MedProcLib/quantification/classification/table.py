"""A table of findings read from CSV or an Excel workbook: a line per finding, or a line per figure turned into one."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...core.errors import InputError
from ...core.listing import listed
from ...core.units import UCUM
from ...core.workbook_lines import workbook_lines
from ..table_text import MEANINGS
from .parsed_file import parsed_file, parsed_workbook

# what `measure` and `features` call the columns of their long tables: (figure, value) and what only describes a figure
LONG = {
    ("figure", "value"): {"figure", "value", "unit", "code", "parameters"},
    ("tag", "value"): {"tag", "value", "unit", "name", "family", "aggregation"},
}
WORKBOOKS = (".xlsx", ".xlsm")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Table:
    """Columns of text by name, all equally long; of some columns the unit (UCUM) and what they mean."""

    columns: dict[str, list[str]]
    units: dict[str, str] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def column(self, name: str) -> list[str]:
        """The cells of a column. Raises InputError listing those there are."""
        if name not in self.columns:
            raise InputError(f"The table has no column '{name}'; it has: {listed(list(self.columns), 20)}.")
        return self.columns[name]


def read_table(path: str | Path) -> Table:
    """The table in a CSV or TSV file (UTF-8), or in the first sheet of an Excel workbook.

    Raises InputError as table_of, and for a file that cannot be read.
    """
    if Path(path).suffix.lower() in WORKBOOKS:
        return parsed_workbook(path, "table", lambda content: table_of_lines(workbook_lines(content)))
    return parsed_file(path, "table", table_of, "; save it as CSV in UTF-8")


def table_of_lines(lines: list[list[str]]) -> Table:
    """The table of lines of cells, the header first; as table_of."""
    return _table(_checked(lines))


def table_of(text: str) -> Table:
    """The table of CSV text with a header: comma, semicolon (then a decimal comma counts) or tab between cells.

    Long tables of `measure` and `features` become wide, a line for each set of the cells that name an object. Raises
    InputError for no lines, lines of another length than the header, and columns without a name or of the same name.
    """
    return _table(_lines(text))


def _table(lines: list[list[str]]) -> Table:
    header, *lines = lines
    columns: dict[str, list[str]] = {name: [line[at] for line in lines] for at, name in enumerate(header)}
    for key, describing in LONG.items():
        if set(key) <= set(header):
            return _wide(columns, key[0], describing)
    known = [_unit_of(name) for name in header]
    units = {name: unit for name, (_, unit) in zip(header, known, strict=True) if unit}
    meanings = {name: MEANINGS[figure] for name, (figure, _) in zip(header, known, strict=True) if figure in MEANINGS}
    return Table(columns, units, meanings)


def _lines(text: str) -> list[list[str]]:
    if text.lstrip()[:1] in ("{", "["):
        raise InputError("This is JSON, not a table: write it as .csv, .tsv or .xlsx.")
    first = text.split("\n", 1)[0]
    delimiter = max("\t;,", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(f"This is not CSV: {error}.") from error
    lines = _checked(lines)
    if delimiter == ";":
        lines[1:] = [[_with_point(cell) for cell in line] for line in lines[1:]]
    return lines


def _checked(lines: list[list[str]]) -> list[list[str]]:
    """A header and lines as long as it, without those that are empty. Raises InputError."""
    lines = [line for line in lines if any(line)]
    if len(lines) < 2:
        raise InputError("There is no finding: the table needs a header and a line for each finding.")
    lines = [[cell.strip() for cell in line] for line in lines]
    header = lines[0] = [" ".join(name.split()) for name in lines[0]]  # spreadsheets break long names
    if not all(header):
        raise InputError(f"Column {header.index('') + 1} has no name: give each column one in the first line.")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"Two columns are called '{twice}': rename one.")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise InputError(f"Line {number} has {len(line)} cells, and the header {len(header)}: mend the line.")
    return lines


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell


def _wide(columns: dict[str, list[str]], figure: str, describing: set[str]) -> Table:
    """A line per object: what names it are the columns that do not describe a figure. Diagnostics are no figures."""
    # the name is the figure's in tables of features, and the object's in those of measurements
    keys = [name for name in columns if name not in describing]
    objects: dict[tuple[str, ...], dict[str, str]] = {}
    units: dict[str, str] = {}
    meanings: dict[str, str] = {}
    unit = columns.get("unit", [])
    for at, (name, value) in enumerate(zip(columns[figure], columns["value"], strict=True)):
        if "family" in columns and columns["family"][at] == "diagnostics":
            continue
        key = tuple(columns[k][at] for k in keys)
        cells = objects.setdefault(key, {})
        if name in cells or name in keys:
            raise InputError(
                f"Line {at + 2}: '{name}' is there twice for one object; add a column that tells the objects apart, "
                "such as the patient."
            )
        cells[name] = value
        if unit:
            units.setdefault(name, unit[at])
        if "name" in describing and "name" in columns:
            meanings.setdefault(name, columns["name"][at])
        else:
            meanings.setdefault(name, MEANINGS.get(name, ""))
    return Table(_columns(keys, objects), {n: u for n, u in units.items() if u}, meanings)


def _columns(keys: Sequence[str], objects: dict[tuple[str, ...], dict[str, str]]) -> dict[str, list[str]]:
    figures = list(dict.fromkeys(name for cells in objects.values() for name in cells))
    made = {key: [place[at] for place in objects] for at, key in enumerate(keys)}
    return made | {name: [cells.get(name, "") for cells in objects.values()] for name in figures}


def _unit_of(column: str) -> tuple[str, str]:
    """Figure and UCUM unit of a column of `measure`'s wide table: volume_mm3 is a volume in mm3."""
    for unit, code in UCUM.items():
        suffix = {"%": "percent"}.get(unit, unit.replace(" ", "_"))
        if unit and column.endswith(f"_{suffix}"):
            return column.removesuffix(f"_{suffix}"), code
    return column, ""
