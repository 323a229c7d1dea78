"""How a factor came about, step by step, so that an expert can check it again by hand."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Step:
    """name: what; value: with its unit; source: the tag it was read from, or the arithmetic."""

    name: str
    value: str
    source: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value} [{self.source}]"


@dataclass
class Record:
    """Steps in order, and warnings of one line each."""

    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def step(self, name: str, value: str, source: str) -> None:
        self.steps.append(Step(name, value, source))

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def range_of(values: np.ndarray) -> str:
    """One value, or the lowest and the highest of those of the slices."""
    low, high = np.min(values), np.max(values)
    return f"{low:.9g}" if low == high else f"{low:.9g} to {high:.9g} (by slice)"
