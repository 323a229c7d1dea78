"""Findings to learn from: features as numbers, what each finding is, and whose it is."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ...core.listing import listed
from .cells import number, numbers
from .feature_columns import PATIENTS, feature_columns
from .table import Table


@dataclass(frozen=True)
class FeatureColumn:
    """A column of features: its name, unit (UCUM, '' when the table does not say) and meaning."""

    name: str
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Findings:
    """values: float (findings, features), NaN where missing; labels: index into classes (findings,);
    patients: index of the patient (findings,); patients_known: whether the table says whose each finding is."""

    features: tuple[FeatureColumn, ...]
    values: np.ndarray
    classes: tuple[str, ...]
    labels: np.ndarray
    patients: np.ndarray
    patient_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    patients_known: bool = True

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
    classes (default: the last in order). Findings without a label are left out. Without a column of patients one that
    is called so (see PATIENTS) is taken where it is filled in: findings of a patient are alike, and to learn from one
    and try on the other proves nothing.
    Raises InputError for a missing column, a feature that is no number, a class that is not there, and labels that
    differ in upper and lower case only.
    """
    notes: list[str] = []
    given = table.column(label)
    kept = [at for at, text in enumerate(given) if text]
    if len(kept) < len(given):
        notes.append(f"{len(given) - len(kept)} findings without a label are left out")
    if patient is None:
        patient = column_of_patients(table, label)
        if patient is not None:
            notes.append(f"patients are those of the column '{patient}', so that none is on both sides")
        else:
            notes.append("no column of patients is given, so each finding is taken for a patient of its own")
    names, told = feature_columns(table, wanted, (label, *([patient] if patient else [])))
    notes += told
    values = np.array([numbers(table, name) for name in names]).T.reshape(table.count, len(names))[kept]
    classes = _classes([given[at] for at in kept], positive)
    labels = np.array([classes.index(given[at]) for at in kept], int)
    owners = [f"finding {at + 1}" for at in kept] if patient is None else _owners(table, patient, kept)
    patient_names = tuple(dict.fromkeys(owners))
    place = {name: at for at, name in enumerate(patient_names)}
    features = tuple(FeatureColumn(n, table.units.get(n, ""), table.meanings.get(n, "")) for n in names)
    owner = np.array([place[name] for name in owners], int)
    return Findings(features, values, classes, labels, owner, patient_names, tuple(notes), patient is not None)


def column_of_patients(table: Table, label: str) -> str | None:
    """A column that is called as one of patients, and names one for each finding with a label; None without."""
    names = {name.casefold(): name for name in reversed(table.columns) if name != label}
    labels = table.column(label)
    for name in PATIENTS:
        if name in names and all(own for own, of in zip(table.column(names[name]), labels, strict=True) if of):
            return names[name]
    return None


def classes_in(labels: Sequence[str]) -> list[str]:
    """The different labels of findings that have one, in order."""
    return sorted(set(labels) - {""}, key=_in_order)


def _classes(labels: Sequence[str], positive: str | None) -> tuple[str, ...]:
    found = classes_in(labels)
    alike: dict[str, str] = {}
    for name in found:
        other = alike.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            raise InputError(
                f"The labels '{other}' and '{name}' differ in how they are written only: write them alike."
            )
    if positive is not None:
        if positive not in found:
            raise InputError(f"No finding is labelled '{positive}'; the labels are: {listed(found)}.")
        found = [name for name in found if name != positive] + [positive]
    return tuple(found)


def _in_order(label: str) -> tuple[bool, float, str]:
    """Numbers by their size, then text."""
    value = number(label)
    known = value is not None and not math.isnan(value)
    return not known, value if value is not None and known else 0.0, label


def _owners(table: Table, patient: str, kept: Sequence[int]) -> list[str]:
    owners = [table.column(patient)[at] for at in kept]
    if "" in owners:
        raise InputError(
            f"Column '{patient}', finding {kept[owners.index('')] + 1}: the patient is missing; fill it in, or "
            "leave the label of that finding empty."
        )
    return owners
