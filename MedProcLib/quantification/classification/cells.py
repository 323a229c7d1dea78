"""Cells of a table of findings as numbers."""

import math

from ...core.errors import InputError
from .table import Table

MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "inf", "-inf", "+inf", "infinity", "-infinity"))


def numbers(table: Table, name: str) -> list[float]:
    """A column as numbers, NaN where missing or infinite. Raises InputError naming the line that is no number."""
    found = []
    for line, cell in enumerate(table.column(name), 1):
        value = number(cell)
        if value is None:
            raise InputError(f"Column '{name}', finding {line}: {cell[:40]!r} is no number; mend it or leave it empty.")
        found.append(value)
    return found


def number(cell: str) -> float | None:
    """The number in a cell, NaN for a missing one, None for text."""
    if cell.lower() in MISSING:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else math.nan
