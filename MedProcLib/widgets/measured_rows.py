"""The rows of a table of measurements as a reader looks at them: one view, filtered, sorted, in columns of choice."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from ..core.csv_text import csv_text
from ..core.units import shown as shown_unit
from ..quantification.table import NOT_RELIABLE
from ..report.interval import HIGH, LOW, in_words
from ..scene.measurement_table import KEYS, WHOLE
from ..scene.reader_edits import COLUMN as EDITED
from .results_table import shown

SEGMENTS, PARTS, SLICES, TIMES = "Segments", "Parts", "Slices", "Time points"
# Shown until the reader chooses, in this order; of those a table has.
UPTAKE = ("maximum_uptake", "peak_uptake", "metabolic_volume")
USUAL = (*UPTAKE, "voxel_volume", "area", "long_diameter", "short_diameter", "mean", "sd")
# Short headings of the columns that are shown most.
SHORT = {
    "voxel_volume": _("Volume"),
    "long_diameter": _("Long"),
    "short_diameter": _("Short"),
    "sd": _("SD"),
    "maximum_uptake": "SUVmax",
    "peak_uptake": "SUVpeak",
    "mean_uptake": "SUVmean",
    "metabolic_volume": "MTV",
    "total_lesion_glycolysis": "TLG",
}
INDENT = "      "
# What only the program needs.
HIDDEN = (*KEYS, "diameter_slice", EDITED, NOT_RELIABLE)
PENCIL = " ✎"
DOUBT = " ?"  # of a figure that there are too few voxels for
LARGE_MM3 = 100_000

Row = dict[str, Any]


@dataclass(frozen=True)
class ShownColumn:
    """A figure of the table: its column, name and unit, and the columns of its 95 % interval where it has one."""

    column: str
    name: str
    unit: str
    low: str = ""
    high: str = ""
    in_ml: bool = False  # a volume that is large in mm3

    @property
    def title(self) -> str:
        words = self.name.replace("_", " ")
        words = SHORT.get(self.name) or words[:1].upper() + words[1:]
        unit = shown_unit(self.unit_in_use)
        return f"{words}\n[{unit}]" if unit else words

    def text(self, row: Row) -> str:
        """'12.3 (11.8-12.9)': the value, and its interval where it has one."""
        value = self.value_text(row)
        return f"{value} {self.interval_text(row)}".rstrip() + self.marks(row) if value else ""

    def value_text(self, row: Row) -> str:
        return self._number(row.get(self.column))

    def interval_text(self, row: Row) -> str:
        """'(11.8-12.9)', or '' where it has none."""
        low, high = row.get(self.low, math.nan), row.get(self.high, math.nan)
        if not (self.value_text(row) and math.isfinite(low) and math.isfinite(high)):
            return ""
        return f"({in_words(self._number(float(low)), self._number(float(high)))})"

    def marks(self, row: Row) -> str:
        """Of a figure that there are too few voxels for, and of one that a reader edited."""
        words = self.name.replace("_", " ")
        doubt = words in re.split("[:,;] ", str(row.get(NOT_RELIABLE) or ""))
        edited = f"{words} edited" in str(row.get(EDITED) or "")
        return DOUBT * doubt + PENCIL * edited

    def number(self, row: Row) -> float:
        """The value in unit_in_use; NaN where there is none."""
        value = row.get(self.column)
        return float(value) / (1000 if self.in_ml else 1) if isinstance(value, (int, float)) else math.nan

    @property
    def unit_in_use(self) -> str:
        """A key of core.units."""
        return "ml" if self.in_ml else self.unit

    def _number(self, value: Any) -> str:
        return shown(value / 1000 if self.in_ml and isinstance(value, (int, float)) else value)


def columns_of(names: Sequence[str], units: dict[str, str], rows: Sequence[Row] = ()) -> list[ShownColumn]:
    """The figures of a table with these columns. rows: what it holds; volumes that are large are shown in ml."""
    found = []
    for column in names:
        unit = units.get(column, "")
        name = column.removesuffix("_percent") if unit == "%" else column.removesuffix(f"_{unit}") if unit else column
        if column in HIDDEN or name.endswith((LOW, HIGH)):
            continue
        ending = column[len(name) :]
        ends = [f"{name}{end}{ending}" for end in (LOW, HIGH)]
        low, high = ends if all(end in names for end in ends) else ("", "")
        in_ml = unit == "mm3" and any(is_large(row.get(column)) for row in rows)
        found.append(ShownColumn(column, name, unit, low, high, in_ml))
    return found


def views_of(rows: Sequence[Row]) -> list[str]:
    """The views that a table has rows for."""
    sliced = [_number(row, "slice") is not None for row in rows]
    parts = any(row["component"] != WHOLE for row in rows)
    found = [
        *([] if rows and all(sliced) else [SEGMENTS]),
        *([PARTS] if parts else []),
        *([SLICES] if any(sliced) else []),
    ]
    return found + ([TIMES] if any(_number(row, "time_point") for row in rows) else [])


def rows_in_view(rows: Sequence[Row], view: str, text: str = "") -> list[Row]:
    """The rows of a view whose name holds the text. Parts: segments in one piece are shown once."""
    if view == SLICES:
        found = [row for row in rows if _number(row, "slice") is not None]
    else:
        first = [row for row in rows if _number(row, "slice") is None]
        found = first if view == TIMES else [row for row in first if not _number(row, "time_point")]
        pieces = Counter((row["segment"], _number(row, "time_point")) for row in found)
        several = {key for key, count in pieces.items() if count > 2}
        found = [
            row
            for row in found
            if row["component"] == WHOLE or (view == PARTS and (row["segment"], _number(row, "time_point")) in several)
        ]
    wanted = text.strip().lower()
    return [row for row in found if wanted in row["name"].lower()]


def sorted_rows(rows: Sequence[Row], column: str, descending: bool, grouped: bool) -> list[Row]:
    """Rows by the value of a column, those without one last; grouped: parts stay below their segment."""
    if not grouped:
        return sorted(rows, key=lambda row: rank(row.get(column), descending))
    wholes = [row for row in rows if row["component"] == WHOLE]
    result = []
    for whole in sorted(wholes, key=lambda row: rank(row.get(column), descending)):
        parts = [row for row in rows if row["segment"] == whole["segment"] and row["component"] != WHOLE]
        result += [whole, *sorted(parts, key=lambda row: rank(row.get(column), descending))]
    return result


def title_of(row: Row, view: str) -> str:
    """The name of a row's object; parts are set in below their segment."""
    if view == PARTS and row["component"] != WHOLE:
        return INDENT + _("part {number}").format(number=row["component"])
    return str(row["name"])


def part_of(row: Row, view: str) -> str:
    """Which slice or time point of its segment a row is, or which part."""
    if view == SLICES:
        return str(int(row["slice"]))
    if view == TIMES:
        time = _number(row, "time_s")
        return f"{time:g} s" if time is not None else str(int(row["time_point"]) + 1)
    return "" if row["component"] == WHOLE else _("part {number}").format(number=row["component"])


def text_to_paste(rows: Sequence[Row], view: str, columns: Sequence[ShownColumn], titles: Sequence[str]) -> str:
    """Rows of a view as lines of cells with tabs between them, for a report or a spreadsheet.

    titles: of the columns before the figures. An interval, and what is not reliable, has a cell of its own beside its
    value, which stays a number.
    """
    heads, cells = list(titles), [[title_of(row, view).strip(), part_of(row, view)][: len(titles)] for row in rows]
    for column in columns:
        heads.append(column.title.replace("\n", " "))
        beside = [f"{column.interval_text(row)}{column.marks(row)}".strip() for row in rows]
        for line, row in zip(cells, rows, strict=True):
            line.append(column.value_text(row))
        if any(beside):
            heads.append(_("95 %") if column.low else "")
            for line, text in zip(cells, beside, strict=True):
                line.append(text)
    return csv_text(heads, cells, "\t")


def tip_of(row: Row, columns: Sequence[ShownColumn]) -> str:
    """All figures of a row, one a line."""
    lines = [
        f"{c.name.replace('_', ' ')}: {c.text(row)} {shown_unit(c.unit_in_use)}".rstrip()
        for c in columns
        if c.text(row)
    ]
    remarks = [str(row[EDITED])] if row.get(EDITED) else []
    if row.get(NOT_RELIABLE):
        remarks.append(_("Not reliable {figures}").format(figures=row[NOT_RELIABLE]))
    return "\n".join([row["name"], *remarks, *lines])


def is_large(value: Any) -> bool:
    """Whether a volume in mm3 is better read in ml."""
    return isinstance(value, (int, float)) and math.isfinite(value) and abs(value) >= LARGE_MM3


def _number(row: Row, key: str) -> float | None:
    value = row.get(key)
    return None if value is None or value == "" or value != value else float(value)


def rank(value: Any, descending: bool) -> tuple:
    """What a row is sorted by: numbers by size, texts by the alphabet, what has no value last."""
    if value is None or value != value or value == "":
        return 1, 0.0, ""
    if isinstance(value, (int, float)):
        return 0, -value if descending else value, ""
    text = str(value).lower()
    return 0, 0.0, "".join(chr(0x10FFFF - ord(letter)) for letter in text) if descending else text
