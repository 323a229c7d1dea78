"""Logistic regression and linear discriminants: a weighted sum of the features for each class."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special

from . import checked
from .classifier import Neighbors


@dataclass(frozen=True)
class Linear:
    """coefficients (rows, features), intercepts (rows,); one row for two classes (the log odds of the second)."""

    coefficients: np.ndarray
    intercepts: np.ndarray
    kind: ClassVar[str] = "linear"

    def probabilities(self, standard: np.ndarray) -> np.ndarray:
        scores = standard @ self.coefficients.T + self.intercepts
        if len(self.intercepts) == 1:
            return np.stack([special.expit(-scores[:, 0]), special.expit(scores[:, 0])], axis=1)
        return special.softmax(scores, axis=1)

    def contributions(self, standard: np.ndarray) -> np.ndarray:
        """Log odds that each feature adds, against a finding with all features at their training mean.

        Of several classes: against the mean over the classes.
        """
        if len(self.intercepts) == 1:
            rows = np.concatenate([-self.coefficients, self.coefficients])
        else:
            rows = self.coefficients - self.coefficients.mean(axis=0)
        return standard[:, np.newaxis, :] * rows

    def neighbors(self, standard: np.ndarray) -> Neighbors | None:
        return None

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "coefficients": self.coefficients.tolist(),
            "intercepts": self.intercepts.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Any, classes: int, features: int) -> "Linear":
        rows = 1 if classes == 2 else classes
        return cls(
            checked.array(data, "coefficients", (rows, features)),
            checked.array(data, "intercepts", (rows,)),
        )

    @classmethod
    def of_estimator(cls, estimator: Any) -> "Linear":
        return cls(np.array(estimator.coef_, float), np.array(estimator.intercept_, float))
