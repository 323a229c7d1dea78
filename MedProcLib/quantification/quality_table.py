"""Figures of image quality as rows: before, after and how much they changed; and as CSV."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.csv_text import csv_text
from ..core.measurement import Measurement
from .image_quality import IMAGE_BEFORE
from .quality_definitions import FIGURE, QualityFigure

COLUMNS = (
    "figure",
    "before",
    "value",
    "change",
    "change_percent",
    "unit",
    "better",
    "code",
    "definition",
    "parameters",
    "undefined",
)


@dataclass(frozen=True)
class QualityRow:
    """A figure of an image, and of the image before where there is one."""

    after: Measurement
    before: Measurement | None = None

    @property
    def figure(self) -> QualityFigure:
        return FIGURE[self.after.name]

    @property
    def better(self) -> str:
        """'higher', 'lower', or '' where neither is: so of the likeness to the image before."""
        return "" if self.after.parameters.get("reference") == IMAGE_BEFORE else self.figure.better

    @property
    def change(self) -> float:
        """After minus before; NaN where one of them is not there."""
        return math.nan if self.before is None else self.after.value - self.before.value

    @property
    def change_percent(self) -> float:
        """Of the value before; NaN where that is zero or not there."""
        if self.before is None or self.before.value == 0:
            return math.nan
        return 100 * self.change / abs(self.before.value)

    @property
    def undefined(self) -> str:
        """Why a value is missing; '' when none is."""
        there = {"before": self.before, "after": self.after} if self.before is not None else {"": self.after}
        reasons = {
            when: str(measurement.parameters["undefined"])
            for when, measurement in there.items()
            if measurement is not None and "undefined" in measurement.parameters
        }
        if len(set(reasons.values())) == 1 and len(reasons) == len(there):
            return next(iter(reasons.values()))
        return "; ".join(f"{when}: {reason}" for when, reason in reasons.items())


def quality_rows(after: Sequence[Measurement], before: Sequence[Measurement] = ()) -> list[QualityRow]:
    """A row for each figure of `after`, beside the one of the same name before."""
    known = {measurement.name: measurement for measurement in before}
    return [QualityRow(measurement, known.get(measurement.name)) for measurement in after]


def quality_csv(rows: Sequence[QualityRow]) -> str:
    """CSV text, a line per figure; `parameters` (JSON) are those of the value after."""
    lines: list[list[object]] = []
    for row in rows:
        after, figure = row.after, row.figure
        lines.append(
            [
                after.name,
                None if row.before is None else row.before.value,
                after.value,
                row.change,
                row.change_percent,
                after.ucum,
                row.better or None,
                f"{figure.code.scheme}:{figure.code.value}" if figure.code else None,
                figure.meaning,
                json.dumps({k: v for k, v in after.parameters.items() if k != "undefined"}, sort_keys=True),
                row.undefined or None,
            ]
        )
    return csv_text(COLUMNS, lines)
