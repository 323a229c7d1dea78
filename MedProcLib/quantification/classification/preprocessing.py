"""What is done to features before a model sees them, learned from the findings it is trained on only."""

from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from .univariate import univariate_scores

# features that lack a value in more of the findings are dropped
MOST_MISSING = 0.5
# SD below this share of the largest value is rounding, not variation
ROUNDING = 1e-12
LARGEST = 1e150


@dataclass(frozen=True)
class Preprocessing:
    """kept: indices of the features that are used; medians (put where a value is missing), means and SDs: of these."""

    kept: np.ndarray
    medians: np.ndarray
    means: np.ndarray
    sds: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Standardized features (findings, kept) of raw ones (findings, features); missing ones are their median."""
        chosen = values[:, self.kept]
        filled = np.where(np.isfinite(chosen), np.clip(chosen, -LARGEST, LARGEST), self.medians)
        return (filled - self.means) / self.sds


def learn_preprocessing(
    values: np.ndarray, labels: np.ndarray, most_correlated: float = 0.95, most_features: int | None = None
) -> Preprocessing:
    """Impute by the median, drop constant features and the later of two correlated beyond a limit, standardize.

    values: (findings, features); labels: class index (findings,), used only where more than `most_features` remain:
    those that tell the classes apart best one by one are kept. most_correlated: |Pearson's r|.
    Raises InputError when no feature varies.
    """
    missing = ~np.isfinite(values)
    usable = np.flatnonzero(missing.mean(axis=0) <= MOST_MISSING)
    if usable.size == 0:
        raise InputError("No feature has a value in at least half of the findings.")
    known = np.clip(np.where(missing[:, usable], np.nan, values[:, usable]), -LARGEST, LARGEST)
    medians = np.nanmedian(known, axis=0)
    filled = np.where(np.isnan(known), medians, known)
    means, sds = filled.mean(axis=0), filled.std(axis=0)
    varying = np.flatnonzero(sds > ROUNDING * np.maximum(np.abs(filled).max(axis=0), np.finfo(float).tiny))
    if varying.size == 0:
        raise InputError("No feature varies between the findings: there is nothing to learn from.")
    standard = (filled[:, varying] - means[varying]) / sds[varying]
    chosen = varying[_uncorrelated(standard, most_correlated)]
    if most_features is not None and chosen.size > most_features:
        scores = univariate_scores(filled[:, chosen], labels)
        chosen = np.sort(chosen[np.argsort(-scores, kind="stable")[:most_features]])
    return Preprocessing(usable[chosen], medians[chosen], means[chosen], sds[chosen])


def _uncorrelated(standard: np.ndarray, limit: float) -> np.ndarray:
    """Columns of which none is correlated beyond the limit with an earlier one that is kept."""
    kept: list[int] = []
    for column in range(standard.shape[1]):
        others = standard[:, kept]
        if not kept or np.abs(standard[:, column] @ others).max() / len(standard) <= limit:
            kept.append(column)
    return np.array(kept, int)
