"""What is enough of a large table, for what needs many fits and says no more with more of them."""

import math
from dataclasses import replace

import numpy as np

from .settings import Training

# of each class, where there are as many: a rare one is not lost
LEAST_OF_CLASS = 100
# Repeats average away how the parts fell, which moves the AUC by 0.003 to 0.004 (SD; 1,500 and 4,000 simulated
# findings, AUC 0.72), where its standard error is 0.013 and 0.008. Beyond so many times `enough` predictions, all
# repeats together, more are in vain; two at least show whether it is so.
PREDICTIONS, FEWEST_REPEATS = 10, 2
# Parts of the test against chance of a large table. A forest grown on half of what is enough tells weak labels from
# chance as one grown on four fifths does (by 2.0 and 2.1 SD, where the AUC is 0.54), in a third of the time.
PARTS_OF_TEST = 2


def repeats_of(count: int, most: int, settings: Training) -> int:
    """How often the cross-validation of so many findings is repeated at most; most: as of `enough_of`."""
    if not most or count <= most:
        return settings.repeats
    return min(settings.repeats, max(FEWEST_REPEATS, math.ceil(PREDICTIONS * most / count)))


def settings_of_test(count: int, most: int, settings: Training) -> Training:
    """Those of the test against chance of so many findings; most: as of `enough_of`."""
    return replace(settings, folds=min(settings.folds, PARTS_OF_TEST)) if most and count > most else settings


def enough_of(labels: np.ndarray, patients: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Indices of about so many findings, ascending: all of patients drawn at random; of all where there are no more.

    labels, patients: (findings,). Each class has its share, but LEAST_OF_CLASS of them at least. most: 0 takes all.
    """
    if not most or len(labels) <= most:
        return np.arange(len(labels))
    counts = np.bincount(labels)
    wanted = np.maximum(counts * (most / len(labels)), np.minimum(counts, LEAST_OF_CLASS))
    _, owner = np.unique(patients, return_inverse=True)
    held = np.zeros((int(owner.max()) + 1, len(counts)))
    np.add.at(held, (owner, labels), 1)
    order = np.random.default_rng(seed).permutation(len(held))
    total, taken = np.zeros(len(counts)), np.zeros(len(held), bool)
    for patient in order.tolist():
        if ((held[patient] > 0) & (total < wanted)).any():
            total += held[patient]
            taken[patient] = True
    return np.flatnonzero(taken[owner])
