"""Tables as CSV text that a spreadsheet cannot be made to execute."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

# a spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> str:
    """CSV (RFC 4180 quoting, line feed at line ends; a tab as delimiter makes it TSV) of a header and rows of values.

    None and NaN become empty cells, other numbers have 10 significant digits, and text that a spreadsheet would run
    as a formula gets a leading apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow([_cell(column) for column in columns])
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"A row of {len(row)} values does not fit {len(columns)} columns.")
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").replace("\r", "\n")  # the csv module leaves a lone \r unquoted
        return f"'{value}" if value.startswith(FORMULA_STARTS) and not _is_number(value) else value
    if isinstance(value, bool):
        return str(value).lower()
    if math.isnan(value):
        return ""
    return str(int(value)) if isinstance(value, int | np.integer) else format(float(value), ".10g")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text
