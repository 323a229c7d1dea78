"""Whether a new finding is like those that a model was trained on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ...core.errors import InputError
from . import checked

# share of the variance that the components keep; findings for each component
VARIANCE = 0.95
FINDINGS_PER_COMPONENT = 5
CONFIDENCE = 0.99
# how far beyond the largest and smallest training value a feature may lie, in SD
RANGE_MARGIN = 0.5


@dataclass(frozen=True)
class Applicability:
    """components: (components, features), unit rows; variances: along them; distance_limit: of the squared
    Mahalanobis distance in them (Hotelling's T2); residual_limit: of the squared distance from them; low, high: range
    of each standardized feature in the training data."""

    components: np.ndarray
    variances: np.ndarray
    distance_limit: float
    residual_limit: float
    low: np.ndarray
    high: np.ndarray

    def distances(self, standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Squared Mahalanobis distance and squared residual of each finding, both as shares of their limits."""
        along = standard @ self.components.T
        rest = standard - along @ self.components
        return ((along**2 / self.variances).sum(axis=1) / self.distance_limit), (
            (rest**2).sum(axis=1) / self.residual_limit
        )

    def outside(self, standard: np.ndarray) -> np.ndarray:
        """bool (findings, features): features beyond their training range."""
        return (standard < self.low - RANGE_MARGIN) | (standard > self.high + RANGE_MARGIN)

    def inside(self, standard: np.ndarray) -> np.ndarray:
        """bool (findings,): like the training data in all three respects."""
        distance, residual = self.distances(standard)
        return (distance <= 1) & (residual <= 1) & ~self.outside(standard).any(axis=1)

    def as_dict(self) -> dict[str, Any]:
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, data: Any, features: int) -> "Applicability":
        components = checked.array(data, "components", (None, features))
        variances = checked.array(data, "variances", (len(components),))
        limits = checked.real(data, "distance_limit"), checked.real(data, "residual_limit")
        low, high = (checked.array(data, name, (features,)) for name in ("low", "high"))
        if variances.size == 0 or variances.min() <= 0 or min(limits) <= 0:
            raise InputError("The model's 'applicability' holds a variance or limit that is not above 0.")
        return cls(components, variances, *limits, low, high)


def learn_applicability(standard: np.ndarray) -> Applicability:
    """From the standardized training findings (findings, features), which have mean 0.

    Hotelling's T2 in the principal components has an F distribution for a new finding, the residual a weighted
    chi-squared one (Box, Ann Math Stat 25(2), 1954); both limits are 99th percentiles. Source: Jackson and Mudholkar,
    Technometrics 21(3), 1979; for the range of use of models: Jaworska et al., ATLA 33, 2005.
    """
    count, features = standard.shape
    _, singular, rows = np.linalg.svd(standard, full_matrices=False)
    variances = singular**2 / (count - 1)
    explained = np.cumsum(variances) / variances.sum()
    most = max(1, min(features, count // FINDINGS_PER_COMPONENT))
    kept = int(min(np.searchsorted(explained, VARIANCE - 1e-12) + 1, most))
    factor = kept * (count**2 - 1) / (count * (count - kept))
    limit = factor * float(special.fdtri(kept, count - kept, CONFIDENCE))
    return Applicability(
        rows[:kept],
        variances[:kept],
        limit,
        _residual_limit(variances[kept:]),
        standard.min(axis=0),
        standard.max(axis=0),
    )


def _residual_limit(variances: np.ndarray) -> float:
    """99th percentile of a sum of squares of normal values with these variances, as a scaled chi-squared one."""
    total, squares = float(variances.sum()), float((variances**2).sum())
    if squares <= 1e-18:
        return 1e-6  # all directions are kept: what is left is rounding
    return squares / total * float(special.chdtri(total**2 / squares, 1 - CONFIDENCE))
