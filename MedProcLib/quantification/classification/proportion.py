"""A share of findings with its confidence interval, when several findings are of one patient."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Proportion:
    """value and 95 % interval; count of total findings. NaN for none."""

    value: float
    low: float
    high: float
    count: int
    total: int

    def as_dict(self) -> dict[str, float | int | None]:
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(self).items()}


def proportion(hits: np.ndarray, patients: np.ndarray, confidence: float = 0.95) -> Proportion:
    """Share of hits (bool) and Wilson's score interval; patients: index of the patient of each.

    Where patients have several findings, these count as fewer by the design effect of their likeness. Source: Wilson,
    JASA 22, 1927; Rao and Scott, Biometrics 48(2), 1992.
    """
    total, count = int(hits.size), int(np.count_nonzero(hits))
    if total == 0:
        return Proportion(math.nan, math.nan, math.nan, 0, 0)
    value = count / total
    effective = total / _design_effect(hits, patients, value)
    low, high = wilson(value, effective, confidence)
    return Proportion(value, low, high, count, total)


def wilson(value: float, total: float, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a share of `total` independent cases (need not be whole)."""
    z = float(special.ndtri((1 + confidence) / 2))
    middle = (value + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(value * (1 - value) / total + z**2 / (4 * total**2))
    # rounding may not leave the value itself outside
    return max(0.0, min(middle - half, value)), min(1.0, max(middle + half, value))


def _design_effect(hits: np.ndarray, patients: np.ndarray, value: float) -> float:
    _, owner = np.unique(patients, return_inverse=True)
    sizes = np.bincount(owner)
    clusters, total = len(sizes), hits.size
    if clusters == total or clusters < 2 or value in (0.0, 1.0):
        # without variation its size is unknown: no finding of a patient counts beside another
        return total / clusters if value in (0.0, 1.0) else 1.0
    residual = np.bincount(owner, weights=hits.astype(float)) - value * sizes
    variance = clusters / (clusters - 1) * float((residual**2).sum()) / total**2
    return max(1.0, variance / (value * (1 - value) / total))
