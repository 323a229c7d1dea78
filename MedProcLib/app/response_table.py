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
            sums = [f for f in response.figures if "sum_of_" in f.name]
            lines.append(
                [
                    *(evaluation.name, found.title, response.time, response.date.isoformat(), str(response.category)),
                    *(_joined(response.parts_of(part)) for part in ("target", "non-target", "new")),
                    *(_joined([f.value for f in sums]), sums[0].unit if sums else None),
                    *(_joined([f.value for f in response.figures_of(name)]) for name in FIGURES),
                    *("; ".join(of) for of in (response.steps, response.missing, response.notes, response.doubts)),
                    str(evaluation.best.category) if evaluation.best else None,
                    found.source,
                ]
            )
    return list(COLUMNS), lines


def _joined(values: Sequence[object]) -> object:
    """The one value; of parts of a tumor that are judged apart (see response.rano_2) all, as text."""
    words = [f"{value:.10g}" if isinstance(value, float) else str(value) for value in values]
    return "; ".join(words) if len(words) > 1 else next(iter(values), None)
