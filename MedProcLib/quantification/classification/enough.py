"""Part of a large table, for what needs many fits and says no more with more findings."""

import numpy as np

# of each class, where there are as many: a rare one is not lost
LEAST_OF_CLASS = 100


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
