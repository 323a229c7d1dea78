"""Preprocessing and classifier fitted together on the same findings, and the choice of hyperparameters."""

from dataclasses import dataclass

import numpy as np

from ...core.progress import SILENT, Progress
from .classifier import Classifier
from .enough import enough_of
from .folds import grouped_folds
from .methods import Hyperparameters, Method, method_named
from .preprocessing import Preprocessing, learn_preprocessing
from .settings import Training


@dataclass(frozen=True)
class Pipeline:
    preprocessing: Preprocessing
    classifier: Classifier
    hyperparameters: Hyperparameters

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """(findings, classes) of raw features (findings, features)."""
        return self.classifier.probabilities(self.preprocessing(values))


def fit_pipeline(
    values: np.ndarray, labels: np.ndarray, settings: Training, hyperparameters: Hyperparameters, seed: int
) -> Pipeline:
    """Learn preprocessing and classifier from raw features and class indices, all of which occur."""
    method = method_named(settings.method)
    preprocessing = learn_preprocessing(values, labels, settings.most_correlated, feature_limit(labels, settings))
    return Pipeline(preprocessing, method.fit(preprocessing(values), labels, hyperparameters, seed), hyperparameters)


def feature_limit(labels: np.ndarray, settings: Training) -> int | None:
    """How many features a linear method may use of so many findings; None is all.

    Source: Vittinghoff and McCulloch, Am J Epidemiol 165(6), 2007 (5 to 9 events per variable; 10 without a penalty).
    """
    if not method_named(settings.method).is_linear or settings.events_per_feature == 0:
        return None
    events = int(np.bincount(labels).min())
    return max(1, int(events / settings.events_per_feature))


def choose_hyperparameters(
    values: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    settings: Training,
    seed: int,
    progress: Progress = SILENT,
) -> Hyperparameters:
    """Those of the method's grid with the smallest Brier score over inner folds; of equals the simplest model.

    Of large tables a part is enough (Method.enough). progress: for its cancel alone.
    """
    method: Method = method_named(settings.method)
    part = enough_of(labels, patients, method.enough, seed)
    values, labels, patients = values[part], labels[part], patients[part]
    truth = np.eye(int(labels.max()) + 1)[labels]
    errors = np.zeros(len(method.grid))
    for train, test in grouped_folds(labels, patients, settings.inner_folds, seed):
        limit = feature_limit(labels[train], settings)
        preprocessing = learn_preprocessing(values[train], labels[train], settings.most_correlated, limit)
        learned, asked = preprocessing(values[train]), preprocessing(values[test])
        for at, each in enumerate(method.grid):
            progress.check()
            lighter = {**each, **method.while_choosing}
            found = method.fit(learned, labels[train], lighter, seed).probabilities(asked)
            errors[at] += ((found - truth[test]) ** 2).sum()
    return method.grid[int(np.argmin(errors.round(12)))]
