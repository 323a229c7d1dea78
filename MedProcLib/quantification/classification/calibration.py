"""Whether predicted probabilities come true."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from .proportion import proportion

BINS = 10
# probabilities of 0 and 1 have no finite log odds
LEAST_PROBABILITY = 1e-6
LARGEST_SLOPE = 100.0


@dataclass(frozen=True)
class Calibration:
    """slope: 1 is ideal, below 1 too extreme; intercept: of the log odds with slope 1, 0 is ideal, below 0 too high.

    brier: mean squared error; scaled_brier: 1 is perfect, 0 no better than the share of positives.
    bins: mean predicted probability, share observed and its interval, count, of equally many findings each.
    """

    slope: float
    intercept: float
    brier: float
    scaled_brier: float
    bins: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        shown = {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(self).items()}
        return {**shown, "bins": list(self.bins)}


def calibration(probabilities: np.ndarray, positive: np.ndarray, patients: np.ndarray) -> Calibration:
    """Calibration of the probabilities of one class. NaN slope where they do not vary or separate the classes.

    Source: Cox, Biometrika 45, 1958; Van Calster et al., BMC Medicine 17:230, 2019; Brier, Mon Weather Rev 78(1), 1950.
    """
    truth = positive.astype(float)
    clipped = np.clip(probabilities, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    odds = special.logit(clipped)
    brier = float(((probabilities - truth) ** 2).mean())
    share = float(truth.mean())
    chance = share * (1 - share)
    scaled = 1 - brier / chance if chance else math.nan
    return Calibration(
        _slope(odds, truth), _intercept(odds, truth), brier, scaled, _bins(probabilities, positive, patients)
    )


def _slope(odds: np.ndarray, truth: np.ndarray) -> float:
    """Of the logistic regression of the truth on the log odds, by Newton's method."""
    if not np.ptp(odds) > 0 or truth.min() == truth.max():
        return math.nan
    design = np.stack([np.ones_like(odds), odds], axis=1)
    weights = np.zeros(2)
    for _ in range(100):
        fitted = special.expit(design @ weights)
        hessian = design.T @ (design * (fitted * (1 - fitted))[:, np.newaxis])
        try:
            step = np.linalg.solve(hessian, design.T @ (truth - fitted))
        except np.linalg.LinAlgError:
            return math.nan
        weights = weights + np.clip(step, -5, 5)
        if not np.isfinite(weights).all() or abs(weights[1]) > LARGEST_SLOPE:
            return math.nan
        if np.abs(step).max() < 1e-10:
            return float(weights[1])
    return math.nan


def _intercept(odds: np.ndarray, truth: np.ndarray) -> float:
    """What must be added to the log odds for their mean probability to be the share observed."""
    if truth.min() == truth.max():
        return math.nan
    low, high = -100.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        if special.expit(odds + middle).mean() < truth.mean():
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _bins(probabilities: np.ndarray, positive: np.ndarray, patients: np.ndarray) -> tuple[dict[str, Any], ...]:
    parts = np.array_split(np.argsort(probabilities, kind="stable"), min(BINS, max(1, len(probabilities) // 5)))
    bins = []
    for part in parts:
        observed = proportion(positive[part], patients[part])
        bins.append({"predicted": float(probabilities[part].mean()), "observed": observed.as_dict()})
    return tuple(bins)
