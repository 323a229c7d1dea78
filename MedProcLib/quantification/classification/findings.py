"""Findings to learn from: features as numbers, what each finding is, and whose it is."""

import fnmatch
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from .table import Table

MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "inf", "-inf", "+inf", "infinity", "-infinity"))
# columns of the tables of `measure` and `features` that say which object a line is of, or where it lies
PLACES = frozenset(
    ("segment", "name", "component", "slice", "time_point", "time_s", "diameter_slice", "label", "slice_position_mm")
)
# what `predict` writes: what a model said of a finding is no feature of it
PREDICTED = ("predicted", "status", "inside_training_range", "distance_of_limit", "probability_*")
PLACE_PATTERNS = (*PREDICTED, "centroid_*", "img_dim_*", "vox_dim_*", "*_int_*_img", "*_mask_dim_*", "*_mask_bb_dim_*")


@dataclass(frozen=True)
class FeatureColumn:
    """A column of features: its name, unit (UCUM, '' when the table does not say) and meaning."""

    name: str
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Findings:
    """values: float (findings, features), NaN where missing; labels: index into classes (findings,);
    patients: index of the patient (findings,)."""

    features: tuple[FeatureColumn, ...]
    values: np.ndarray
    classes: tuple[str, ...]
    labels: np.ndarray
    patients: np.ndarray
    patient_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.labels)

    @property
    def data_hash(self) -> str:
        """SHA-256 of names, values, labels and grouping: the same findings in the same order give the same."""
        told = "\0".join([*(f.name for f in self.features), *self.classes]).encode()
        arrays = (self.values, self.labels.astype(np.int64), self.patients.astype(np.int64))
        digest = hashlib.sha256(told)
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def findings_of(
    table: Table,
    label: str,
    patient: str | None = None,
    wanted: Sequence[str] | None = None,
    positive: str | None = None,
) -> Findings:
    """The findings of a table.

    label, patient: columns; wanted: columns of features, or patterns such as `cm_*` (default: all columns of numbers
    but those that say which object it is or where it lies); positive: the class that is looked for, last of the
    classes (default: the last in order). Findings without a label are left out.
    Raises InputError for a missing column, a feature that is no number, a class that is not there.
    """
    notes: list[str] = []
    given = table.column(label)
    kept = [at for at, text in enumerate(given) if text]
    if len(kept) < len(given):
        notes.append(f"{len(given) - len(kept)} findings without a label are left out")
    names = _chosen(table, wanted, {label, *([patient] if patient else [])}, notes)
    values = np.array([numbers(table, name) for name in names]).T.reshape(table.count, len(names))[kept]
    classes = _classes([given[at] for at in kept], positive)
    labels = np.array([classes.index(given[at]) for at in kept], int)
    owners = [f"finding {at + 1}" for at in kept] if patient is None else _owners(table, patient, kept)
    if patient is None:
        notes.append("no column of patients is given: each finding is taken for a patient of its own")
    patient_names = tuple(dict.fromkeys(owners))
    place = {name: at for at, name in enumerate(patient_names)}
    features = tuple(FeatureColumn(n, table.units.get(n, ""), table.meanings.get(n, "")) for n in names)
    owner = np.array([place[name] for name in owners], int)
    return Findings(features, values, classes, labels, owner, patient_names, tuple(notes))


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


def _chosen(table: Table, wanted: Sequence[str] | None, apart: set[str], notes: list[str]) -> list[str]:
    if wanted is None:
        others = [name for name in table.columns if name not in apart]
        places = [
            name for name in others if name in PLACES or any(fnmatch.fnmatchcase(name, p) for p in PLACE_PATTERNS)
        ]
        text = [name for name in others if name not in places and not _is_numeric(table.columns[name])]
        if text:
            notes.append(f"columns that hold no numbers are no features: {_few(text)}")
        if places:
            notes.append(f"columns that say which object it is or where it lies are no features: {_few(places)}")
        names = [name for name in others if name not in places and name not in text]
    else:
        names = []
        for pattern in wanted:
            found = [n for n in table.columns if n == pattern or fnmatch.fnmatchcase(n, pattern)]
            if not found:
                table.column(pattern)
            names += [name for name in found if name not in apart and name not in names]
    if not names:
        raise InputError("The table has no column of numbers to learn from.")
    return names


def _is_place(name: str) -> bool:
    return name in PLACES or any(fnmatch.fnmatchcase(name, pattern) for pattern in PLACE_PATTERNS)


def _is_numeric(cells: Sequence[str]) -> bool:
    found = [number(cell) for cell in cells]
    return None not in found and any(value == value for value in found)


def _classes(labels: Sequence[str], positive: str | None) -> tuple[str, ...]:
    found = sorted(set(labels), key=lambda text: (number(text) is None, number(text) or 0, text))
    if positive is not None:
        if positive not in found:
            raise InputError(f"No finding is labelled '{positive}'; the labels are: {_few(found)}.")
        found = [name for name in found if name != positive] + [positive]
    return tuple(found)


def _owners(table: Table, patient: str, kept: Sequence[int]) -> list[str]:
    owners = [table.column(patient)[at] for at in kept]
    if "" in owners:
        raise InputError(f"Column '{patient}', finding {kept[owners.index('')] + 1}: the patient is missing.")
    return owners


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
