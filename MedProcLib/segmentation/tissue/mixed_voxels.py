"""Voxels that hold one tissue or two: how likely each intensity is in them, and how much of each tissue it means."""

import itertools
from dataclasses import dataclass

import numpy as np

from .intensity_classes import Histogram, best_means

# Fractions over which the intensity of a mixed voxel is averaged.
STEPS = 32
# Share of voxels that may have any intensity, so that an outlier does not decide against all classes alike.
OUTLIERS = 1e-4
# All classes have the same noise, if tissue and field add a little to some: their deviations differ by no more than
# this factor from what is common. Without that limit the classes of a real brain are not defined by its histogram.
NOISE_RATIO = 1.3
# A mixture is at most so common, as a share of the rarer of its two tissues, for the same reason.
MOST_MIXED = 0.5
# Of the classes found on the histogram: iterations, and the movement of a mean (bins) at which they rest.
MOST_ITERATIONS, REST = 300, 2e-3


@dataclass(frozen=True)
class Classes:
    """Means (ascending) and standard deviations of the pure classes."""

    means: np.ndarray
    sds: np.ndarray


def states_of(classes: int) -> list[tuple[int, ...]]:
    """The pure classes, then the mixtures: of three classes all pairs, of more those with neighboring means."""
    pairs = itertools.combinations(range(classes), 2)
    return [*((k,) for k in range(classes)), *(pair for pair in pairs if classes <= 3 or pair[1] == pair[0] + 1)]


def likeness_of(states: list[tuple[int, ...]], classes: int) -> np.ndarray:
    """How well two states go as neighbors (0 to 1): the tissue that they share, a mixture counting as half and half."""
    halves = np.array([[(k in state) / len(state) for k in range(classes)] for state in states])
    return np.minimum(halves[:, None], halves[None]).sum(axis=2).astype(np.float32)


def tables(
    classes: Classes, states: list[tuple[int, ...]], middles: np.ndarray, extent: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of the likelihood (states, bins) of the intensities, and fractions (states, classes, bins) given them.

    extent: range of the intensities, where the middles are not in their order.

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
    anything = OUTLIERS / (middles[-1] - middles[0] if extent is None else extent)
    return np.log(density + anything).astype(np.float32), fractions.astype(np.float32)


def classes_from(counts: np.ndarray, middles: np.ndarray, before: Classes) -> Classes:
    """Means and deviations of what is believed to be pure (classes, bins); as before where that is next to nothing."""
    total = counts.sum(axis=1)
    enough = total > 1e-4 * max(float(total.sum()), 1)
    safe = np.where(enough, total, 1)
    means = np.where(enough, counts @ middles / safe, before.means)
    spread = np.sqrt((counts * (middles - means[:, None]) ** 2).sum(axis=1) / safe)
    sds = np.maximum(np.where(enough, spread, before.sds), middles[1] - middles[0])
    common = np.exp(np.average(np.log(sds), weights=np.maximum(total, 1e-9)))
    return Classes(means, np.clip(sds, common / NOISE_RATIO, common * NOISE_RATIO))


def shares_of(counts: np.ndarray, states: list[tuple[int, ...]]) -> np.ndarray:
    """How common each state is, given how much of it there is in each bin (states, bins)."""
    shares = np.maximum(counts.sum(axis=1) / max(float(counts.sum()), 1e-9), 1e-6)
    for number, state in enumerate(states):
        if len(state) == 2:
            shares[number] = min(shares[number], MOST_MIXED * min(shares[state[0]], shares[state[1]]))
    return shares / shares.sum()


def volumes_of(shares: np.ndarray, states: list[tuple[int, ...]], classes: int) -> np.ndarray:
    """Share of the volume of each class, given how common the states are."""
    return np.array(
        [sum(s / len(state) for s, state in zip(shares, states, strict=True) if k in state) for k in range(classes)]
    )


def settled(histogram: Histogram, classes: int, states: list[tuple[int, ...]]) -> tuple[Classes, np.ndarray]:
    """The classes, and how common each state is, that explain the histogram best, by EM from k-means.

    With mixtures, few voxels of pure fluid are not lost among the many that hold some of it.
    """
    means = best_means(histogram, classes)
    found = Classes(means, np.full(classes, float(np.diff(means).min()) / 4))
    common = np.full(len(states), 1 / len(states))
    for _ in range(MOST_ITERATIONS):
        density = common[:, None] * np.exp(tables(found, states, histogram.middles)[0])
        counts = density / density.sum(axis=0) * histogram.counts
        common = shares_of(counts, states)
        before, found = found, classes_from(counts[:classes], histogram.middles, found)
        if np.abs(found.means - before.means).max() < REST * histogram.width:
            break
    # two classes that passed each other nearly coincide, so their mixtures need no new name
    order = np.argsort(found.means, kind="stable")
    common[:classes] = common[order]
    return Classes(found.means[order], found.sds[order]), common


def _normal(x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * (2 * np.pi) ** 0.5)
