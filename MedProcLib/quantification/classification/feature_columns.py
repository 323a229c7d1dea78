"""Which columns of a table are features of the findings, and which only say whose or where they are."""

import fnmatch
import math
from collections.abc import Sequence

import numpy as np

from ...core.errors import InputError
from ...core.listing import listed
from .cells import number
from .table import Table

PATIENTS = ("patient", "patient_id", "subject", "subject_id")
# patterns of columns that say which object a line is of or where it lies, as `measure` and `features` call them, and of
# those that `predict` writes
NOT_FEATURES = (
    *PATIENTS,
    *("id", "index", "case", "finding", "lesion", "segment", "name", "component", "label"),
    *("slice", "diameter_slice", "slice_position_mm", "time_point", "time_s", "centroid_*"),
    *("predicted", "status", "learned_from", "inside_training_range", "distance_of_limit", "probability_*"),
)
LEAST_COUNTED = 3


def feature_columns(
    table: Table, wanted: Sequence[str] | None = None, apart: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Names of the columns of features, and notes on those that are left out.

    wanted: names or patterns such as `cm_*`; None takes all columns of numbers but those that say which object a line
    is of; apart: columns that are never features. Raises InputError when nothing is left, or a pattern fits no column.
    """
    notes: list[str] = []
    told = ""
    if wanted is None:
        others = [name for name in table.columns if name not in apart]
        places = [name for name in others if _is_place(name) or _is_counter(table.columns[name])]
        text = [name for name in others if name not in places and not _is_numeric(table.columns[name])]
        mixed = {name: cell for name in text if (cell := _odd_cell(table.columns[name]))}
        if len(mixed) < len(text):
            notes.append(f"columns that hold no numbers are no features: {listed([n for n in text if n not in mixed])}")
        if mixed:
            cells = listed([f"{name} ('{cell[:20]}')" for name, cell in mixed.items()])
            told = f"left out, as not all their cells are numbers (leave those empty that are not): {cells}"
            notes.append(told)
        if places:
            notes.append(f"columns that say which object it is or where it lies are no features: {listed(places)}")
        names = [name for name in others if name not in places and name not in text]
    else:
        names = []
        for pattern in wanted:
            found = [name for name in table.columns if name == pattern or fnmatch.fnmatchcase(name, pattern)]
            if not found:
                table.column(pattern)
            names += [name for name in found if name not in apart and name not in names]
    if not names:
        why = f"; {told}" if told else ""
        raise InputError(f"The table has no column of numbers to learn from{why}.")
    return names, notes


def object_columns(table: Table) -> list[str]:
    """Names of the columns that say which object a line is of or where it lies, and of those that hold no numbers."""
    return [
        name for name, cells in table.columns.items() if _is_place(name) or _is_counter(cells) or not _is_numeric(cells)
    ]


def _is_place(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in NOT_FEATURES)


def _is_counter(cells: Sequence[str]) -> bool:
    """Whether a column only numbers the lines: in a table sorted by label that would tell it."""
    found = np.array([math.nan if value is None else value for value in map(number, cells)])
    return len(found) > LEAST_COUNTED and bool((np.diff(found) == 1).all())


def _odd_cell(cells: Sequence[str]) -> str:
    """The first cell that is no number in a column of which most that are filled in are; '' in a column of text."""
    found = [number(cell) for cell in cells]
    odd = [cell for cell, value in zip(cells, found, strict=True) if value is None]
    numeric = sum(value is not None and value == value for value in found)
    return odd[0] if odd and numeric > len(odd) else ""


def _is_numeric(cells: Sequence[str]) -> bool:
    found = [number(cell) for cell in cells]
    return None not in found and any(value == value for value in found)
