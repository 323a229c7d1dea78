"""Parts of the findings for cross-validation: all findings of a patient in one part, classes spread evenly."""

import math

import numpy as np

from ...core.errors import InputError

Fold = tuple[np.ndarray, np.ndarray]
MOST_TRIES = 20
EQUAL = 1e-5  # of the unevenness, within which parts are equally good


def grouped_folds(labels: np.ndarray, patients: np.ndarray, count: int, seed: int) -> list[Fold]:
    """(indices to learn from, indices to predict) of each part.

    Every part to learn from has all classes; parts are drawn again where it has not. Raises InputError when that does
    not succeed: a class then sits with too few patients.
    """
    classes, of_class = np.unique(labels, return_inverse=True)
    names, owner = np.unique(patients, return_inverse=True)
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (owner, of_class), 1)
    for attempt in range(MOST_TRIES):
        part = _parts(counts, count, np.random.RandomState(seed + 1_000_003 * attempt))[owner]
        folds = [(np.flatnonzero(part != each), np.flatnonzero(part == each)) for each in range(count)]
        if all(len(test) and np.array_equal(np.unique(labels[train]), classes) for train, test in folds):
            return folds
    raise InputError(
        f"The patients cannot be split into {count} parts so that the others always hold all classes: use fewer folds "
        "or collect more patients."
    )


def _parts(counts: np.ndarray, parts: int, random: np.random.RandomState) -> np.ndarray:
    """The part (0, 1, ...) of each patient, of whose findings so many (patients, classes) are of each class.

    Patients in random order, those first whose findings are most of one class, each go where the classes are then
    spread most evenly over the parts; where that is equal, to the part with the fewest findings. As scikit-learn's
    StratifiedGroupKFold does, in a fraction of its time with thousands of patients.
    """
    order = random.permutation(len(counts))
    order = order[np.argsort(-counts[order].std(axis=1), kind="stable")]
    part = np.zeros(len(counts), int)
    held, each = np.zeros((parts, counts.shape[1])), np.eye(parts)[:, :, np.newaxis]
    shares = counts.sum(axis=0)
    for patient in order.tolist():
        # what the parts hold if these findings go to each of them in turn
        uneven = ((held + each * counts[patient]) / shares).std(axis=1).mean(axis=1).tolist()
        sizes = held.sum(axis=1).tolist()
        best = 0
        for other in range(1, parts):
            equal = math.isclose(uneven[other], uneven[best], rel_tol=EQUAL, abs_tol=EQUAL / 1000)
            if uneven[other] < uneven[best] or (equal and sizes[other] < sizes[best]):
                best = other
        held[best] += counts[patient]
        part[patient] = best
    return part
