"""Nested, repeated cross-validation: what the whole procedure, choices included, predicts for patients not seen."""

from dataclasses import dataclass

import numpy as np

from ...core.progress import SILENT, Progress
from .auc import macro_auc
from .enough import enough_of, repeats_of
from .findings import Findings
from .folds import grouped_folds
from .importance import FoldImportance, fold_importance
from .methods import Hyperparameters, method_named
from .pipeline import choose_hyperparameters, fit_pipeline
from .settings import Training


@dataclass(frozen=True)
class CrossValidation:
    """probabilities: (repeats, findings, classes), each predicted by a model that saw no finding of the patient.

    importance: of each fold of each repeat; hyperparameters: chosen in each.
    """

    probabilities: np.ndarray
    importance: tuple[FoldImportance, ...]
    hyperparameters: tuple[Hyperparameters, ...]

    @property
    def mean(self) -> np.ndarray:
        """(findings, classes)."""
        return self.probabilities.mean(axis=0)


def cross_validate(findings: Findings, settings: Training, progress: Progress = SILENT) -> CrossValidation:
    """Predict each finding from the other patients' findings, hyperparameters chosen among these alone.

    Of large tables fewer repeats are enough (Method.enough). Source: Varma and Simon, BMC Bioinformatics 7:91, 2006;
    Krstajic et al., J Cheminform 6:10, 2014 (repeated).
    """
    labels, patients, values = findings.labels, findings.patients, findings.values
    enough = method_named(settings.method).enough
    repeats = repeats_of(findings.count, enough, settings)
    found = np.zeros((repeats, findings.count, len(findings.classes)))
    importance, chosen = [], []
    total = repeats * settings.folds
    for repeat in range(repeats):
        seed = settings.seed + 7919 * repeat
        for number, (train, test) in enumerate(grouped_folds(labels, patients, settings.folds, seed)):
            done = repeat * settings.folds + number
            share = progress.part(done / total, (done + 1) / total)
            share(0.0, f"Cross-validation, fold {done + 1} of {total}")
            best = choose_hyperparameters(values[train], labels[train], patients[train], settings, seed + number, share)
            pipeline = fit_pipeline(values[train], labels[train], settings, best, seed)
            found[repeat, test] = pipeline.probabilities(values[test])
            # of all folds together so many
            some = test[enough_of(labels[test], patients[test], enough // settings.folds, seed + number)]
            importance.append(fold_importance(pipeline, values[some], labels[some], seed + number, share))
            chosen.append(best)
    return CrossValidation(found, tuple(importance), tuple(chosen))


def cross_validated_auc(
    findings: Findings, labels: np.ndarray, settings: Training, hyperparameters: Hyperparameters, seed: int
) -> float:
    """Macro AUC of one cross-validation with given hyperparameters, for labels that may have been permuted."""
    found = np.zeros((findings.count, len(findings.classes)))
    for train, test in grouped_folds(labels, findings.patients, settings.folds, seed):
        pipeline = fit_pipeline(findings.values[train], labels[train], settings, hyperparameters, seed)
        found[test] = pipeline.probabilities(findings.values[test])
    return macro_auc(found, labels).value
