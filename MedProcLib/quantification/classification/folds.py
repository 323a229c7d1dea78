"""Parts of the findings for cross-validation: all findings of a patient in one part, classes spread evenly."""

import numpy as np

from ...core.errors import InputError

Fold = tuple[np.ndarray, np.ndarray]
MOST_TRIES = 20
ROUNDING = 12  # digits by which parts are told to be equally good


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
        part = _parts(counts, count, np.random.default_rng([seed, attempt]))[owner]
        folds = [(np.flatnonzero(part != each), np.flatnonzero(part == each)) for each in range(count)]
        if all(len(test) and np.array_equal(np.unique(labels[train]), classes) for train, test in folds):
            return folds
    raise InputError(
        f"The patients cannot be split into {count} parts so that the others always hold all classes: use fewer folds "
        "or collect more patients."
    )


def _parts(counts: np.ndarray, parts: int, random: np.random.Generator) -> np.ndarray:
    """The part (0, 1, ...) of each patient, of whose findings so many (patients, classes) are of each class.

    Patients in random order, those first whose findings are most of one class, each go where the classes are then
    spread most evenly over the parts; where that is equal, to the part with the fewest findings.
    """
    order = random.permutation(len(counts))
    order = order[np.argsort(-counts[order].std(axis=1), kind="stable")]
    part = np.zeros(len(counts), int)
    held = np.zeros((parts, counts.shape[1]))
    squares, totals, all_of_class = held.sum(axis=0), held.sum(axis=0), counts.sum(axis=0)
    for patient in order.tolist():
        new = counts[patient]
        # the variance over the parts if these findings went to each of them in turn
        variance = (squares + new * (2 * held + new)) / parts - ((totals + new) / parts) ** 2
        uneven = (np.sqrt(np.maximum(variance, 0)) / all_of_class).sum(axis=1).round(ROUNDING)
        best = int(np.lexsort((held.sum(axis=1), uneven))[0])
        squares += new * (2 * held[best] + new)
        totals += new
        held[best] += new
        part[patient] = best
    return part
