"""The table of response that `compare` writes: one row per criterion and time point, with the arithmetic."""

from collections.abc import Sequence

from ..comparison.evaluation import Evaluation
from ..comparison.response.criteria import criterion
from ..quantification.table import Table

FIGURES = ("change_from_baseline", "change_from_nadir")
COLUMNS = [
    *("criterion", "title", "time_point", "date", "category", "target", "non_target", "new"),
    *("sum", "sum_unit", "change_from_baseline_percent", "change_from_nadir_percent"),
    *("arithmetic", "missing", "notes", "doubts", "best_response", "source"),
]


def response_table(evaluations: Sequence[Evaluation]) -> Table:
    """Lines in time order, criterion by criterion; lines of arithmetic, missing, notes and doubts joined by '; '."""
    lines: list[list[object]] = []
    for evaluation in evaluations:
        found = criterion(evaluation.name)
        for response in evaluation.responses:
            total = next((f for f in response.figures if f.name.startswith("sum_of_")), None)
            lines.append(
                [
                    *(evaluation.name, found.title, response.time, response.date.isoformat(), str(response.category)),
                    *(response.parts.get(part) for part in ("target", "non-target", "new")),
                    *((total.value, total.unit) if total else (None, None)),
                    *(response.figure(name) for name in FIGURES),
                    *("; ".join(of) for of in (response.steps, response.missing, response.notes, response.doubts)),
                    str(evaluation.best.category) if evaluation.best else None,
                    found.source,
                ]
            )
    return list(COLUMNS), lines
