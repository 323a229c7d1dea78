"""Voxels that hold one tissue or two: how likely each intensity is in them, and how much of each tissue it means."""

import itertools
from dataclasses import dataclass

import numpy as np

# Fractions over which the intensity of a mixed voxel is averaged.
STEPS = 32
# Share of voxels that may have any intensity, so that an outlier does not decide against all classes alike.
OUTLIERS = 1e-4
# No class has more than this many times the noise of the one with the least.
MOST_NOISE = 3.0


@dataclass(frozen=True)
class Classes:
    """Means (ascending) and standard deviations of the pure classes."""

    means: np.ndarray
    sds: np.ndarray


def states_of(classes: int, mixed: bool = True) -> list[tuple[int, ...]]:
    """The pure classes, then the mixtures: of three classes all pairs, of more those with neighboring means."""
    states: list[tuple[int, ...]] = [(k,) for k in range(classes)]
    if mixed:
        pairs = itertools.combinations(range(classes), 2)
        states += [(a, b) for a, b in pairs if classes <= 3 or b == a + 1]
    return states


def likeness_of(states: list[tuple[int, ...]], classes: int) -> np.ndarray:
    """How well two states go as neighbors (0 to 1): the tissue that they share, a mixture counting as half and half."""
    halves = np.array([[(k in state) / len(state) for k in range(classes)] for state in states])
    return np.minimum(halves[:, None], halves[None]).sum(axis=2).astype(np.float32)


def tables(classes: Classes, states: list[tuple[int, ...]], middles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of the likelihood (states, bins) of the intensities, and fractions (states, classes, bins) given them.

    A mixed voxel may hold any fraction alike (Santago & Gage, IEEE TMI 12(3), 1993): its likelihood is the average over
    the fractions, and its fraction the one to expect.
    """
    density = np.zeros((len(states), middles.size))
    fractions = np.zeros((len(states), classes.means.size, middles.size))
    share = (np.arange(STEPS) + 0.5) / STEPS
    for number, state in enumerate(states):
        if len(state) == 1:
            density[number] = _normal(middles, classes.means[state[0]], classes.sds[state[0]])
            fractions[number, state[0]] = 1
            continue
        a, b = state
        mean = share * classes.means[a] + (1 - share) * classes.means[b]
        sd = np.sqrt(share * classes.sds[a] ** 2 + (1 - share) * classes.sds[b] ** 2)
        each = _normal(middles[:, None], mean, sd) + 1e-30
        density[number] = each.mean(axis=1)
        fractions[number, a] = each @ share / each.sum(axis=1)
        fractions[number, b] = 1 - fractions[number, a]
    anything = OUTLIERS / (middles[-1] - middles[0])
    return np.log(density + anything).astype(np.float32), fractions.astype(np.float32)


def classes_from(counts: np.ndarray, middles: np.ndarray, before: Classes) -> Classes:
    """Means and deviations of what is believed to be pure (classes, bins); as before where that is next to nothing."""
    total = counts.sum(axis=1)
    enough = total > 1e-4 * max(float(total.sum()), 1)
    safe = np.where(enough, total, 1)
    means = np.where(enough, counts @ middles / safe, before.means)
    spread = np.sqrt((counts * (middles - means[:, None]) ** 2).sum(axis=1) / safe)
    sds = np.maximum(np.where(enough, spread, before.sds), middles[1] - middles[0])
    return Classes(means, np.minimum(sds, MOST_NOISE * sds.min()))


def _normal(x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * (2 * np.pi) ** 0.5)
