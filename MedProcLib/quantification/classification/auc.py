"""Area under the ROC curve with its confidence interval, for single and for clustered findings."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from .proportion import wilson

# A standard error that is rounding alone.
NO_ERROR = 1e-9


@dataclass(frozen=True)
class Auc:
    """value, standard error and confidence interval (within 0..1); NaN where a class has no finding.

    pairs: of patients, one of each class, that have no patient in common: so many independent cases there are at most.
    """

    value: float
    error: float
    low: float
    high: float
    pairs: float

    def of_cross_validation(self, folds: int, confidence: float = 0.95) -> "Auc":
        """With the interval of an AUC that was cross-validated once or several times, in so many folds.

        Predictions of different folds hang together through the findings that their models share, so the variance is
        1/k + 1/(k - 1) of that of a fold, in place of 1/k; repeats do not lessen it.
        Source: Nadeau and Bengio, Machine Learning 52, 2003.
        """
        factor = 1 + folds / (folds - 1)
        return _interval(self.value, self.error**2 * factor, self.pairs / factor, confidence)

    def as_dict(self) -> dict[str, float | None]:
        told = {"value": self.value, "error": self.error, "low": self.low, "high": self.high}
        return {k: None if math.isnan(v) else v for k, v in told.items()}


def auc_interval(
    scores: np.ndarray, positive: np.ndarray, patients: np.ndarray | None = None, confidence: float = 0.95
) -> Auc:
    """AUC of scores (larger: rather positive; ties count half) and its interval.

    positive: bool (findings,); patients: index of the patient of each finding, None when each is of another.
    Source: DeLong et al., Biometrics 44(3), 1988, computed from midranks in n log n as Sun and Xu, IEEE Signal Process
    Lett 21(11), 2014; several findings of a patient: Obuchowski, Biometrics 53(2), 1997, which is DeLong's for single
    ones.
    """
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return _unknown(math.nan)
    value, of_positive, of_negative = components(scores, positive)
    if m == 1 or n == 1:
        return _unknown(value)
    owner = np.arange(len(scores)) if patients is None else np.unique(patients, return_inverse=True)[1]
    clusters = int(owner.max()) + 1
    first = np.bincount(owner[positive], of_positive - value, clusters)
    other = np.bincount(owner[~positive], of_negative - value, clusters)
    with_positive = len(np.unique(owner[positive]))
    with_negative = len(np.unique(owner[~positive]))
    if min(with_positive, with_negative) < 2:
        return _unknown(value)
    variance = with_positive / (with_positive - 1) * float(first @ first) / m**2
    variance += with_negative / (with_negative - 1) * float(other @ other) / n**2
    variance += 2 * clusters / (clusters - 1) * float(first @ other) / (m * n)
    return _interval(value, variance, min(with_positive, with_negative), confidence)


def macro_auc(
    scores: np.ndarray, labels: np.ndarray, patients: np.ndarray | None = None, confidence: float = 0.95
) -> Auc:
    """Mean over the classes of the AUC of each against the rest; scores: (findings, classes).

    The interval comes from what each patient adds to that mean, the same for all classes (infinitesimal jackknife).
    """
    classes = scores.shape[1]
    owner = np.arange(len(labels)) if patients is None else np.unique(patients, return_inverse=True)[1]
    clusters = int(owner.max()) + 1
    total, influence = 0.0, np.zeros(len(labels))
    for each in range(classes):
        positive = labels == each
        m, n = int(positive.sum()), int((~positive).sum())
        if m == 0 or n == 0:
            return _unknown(math.nan)
        value, of_positive, of_negative = components(scores[:, each], positive)
        total += value / classes
        influence[positive] += (of_positive - value) / (m * classes)
        influence[~positive] += (of_negative - value) / (n * classes)
    added = np.bincount(owner, influence, clusters)
    if clusters < 2:
        return _unknown(total)
    fewest = min(len(np.unique(owner[labels == each])) for each in range(classes))
    return _interval(total, clusters / (clusters - 1) * float(added @ added), fewest, confidence)


def components(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """AUC, of each positive the share of negatives below it, of each negative the share of positives above it."""
    from scipy import stats  # takes 0.2 s to import, and Slicer imports modules when it starts

    high, low = scores[positive], scores[~positive]
    ranks = stats.rankdata(scores)
    of_positive = (ranks[positive] - stats.rankdata(high)) / len(low)
    of_negative = 1 - (ranks[~positive] - stats.rankdata(low)) / len(high)
    return float(of_positive.mean()), of_positive, of_negative


def _interval(value: float, variance: float, pairs: float, confidence: float) -> Auc:
    """Symmetric in the logit, as what is estimated near 1 may be far less and hardly more (Pepe, The Statistical
    Evaluation of Medical Tests, 2003, 5.2).

    Where all pairs are ranked alike there is no variance, and no certainty: the interval is that of a share of as many
    cases as there are pairs at most.
    """
    if math.isnan(variance):
        return _unknown(value)
    error = math.sqrt(max(variance, 0.0))
    if error < NO_ERROR or not 0 < value < 1:
        return Auc(value, error, *wilson(value, pairs, confidence), pairs)
    half = float(special.ndtri((1 + confidence) / 2)) * error / (value * (1 - value))
    low, high = (float(special.expit(special.logit(value) + end)) for end in (-half, half))
    return Auc(value, error, low, high, pairs)


def _unknown(value: float) -> Auc:
    return Auc(value, *[math.nan] * 4)
