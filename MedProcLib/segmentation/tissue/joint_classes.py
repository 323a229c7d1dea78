"""Classes of tissue in two images on one grid, with voxels that hold two tissues: normal in both images together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .joint_histogram import CELLS, JointHistogram
from .mixed_voxels import MOST_ITERATIONS, NOISE_RATIO, OUTLIERS, REST, STEPS, Classes, shares_of, tables

# A class keeps its place where less than this share of all voxels is believed to be purely of it.
LEAST_BELIEF = 1e-4


@dataclass(frozen=True)
class JointClasses:
    """Means (classes, 2) and covariances (classes, 2, 2) of the pure classes."""

    means: np.ndarray
    covariances: np.ndarray

    @property
    def apart(self) -> np.ndarray:
        """SD between two classes (classes, classes): Mahalanobis distances with the mean of both covariances."""
        differences = self.means[:, None] - self.means
        both = (self.covariances[:, None] + self.covariances) / 2
        return np.sqrt(np.einsum("abi,abij,abj->ab", differences, np.linalg.inv(both), differences))


def joint_tables(
    classes: JointClasses, states: list[tuple[int, ...]], histogram: JointHistogram
) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of the likelihood (states, cells), and fractions (states, classes, cells); see mixed_voxels.tables."""
    points = histogram.points
    density = np.zeros((len(states), len(points)))
    fractions = np.zeros((len(states), len(classes.means), len(points)))
    share = (np.arange(STEPS) + 0.5) / STEPS
    for number, state in enumerate(states):
        if len(state) == 1:
            density[number] = _normal(points, classes.means[state[0]], classes.covariances[state[0]])
            fractions[number, state[0]] = 1
            continue
        a, b = state
        expected = np.zeros(len(points))
        for part in share:
            mean = part * classes.means[a] + (1 - part) * classes.means[b]
            covariance = part * classes.covariances[a] + (1 - part) * classes.covariances[b]
            each = _normal(points, mean, covariance) + 1e-30
            density[number] += each
            expected += part * each
        fractions[number, a] = expected / density[number]
        fractions[number, b] = 1 - fractions[number, a]
        density[number] /= STEPS
    return np.log(density + OUTLIERS / histogram.extent).astype(np.float32), fractions.astype(np.float32)


def joint_settled(
    histogram: JointHistogram, states: list[tuple[int, ...]], alone: Classes, common: np.ndarray, kept: int
) -> tuple[JointClasses, np.ndarray]:
    """The classes, and how common each state is, that explain both images best, by EM.

    kept: which of the images (0 or 1) keeps the classes that it has alone, with how common their states are: the other
    one only adds to what that one tells. Free to move, classes of real brains spread along the line between two of
    them and take in what is mixed.
    """
    points, classes = histogram.points, len(alone.means)
    likely, _ = tables(alone, states, points[:, kept], histogram.widths[kept] * CELLS)
    density = common[:, None] * np.exp(likely)
    found = JointClasses(np.zeros((classes, 2)), np.tile(np.diag(histogram.widths**2), (classes, 1, 1)))
    for _ in range(MOST_ITERATIONS):
        counts = density / density.sum(axis=0) * histogram.counts
        common = shares_of(counts, states)
        before, found = found, _held(_classes_from(counts[:classes], histogram, found), alone, kept)
        if np.abs((found.means - before.means) / histogram.widths).max() < REST:
            break
        density = common[:, None] * np.exp(joint_tables(found, states, histogram)[0])
    return found, common


def _held(classes: JointClasses, alone: Classes, kept: int) -> JointClasses:
    """The classes with the means and deviations that one image has alone; the other's follow from it as before."""
    means, covariances = classes.means.copy(), classes.covariances.copy()
    other = 1 - kept
    slope = covariances[:, 0, 1] / covariances[:, kept, kept]
    rest = covariances[:, other, other] - slope**2 * covariances[:, kept, kept]
    means[:, other] += slope * (alone.means - means[:, kept])
    means[:, kept] = alone.means
    covariances[:, kept, kept] = alone.sds**2
    covariances[:, 0, 1] = covariances[:, 1, 0] = slope * alone.sds**2
    covariances[:, other, other] = rest + slope**2 * alone.sds**2
    return JointClasses(means, covariances)


def _classes_from(counts: np.ndarray, histogram: JointHistogram, before: JointClasses) -> JointClasses:
    """Means and covariances of what is believed to be pure (classes, cells); as before where there is hardly any."""
    total = counts.sum(axis=1)
    points = histogram.points
    means, covariances = before.means.copy(), before.covariances.copy()
    for k in range(len(counts)):
        if total[k] > LEAST_BELIEF * max(float(total.sum()), 1):
            means[k] = counts[k] @ points / total[k]
            off = points - means[k]
            covariances[k] = (counts[k][:, None] * off).T @ off / total[k] + np.diag(histogram.widths**2)
    return JointClasses(means, _of_like_noise(covariances, np.maximum(total, 1e-9)))


def _of_like_noise(covariances: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The covariances, none of which differs in any direction by more than NOISE_RATIO in SD from what is common: the
    mean of their logarithms (Arsigny et al., Magn. Reson. Med. 56, 2006)."""
    common = _function(np.average([_function(c, np.log) for c in covariances], axis=0, weights=weights), np.exp)
    root = _function(common, np.sqrt)
    inverse = np.linalg.inv(root)

    def limited(values: np.ndarray) -> np.ndarray:
        return np.clip(values, NOISE_RATIO**-2, NOISE_RATIO**2)

    return np.stack([root @ _function(inverse @ c @ inverse, limited) @ root for c in covariances])


def _function(symmetric: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A function of a symmetric matrix: of its eigenvalues."""
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    return (vectors * function(values)) @ vectors.T


def _normal(points: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    off = points - mean
    (a, b), (_, d) = covariance
    determinant = a * d - b * b
    squared = (d * off[:, 0] ** 2 - 2 * b * off[:, 0] * off[:, 1] + a * off[:, 1] ** 2) / determinant
    return np.exp(-0.5 * squared) / (2 * np.pi * np.sqrt(determinant))
