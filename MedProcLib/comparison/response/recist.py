"""RECIST 1.1: sum of diameters, non-target and new lesions."""

from collections.abc import Sequence
from dataclasses import dataclass

from .eligibility import target_notes
from .model import Case, Kind, Lesion, Status
from .other_lesions import NO, is_normal, new_part, non_target_part
from .outcome import Category, Part, Response
from .overall import overall
from .size_change import Sums, baseline_figures, target_parts
from .size_rule import Quantity, SizeRule, TargetRule

RULE = SizeRule(Quantity.DIAMETER, response_percent=30, progression_percent=20, progression_absolute=5, too_small_mm=5)
TARGETS = TargetRule()


@dataclass(frozen=True)
class Parts:
    """The three parts of one time point; target and non_target None where the patient has none."""

    target: Part | None
    non_target: Part | None
    new: Part

    @property
    def named(self) -> dict[str, Part]:
        found = {"target": self.target, "non-target": self.non_target, "new": self.new}
        return {name: part for name, part in found.items() if part is not None}


def assess_recist(
    case: Case, criterion: str = "recist_1_1", rule: SizeRule = RULE, targets: TargetRule = TARGETS
) -> list[Response]:
    """Responses by RECIST 1.1, one a time point, the first being baseline.

    Source: Eisenhauer et al., Eur. J. Cancer 45, 2009, doi:10.1016/j.ejca.2008.10.026, with EORTC's clarifications
    (https://recist.eortc.org): a node counts again from 10 mm short axis, a lesion that comes back after an overall CR
    is progression, a PR lasts until progression. Other size rules give volumetric variants by the same tables.
    """
    sums = Sums.of(case, rule)
    responses = [baseline_response(criterion, sums, targets)]
    for index, parts in enumerate(all_parts(sums)[1:], 1):
        category = overall(parts.target, parts.non_target, parts.new)
        steps: tuple[str, ...] = ()
        if category is not Category.PD and (back := back_after_cr(case, index, responses)):
            names = ", ".join(lesion.id for lesion in back)
            category, steps = Category.PD, (f"{names} back after complete response: progression",)
        responses.append(response_of(criterion, case, index, category, parts.named, steps, _after(responses)))
    return responses


def all_parts(sums: Sums, lasting: bool = True) -> list[Parts]:
    """The parts at each time point, those of baseline of no meaning; lasting as in target_parts."""
    return [
        Parts(target, non_target_part(sums.case, index), new_part(sums.case, index))
        for index, target in enumerate(target_parts(sums, lasting))
    ]


def baseline_response(criterion: str, sums: Sums, targets: TargetRule) -> Response:
    """The baseline: the sum, what is missing from it, and targets that the criterion would not take."""
    case, total, time = sums.case, sums.totals[0], sums.case.time_points[0]
    steps = (f"sum {total.text}",) if case.of(Kind.TARGET) else ("no targets",)
    notes = target_notes(case, targets)
    return Response(
        criterion, time.label, time.date, Category.BASELINE, {}, steps, total.missing, notes, baseline_figures(sums)
    )


def response_of(
    criterion: str,
    case: Case,
    index: int,
    category: Category,
    parts: dict[str, Part],
    steps: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Response:
    """A response that carries what its parts say and ends with the overall category."""
    time = case.time_points[index]
    named = ", ".join(f"{name} {part.category}" for name, part in parts.items() if part.category != NO)
    return Response(
        criterion,
        time.label,
        time.date,
        category,
        {name: str(part.category) for name, part in parts.items()},
        (*(s for p in parts.values() for s in p.steps), *steps, f"overall {category} ({named or 'no lesions'})"),
        tuple(m for p in parts.values() for m in p.missing),
        (*(n for p in parts.values() for n in p.notes), *notes),
        tuple(f for p in parts.values() for f in p.figures),
        tuple(d for p in parts.values() for d in p.doubts),
    )


def back_after_cr(case: Case, index: int, responses: Sequence[Response]) -> list[Lesion]:
    """Lesions of baseline seen again although the last evaluable overall response was a complete one."""
    before = [r.category for r in responses[1:] if r.category is not Category.NE]
    if not before or before[-1] not in (Category.CR, Category.ICR, Category.CMR):
        return []
    label = case.time_points[index].label
    seen = [(n, n.at(label)) for n in case.of(Kind.TARGET) + case.of(Kind.NON_TARGET)]
    return [n for n, a in seen if a and a.status is not Status.NOT_EVALUABLE and not is_normal(n, a)]


def _after(responses: list[Response]) -> tuple[str, ...]:
    first = next((r for r in responses if r.category is Category.PD), None)
    return () if first is None else (f"progression was on {first.date}: best response was decided by then",)
