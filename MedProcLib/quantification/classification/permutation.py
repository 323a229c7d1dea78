"""Whether a model predicts better than chance."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.errors import InputError
from ...core.progress import SILENT, Progress
from .cross_validation import cross_validated_auc
from .enough import enough_of, settings_of_test
from .findings import Findings
from .methods import method_named
from .settings import Training


@dataclass(frozen=True)
class PermutationTest:
    """p: how often labels without relation to the features give an AUC as large as the observed one.

    findings: how many it rests on.
    """

    p: float
    observed: float
    permutations: int
    scheme: str
    findings: int

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def permutation_test(findings: Findings, settings: Training, progress: Progress = SILENT) -> PermutationTest:
    """Cross-validated AUC of the labels against that of permuted ones, all with one fixed set of hyperparameters.

    Of large tables a part is enough, in two folds (Method.enough): the test then has less power, and holds as it does.
    Labels that are the same in all findings of a patient are permuted between patients; others within patients, and
    whole patients with equally many findings change theirs. Source: Ojala and Garriga, JMLR 11, 2010; Phipson and
    Smyth, Stat Appl Genet Mol Biol 9(1), 2010 (p is never 0).
    """
    method = method_named(settings.method)
    hyperparameters = method.quick
    part = enough_of(findings.labels, findings.patients, method.enough, settings.seed)
    settings = settings_of_test(findings.count, method.enough, settings)
    findings = replace(
        findings, values=findings.values[part], labels=findings.labels[part], patients=findings.patients[part]
    )
    observed = cross_validated_auc(findings, findings.labels, settings, hyperparameters, settings.seed)
    random = np.random.default_rng(settings.seed)
    as_large, done = 0, 0
    for number in range(settings.permutations):
        progress(number / settings.permutations, f"Permutation {number + 1} of {settings.permutations}")
        labels = permuted_labels(findings.labels, findings.patients, random)
        try:
            found = cross_validated_auc(findings, labels, settings, hyperparameters, settings.seed + number + 1)
        except InputError:
            continue  # the labels fell so that a part has them all
        as_large += found >= observed - 1e-12
        done += 1
    scheme = (
        "between patients" if _is_of_patients(findings.labels, findings.patients) else "within and between patients"
    )
    return PermutationTest((1 + as_large) / (1 + done), observed, done, scheme, findings.count)


def permuted_labels(labels: np.ndarray, patients: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Labels (findings,) as they might be if they had nothing to do with the features."""
    places = [np.flatnonzero(patients == each) for each in np.unique(patients)]
    made = labels.copy()
    if _is_of_patients(labels, patients):
        drawn = random.permutation([labels[place[0]] for place in places])
        for place, label in zip(places, drawn, strict=True):
            made[place] = label
        return made
    for size in {len(place) for place in places}:
        alike = [place for place in places if len(place) == size]
        for place, other in zip(alike, random.permutation(len(alike)), strict=True):
            made[place] = random.permutation(labels[alike[other]])
    return made


def _is_of_patients(labels: np.ndarray, patients: np.ndarray) -> bool:
    order = np.argsort(patients, kind="stable")
    same_patient = np.diff(patients[order]) == 0
    return not (np.diff(labels[order])[same_patient] != 0).any()
