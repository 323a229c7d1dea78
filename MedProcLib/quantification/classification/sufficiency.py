"""Whether findings are enough, and fit, to learn from; what is not is refused."""

import numpy as np

from ...core.errors import InputError
from ...core.listing import listed
from .findings import Findings
from .methods import method_named
from .pipeline import feature_limit
from .settings import Training

MOST_CLASSES = 20
# events per feature below which the textbooks warn (Peduzzi et al., J Clin Epidemiol 49(12), 1996)
WARN_EVENTS = 10.0


def require_sufficient(findings: Findings, settings: Training) -> list[str]:
    """Notes on what the data leave to wish for.

    Raises InputError for one class only, too many classes, too few patients in a class, and a feature that gives
    the label away.
    """
    classes, labels = findings.classes, findings.labels
    if len(classes) < 2:
        raise InputError(
            f"All findings are labelled '{classes[0]}': findings of another class are needed too."
            if classes
            else "No finding has a label: fill in the column of labels."
        )
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"The column of labels has {len(classes)} different ones: is it a number? Put it into classes."
        )
    patients = [len(np.unique(findings.patients[labels == each])) for each in range(len(classes))]
    if min(patients) < settings.least_patients:
        told = ", ".join(f"'{name}' {count}" for name, count in zip(classes, patients, strict=True))
        raise InputError(
            f"There are too few patients to learn from: {told}; each class needs at least {settings.least_patients}."
        )
    _require_no_leak(findings)
    notes = [*_events_note(findings, settings), *_twins_note(findings)]
    if numbers := _numbers_of_patients(findings):
        notes.append(
            f"one number for each patient, another for every other: {listed(numbers)}; leave out what only names them"
        )
    return notes


def _require_no_leak(findings: Findings) -> None:
    """A feature that has one value in each class, another in the other, is the label under another name."""
    leaking = []
    for at, feature in enumerate(findings.features):
        column = findings.values[:, at]
        known = np.isfinite(column)
        values = [np.unique(column[known & (findings.labels == each)]) for each in range(len(findings.classes))]
        if all(len(v) == 1 for v in values) and len({float(v[0]) for v in values}) == len(values):
            leaking.append(feature.name)
    if leaking:
        raise InputError(
            f"The features {listed(leaking, 5)} are the label under another name: leave them out of the features."
            if len(leaking) > 1
            else f"The feature '{leaking[0]}' is the label under another name: leave it out of the features."
        )


def _events_note(findings: Findings, settings: Training) -> list[str]:
    if not method_named(settings.method).is_linear:
        return []
    events, features = int(np.bincount(findings.labels).min()), _varying(findings)
    limit = feature_limit(findings.labels, settings)
    used = features if limit is None else min(features, limit)
    if events / used >= WARN_EVENTS:
        return []
    told = f"{events} findings of the smallest class for {used} features ({events / used:.1f} each, 10 are recommended)"
    if used < features:
        told += f"; of {features} features each fold uses its best {used} or fewer"
    return [told]


def _varying(findings: Findings) -> int:
    """How many features have more than one value; at least 1."""
    columns = (column[np.isfinite(column)] for column in findings.values.T)
    return max(1, sum(bool(column.size) and float(np.ptp(column)) > 0 for column in columns))


def _numbers_of_patients(findings: Findings) -> list[str]:
    """Features that have one whole number for each patient and another for every other."""
    found, count = [], len(findings.patient_names)
    for feature, column in zip(findings.features, findings.values.T, strict=True):
        # most columns are measurements, which takes no sorting to see
        whole = np.isfinite(column).all() and bool((column == np.rint(column)).all())
        if not whole or findings.count <= count or np.unique(column).size != count:
            continue
        if np.unique(np.stack([column, findings.patients]), axis=1).shape[1] == count:
            found.append(feature.name)
    return found


def _twins_note(findings: Findings) -> list[str]:
    """The same figures in different patients are the same finding twice, or figures of little use."""
    filled = np.where(np.isfinite(findings.values), findings.values, 0.0)
    _, first, number = np.unique(filled, axis=0, return_index=True, return_inverse=True)
    number = number.ravel()
    twins = int(np.count_nonzero(findings.patients != findings.patients[first[number]]))
    if not twins:
        return []
    return [f"{twins} findings have all their figures in common with a finding of another patient: are they the same?"]
