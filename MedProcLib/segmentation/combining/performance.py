"""Expectation maximization of the truth and of the raters' performance, over the ways to vote that occur."""

from dataclasses import dataclass

import numpy as np

from ...core.measurement import Measurement
from ...core.progress import Progress

# Raters are taken as nearly perfect at first, as Warfield et al. do.
FIRST_DIAGONAL = 0.99999
CLOSE_ENOUGH, MOST_ROUNDS = 1e-8, 500
LEAST = 1e-300


@dataclass(frozen=True)
class RaterPerformance:
    """How well a rater (counted from 1) marked a segment, by the truth estimated from all."""

    rater: int
    segment: int
    measurements: tuple[Measurement, ...]

    def value(self, name: str) -> float:
        """A figure by name: sensitivity, specificity, positive_predictive_value. Raises KeyError."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement.value
        raise KeyError(name)


@dataclass(frozen=True)
class Estimate:
    """truth: probability (patterns, labels) of each label; tables: expected voxels (raters, label said, label true)."""

    truth: np.ndarray
    tables: np.ndarray

    def figures(self, rater: int, label: int) -> dict[str, float]:
        """A rater's figures for a label; NaN where they are not defined."""
        table = self.tables[rater]
        hit, said, true, total = table[label, label], table[label].sum(), table[:, label].sum(), table.sum()
        return {
            "sensitivity": _share(hit, true),
            "specificity": _share(total - said - true + hit, total - true),
            "positive_predictive_value": _share(hit, said),
        }


def estimated(patterns: np.ndarray, counts: np.ndarray, labels: int, progress: Progress) -> Estimate:
    """Estimate from patterns (n, raters) of votes (0 ... labels - 1) and how many voxels vote so (n,).

    The prior of a label is its share of all votes.
    """
    raters = patterns.shape[1]
    prior = np.bincount(patterns.ravel(), np.repeat(counts, raters), labels) / (raters * counts.sum())
    skill = np.full((raters, labels, labels), (1 - FIRST_DIAGONAL) / max(labels - 1, 1))
    skill[:, np.arange(labels), np.arange(labels)] = FIRST_DIAGONAL
    for done in range(MOST_ROUNDS):
        progress(done / MOST_ROUNDS, "Estimating the raters' performance")
        truth = _truth(patterns, prior, skill)
        tables = _tables(patterns, counts, truth)
        before, skill = skill, tables / np.maximum(tables.sum(axis=1, keepdims=True), LEAST)
        if np.abs(skill - before).max() < CLOSE_ENOUGH:
            break
    return Estimate(_truth(patterns, prior, skill), tables)


def _truth(patterns: np.ndarray, prior: np.ndarray, skill: np.ndarray) -> np.ndarray:
    logs = np.tile(np.log(np.maximum(prior, LEAST)), (len(patterns), 1))
    for rater, said in enumerate(patterns.T):
        logs += np.log(np.maximum(skill[rater], LEAST))[said]
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _tables(patterns: np.ndarray, counts: np.ndarray, truth: np.ndarray) -> np.ndarray:
    labels = truth.shape[1]
    weighted = truth * counts[:, np.newaxis]
    tables = np.zeros((patterns.shape[1], labels, labels))
    for rater, said in enumerate(patterns.T):
        for label in range(labels):
            tables[rater, label] = weighted[said == label].sum(axis=0)
    return tables


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
