"""Area under the ROC curve with its confidence interval, for single and for clustered findings."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Auc:
    """value, standard error and confidence interval (within 0..1); NaN where a class has no finding."""

    value: float
    error: float
    low: float
    high: float

    def of_cross_validation(self, folds: int, confidence: float = 0.95) -> "Auc":
        """With the interval of an AUC that was cross-validated once or several times, in so many folds.

        Predictions of different folds hang together through the findings that their models share, so the variance is
        1/k + 1/(k - 1) of that of a fold, in place of 1/k; repeats do not lessen it.
        Source: Nadeau and Bengio, Machine Learning 52, 2003.
        """
        return _interval(self.value, self.error**2 * (1 + folds / (folds - 1)), confidence)

    def as_dict(self) -> dict[str, float | None]:
        return {k: None if math.isnan(v) else v for k, v in vars(self).items()}


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
        return Auc(*[math.nan] * 4)
    value, of_positive, of_negative = components(scores, positive)
    if m == 1 or n == 1:
        return Auc(value, math.nan, math.nan, math.nan)
    owner = np.arange(len(scores)) if patients is None else np.unique(patients, return_inverse=True)[1]
    clusters = int(owner.max()) + 1
    first = np.bincount(owner[positive], of_positive - value, clusters)
    other = np.bincount(owner[~positive], of_negative - value, clusters)
    with_positive = len(np.unique(owner[positive]))
    with_negative = len(np.unique(owner[~positive]))
    if min(with_positive, with_negative) < 2:
        return Auc(value, math.nan, math.nan, math.nan)
    variance = with_positive / (with_positive - 1) * float(first @ first) / m**2
    variance += with_negative / (with_negative - 1) * float(other @ other) / n**2
    variance += 2 * clusters / (clusters - 1) * float(first @ other) / (m * n)
    return _interval(value, variance, confidence)


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
            return Auc(*[math.nan] * 4)
        value, of_positive, of_negative = components(scores[:, each], positive)
        total += value / classes
        influence[positive] += (of_positive - value) / (m * classes)
        influence[~positive] += (of_negative - value) / (n * classes)
    added = np.bincount(owner, influence, clusters)
    if clusters < 2:
        return Auc(total, math.nan, math.nan, math.nan)
    return _interval(total, clusters / (clusters - 1) * float(added @ added), confidence)


def components(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """AUC, of each positive the share of negatives below it, of each negative the share of positives above it."""
    high, low = scores[positive], scores[~positive]
    ranks = stats.rankdata(scores)
    of_positive = (ranks[positive] - stats.rankdata(high)) / len(low)
    of_negative = 1 - (ranks[~positive] - stats.rankdata(low)) / len(high)
    return float(of_positive.mean()), of_positive, of_negative


def _interval(value: float, variance: float, confidence: float) -> Auc:
    if math.isnan(variance):
        return Auc(value, math.nan, math.nan, math.nan)
    error = math.sqrt(max(variance, 0.0))
    half = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return Auc(value, error, max(0.0, value - half), min(1.0, value + half))
