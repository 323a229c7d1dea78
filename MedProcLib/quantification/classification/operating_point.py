"""Sensitivity and specificity at an operating point."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .proportion import Proportion, proportion
from .settings import Training


@dataclass(frozen=True)
class OperatingPoint:
    """threshold: findings of at least this probability are called positive; figures of calls made without having
    been seen (see crossed_calls)."""

    threshold: float
    rule: str
    sensitivity: Proportion
    specificity: Proportion
    positive_predictive_value: Proportion
    negative_predictive_value: Proportion

    def as_dict(self) -> dict[str, Any]:
        shown = {k: v.as_dict() if isinstance(v, Proportion) else v for k, v in vars(self).items()}
        return {**shown, "unit": "1", "interval": "Wilson, 95 %"}


def operating_point(
    probabilities: np.ndarray,
    positive: np.ndarray,
    patients: np.ndarray,
    settings: Training,
    threshold: float | None = None,
) -> OperatingPoint:
    """A threshold that was fixed before, or that of the rule in the settings on all findings and honest figures of it.

    probabilities: of the positive class, of findings that were not learned from. A threshold picked on the findings
    that it is judged on looks better than it is; here the patients are split in parts and each part is called with
    the threshold of the others.
    """
    if threshold is None:
        called = crossed_calls(probabilities, positive, patients, settings)
        threshold, rule = threshold_for(probabilities, positive, settings), _told(settings)
    else:
        called, rule = probabilities >= threshold, "fixed before"
    return OperatingPoint(
        threshold,
        rule,
        proportion(called[positive], patients[positive]),
        proportion(~called[~positive], patients[~positive]),
        proportion(positive[called], patients[called]),
        proportion(~positive[~called], patients[~called]),
    )


def threshold_for(probabilities: np.ndarray, positive: np.ndarray, settings: Training) -> float:
    """The threshold of a rule: midway between the probabilities that it separates.

    Source: Youden, Cancer 3(1), 1950.
    """
    if settings.point == "probability":
        return settings.point_value
    order = np.argsort(-probabilities, kind="stable")
    values, truth = probabilities[order], positive[order]
    # ends of runs of equal probabilities: only there can a threshold lie
    ends = np.append(np.flatnonzero(np.diff(values) != 0), len(values) - 1)
    sensitivity = np.cumsum(truth)[ends] / max(truth.sum(), 1)
    specificity = 1 - np.cumsum(~truth)[ends] / max((~truth).sum(), 1)
    enough = 1e-12
    if settings.point == "youden":
        best = int(np.argmax((sensitivity + specificity).round(12)))
    elif settings.point == "sensitivity":
        best = int(np.argmax(sensitivity >= settings.point_value - enough))
    else:
        good = np.flatnonzero(specificity >= settings.point_value - enough)
        if good.size == 0:
            return float(np.nextafter(values[0], math.inf))
        best = int(good[-1])
    at = ends[best]
    below = values[at + 1] if at + 1 < len(values) else values[at]
    return float((values[at] + below) / 2)


def crossed_calls(
    probabilities: np.ndarray, positive: np.ndarray, patients: np.ndarray, settings: Training
) -> np.ndarray:
    """Which findings are called positive, each by the threshold of the other parts of the patients."""
    if settings.point == "probability":
        return probabilities >= settings.point_value
    _, owner = np.unique(patients, return_inverse=True)
    parts = np.random.default_rng(settings.seed).permutation(owner.max() + 1)[owner] % settings.folds
    called = np.zeros(len(positive), bool)
    for part in range(settings.folds):
        own = parts == part
        called[own] = probabilities[own] >= threshold_for(probabilities[~own], positive[~own], settings)
    return called


def _told(settings: Training) -> str:
    if settings.point == "youden":
        return "largest sensitivity + specificity"
    if settings.point == "probability":
        return f"probability of {settings.point_value:g}"
    return f"{settings.point} of at least {settings.point_value:g}"
