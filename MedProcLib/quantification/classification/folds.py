"""Parts of the findings for cross-validation: all findings of a patient in one part, classes spread evenly."""

import warnings

import numpy as np

from ...core.errors import InputError
from .scikit_learn import estimator

Fold = tuple[np.ndarray, np.ndarray]
MOST_TRIES = 20


def grouped_folds(labels: np.ndarray, patients: np.ndarray, count: int, seed: int) -> list[Fold]:
    """(indices to learn from, indices to predict) of each part.

    Every part to learn from has all classes; parts are drawn again where it has not. Raises InputError when that does
    not succeed: a class then sits with too few patients.
    """
    classes = np.unique(labels)
    for attempt in range(MOST_TRIES):
        splitter = estimator("model_selection", "StratifiedGroupKFold")(
            count, shuffle=True, random_state=seed + 1_000_003 * attempt
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the smallest class has fewer findings than parts is checked below
            folds = list(splitter.split(labels[:, np.newaxis], labels, patients))
        if all(len(test) and np.array_equal(np.unique(labels[train]), classes) for train, test in folds):
            return folds
    raise InputError(
        f"The patients cannot be split into {count} parts so that the others always hold all classes: use fewer folds "
        "or collect more patients."
    )
