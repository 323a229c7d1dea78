"""Data of the charts that show response: waterfall, spider and swimmer, ready to be drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .best_response import PROGRESSIVE, best_response
from .criteria import assess, best, criterion
from .model import Case
from .outcome import Category, Response


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


def spider(name: str, cases: Mapping[str, Case]) -> dict[str, list[tuple[int, float]]]:
    """By patient: days after baseline, and change from baseline in percent; it begins with 0. Unknown ones left out."""
    curves = {}
    for patient, case in cases.items():
        changes = _changes(assess(name, case))
        points = [(case.days(n), change) for n, change in enumerate(changes) if change is not None]
        if points:
            curves[patient] = [(0, 0.0), *points]
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
