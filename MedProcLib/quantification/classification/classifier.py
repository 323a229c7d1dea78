"""What every fitted classifier can do: plain arrays, no library."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np


@dataclass(frozen=True)
class Neighbors:
    """Of each finding the nearest training cases: their indices, classes and distances (findings, k)."""

    cases: np.ndarray
    classes: np.ndarray
    distances: np.ndarray


class Classifier(Protocol):
    """A fitted classifier of standardized features (findings, features)."""

    kind: ClassVar[str]

    def probabilities(self, standard: np.ndarray) -> np.ndarray:
        """(findings, classes); each line adds up to 1."""

    def contributions(self, standard: np.ndarray) -> np.ndarray | None:
        """(findings, classes, features): what each feature adds to a class; None where this has no meaning."""

    def neighbors(self, standard: np.ndarray) -> Neighbors | None:
        """The cases that decided; None where no single cases do."""

    def as_dict(self) -> dict[str, Any]:
        """Data for JSON."""
