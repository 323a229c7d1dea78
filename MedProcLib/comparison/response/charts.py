"""Data of the charts that show response: curves, waterfall, spider and swimmer, ready to be drawn."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .best_response import PROGRESSIVE, best_response
from .criteria import assess, best, criterion
from .model import Case
from .outcome import Category, Response
from .size_change import Sums
from .size_rule import SizeRule
from .sizes import lesion_size


@dataclass(frozen=True)
class Point:
    """value (with its 95 % limits where known) at a time point, days after baseline."""

    time: str
    date: datetime.date
    days: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Curve:
    """A named series of points in one unit; time points without a value are left out."""

    name: str
    unit: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Bar:
    """A patient's best change in percent and best overall response."""

    patient: str
    percent: float
    best: Category


@dataclass(frozen=True)
class Phase:
    """A patient's category from one time point to the next, in days after baseline."""

    start: int
    end: int
    category: Category


def lesion_curves(case: Case, rule: SizeRule) -> list[Curve]:
    """The size of every lesion over time, as the rule measures it."""
    curves = []
    for lesion in case.lesions:
        sizes = [(i, lesion_size(lesion, t, rule).value) for i, t in enumerate(case.time_points)]
        points = tuple(_point(case, i, v.value, v.low, v.high) for i, v in sizes if v is not None)
        curves.append(Curve(lesion.id, rule.unit, points))
    return curves


def sum_curve(case: Case, rule: SizeRule) -> Curve:
    """The complete sum of the targets over time."""
    totals = [(i, t.complete) for i, t in enumerate(Sums.of(case, rule).totals)]
    return Curve(
        rule.sum_name, rule.unit, tuple(_point(case, i, v.value, v.low, v.high) for i, v in totals if v is not None)
    )


def spider(name: str, cases: Mapping[str, Case]) -> list[Curve]:
    """Change from baseline in percent over time, a curve a patient that begins with 0."""
    curves = []
    for patient, case in cases.items():
        changes = _changes(assess(name, case))
        points = [_point(case, i, v) for i, v in enumerate(changes) if v is not None]
        if points:
            curves.append(Curve(patient, "%", (_point(case, 0, 0.0), *points)))
    return curves


def waterfall(name: str, cases: Mapping[str, Case]) -> list[Bar]:
    """Best (lowest) change from baseline up to progression, largest first; patients without any are left out."""
    bars = []
    for patient, case in cases.items():
        responses = assess(name, case)
        end = next((i for i, r in enumerate(responses) if r.category in PROGRESSIVE), None)
        until = _changes(responses)[1 : None if end is None else end + 1]
        changes = [v for v in until if v is not None]
        if changes:
            found = best_response(responses, case, criterion(name).confirm)
            bars.append(Bar(patient, min(changes), found.category))
    return sorted(bars, key=lambda bar: (-bar.percent, bar.patient))


def best_responses(name: str, cases: Mapping[str, Case]) -> dict[str, Category]:
    """Best overall response of each patient; of none by a criterion that grades no response."""
    return {} if name == "nodule_growth" else {patient: best(name, case).category for patient, case in cases.items()}


def swimmer(name: str, cases: Mapping[str, Case]) -> dict[str, list[Phase]]:
    """Phases of each patient: the category holds until the next time point; equal ones in a row are one phase."""
    lanes: dict[str, list[Phase]] = {}
    for patient, case in cases.items():
        phases: list[Phase] = []
        responses = assess(name, case)
        for i, response in enumerate(responses):
            start, end = case.days(i), case.days(min(i + 1, len(responses) - 1))
            if phases and phases[-1].category is response.category:
                phases[-1] = Phase(phases[-1].start, end, response.category)
            else:
                phases.append(Phase(start, end, response.category))
        lanes[patient] = phases
    return lanes


def _changes(responses: Sequence[Response]) -> list[float | None]:
    """Change from baseline in percent at each time point; None where it is not known.

    Of parts of a tumor that are judged apart (see rano_2) the larger one: the whole responds no better than that.
    """
    found = [[f.value for f in r.figures_of("change_from_baseline")] for r in responses]
    parts = max(map(len, found), default=0)
    return [max(values) if values and len(values) == parts else None for values in found]


def _point(case: Case, index: int, value: float, low: float | None = None, high: float | None = None) -> Point:
    time = case.time_points[index]
    return Point(time.label, time.date, case.days(index), value, low, high)
