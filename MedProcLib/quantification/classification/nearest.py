"""K nearest neighbors: the classes of the most similar training cases."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.spatial import KDTree

from ...core.errors import InputError
from . import checked
from .classifier import Neighbors


@dataclass(frozen=True)
class Nearest:
    """cases: standardized features of the training cases (cases, features); labels: their class indices."""

    cases: np.ndarray
    labels: np.ndarray
    classes: int
    count: int
    kind: ClassVar[str] = "nearest"

    def probabilities(self, standard: np.ndarray) -> np.ndarray:
        near = self.neighbors(standard).classes
        return np.stack([(near == each).mean(axis=1) for each in range(self.classes)], axis=1)

    def contributions(self, standard: np.ndarray) -> None:
        return None

    def neighbors(self, standard: np.ndarray) -> Neighbors:
        distances, cases = KDTree(self.cases).query(standard, k=[*range(1, self.count + 1)])
        return Neighbors(cases, self.labels[cases], distances)

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "count": self.count,
            "cases": self.cases.tolist(),
            "labels": self.labels.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Any, classes: int, features: int) -> "Nearest":
        cases = checked.array(data, "cases", (None, features))
        labels = checked.array(data, "labels", (len(cases),), whole=True)
        if labels.size == 0 or labels.min() < 0 or labels.max() >= classes:
            raise InputError("The model's 'labels' name a class that it does not have.")
        return cls(cases, labels, classes, checked.count(data, "count", 1, len(cases)))

    @classmethod
    def of_estimator(cls, estimator: Any, standard: np.ndarray, labels: np.ndarray) -> "Nearest":
        return cls(standard, labels, len(estimator.classes_), int(estimator.n_neighbors))
