"""A trained classifier with all that is needed to use it and to know what it is worth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .applicability import Applicability
from .classifier import Classifier
from .findings import FeatureColumn
from .fingerprint import OF_FILES, OF_SCENES, fingerprints
from .preprocessing import LARGEST

# Of the summary: what tells the findings that were learned from.
FINGERPRINTS = "fingerprints"


@dataclass(frozen=True)
class Model:
    """features: those it needs, in order; medians, means, sds: of these, in the training data; label: what is told.

    threshold: probability of the last of two classes from which on a finding is called it (None for more classes);
    summary: figures of the validation, settings, who, when, hash of the data.
    """

    label: str
    classes: tuple[str, ...]
    features: tuple[FeatureColumn, ...]
    medians: np.ndarray
    means: np.ndarray
    sds: np.ndarray
    classifier: Classifier
    applicability: Applicability
    threshold: float | None
    summary: Mapping[str, Any] = field(default_factory=dict)

    def standardized(self, values: np.ndarray) -> np.ndarray:
        """Raw features (findings, features of the model) as the classifier takes them; missing ones are the median."""
        filled = np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), self.medians)
        return (filled - self.means) / self.sds

    def learned_from(self, values: np.ndarray) -> list[bool]:
        """Whether each finding (raw features, as in `standardized`) is one of the training data, as far as it says."""
        told = self.summary.get(FINGERPRINTS)
        known = {one for one in told if isinstance(one, str)} if isinstance(told, list) else set()
        told_by = (fingerprints(values, digits) for digits in (OF_FILES, OF_SCENES))
        return [not known.isdisjoint(both) for both in zip(*told_by, strict=True)]

    def called(self, probabilities: np.ndarray) -> np.ndarray:
        """Class index of each line of probabilities (findings, classes): by the threshold, or the likeliest."""
        if self.threshold is None:
            return np.argmax(probabilities, axis=1)
        return (probabilities[:, 1] >= self.threshold).astype(int)
