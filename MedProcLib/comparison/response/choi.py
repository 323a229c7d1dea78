"""Choi criteria: size and attenuation of gastrointestinal stromal tumors under imatinib, and the modified ones."""

from dataclasses import dataclass, replace

from ...core.measurement import Measurement
from ..growth.measured import Measured, combination, mean
from .model import Case, Kind
from .other_lesions import new_part, non_target_part
from .outcome import Category, Part, Response
from .overall import overall
from .recist import TARGETS, Parts, baseline_response, response_of
from .size_change import Sums, at_least, target_part
from .size_rule import Quantity, SizeRule
from .sizes import number

RULE = SizeRule(Quantity.DIAMETER, response_percent=10, progression_percent=10)
ATTENUATION_PERCENT = 15.0


def assess_choi(case: Case) -> list[Response]:
    """Choi et al., J. Clin. Oncol. 25, 2007, doi:10.1200/JCO.2006.07.3049.

    PR: the sum of longest diameters falls by at least 10 %, or the mean attenuation of the targets by at least 15 %,
    from baseline. PD: the sum rises by at least 10 % (here over the nadir, which at the paper's first follow-up is
    baseline) without the response of attenuation; a new lesion; or a new or growing nodule within a target
    (`unequivocal` on the target). The mean attenuation is that of the targets measured both times, unweighted.
    """
    return _assess(case, "choi", both=False)


def assess_modified_choi(case: Case) -> list[Response]:
    """As Choi, but PR needs both falls (Nathan et al., Cancer Biol. Ther. 9, 2010, renal cell carcinoma)."""
    return _assess(case, "modified_choi", both=True)


@dataclass(frozen=True)
class _Attenuation:
    response: bool
    step: str = ""
    missing: tuple[str, ...] = ()
    figures: tuple[Measurement, ...] = ()
    doubts: tuple[str, ...] = ()


def _assess(case: Case, criterion: str, both: bool) -> list[Response]:
    sums = Sums.of(case, RULE)
    responses = [baseline_response(criterion, sums, TARGETS)]
    for index in range(1, len(case.time_points)):
        target = _target(sums, index, both) if case.of(Kind.TARGET) else None
        parts = Parts(target, non_target_part(case, index), new_part(case, index))
        category = overall(parts.target, parts.non_target, parts.new)
        responses.append(response_of(criterion, case, index, category, parts.named))
    return responses


def _target(sums: Sums, index: int, both: bool) -> Part:
    part, density = target_part(sums, index), _attenuation(sums.case, index)
    label = sums.case.time_points[index].label
    nodules = [n.id for n in sums.case.of(Kind.TARGET) if (seen := n.at(label)) and seen.unequivocal]
    if nodules:
        step = f"new or growing nodule within {', '.join(nodules)}: progression"
        return replace(part, category=Category.PD, steps=(*part.steps, step))
    category, step = Category(part.category), ""
    if category is Category.PD and density.response:
        category, step = Category.SD if both else Category.PR, "no progression, as attenuation responds"
    elif category is Category.SD and density.response and not both:
        category, step = Category.PR, "partial response by attenuation"
    elif category is Category.PR and both and not density.response:
        category, step = Category.SD, "no partial response without the fall of attenuation"
    return Part(
        category,
        tuple(s for s in (*part.steps, density.step, step) if s),
        part.missing + density.missing,
        part.notes,
        part.figures + density.figures,
        part.doubts + density.doubts,
    )


def _attenuation(case: Case, index: int) -> _Attenuation:
    """Whether the mean attenuation fell enough from baseline."""
    first, time = case.time_points[0], case.time_points[index]
    then: list[Measured] = []
    now: list[Measured] = []
    missing = []
    for lesion in case.of(Kind.TARGET):
        before, after = lesion.at(first.label), lesion.at(time.label)
        if before and after and before.mean_hu and after.mean_hu:
            then.append(before.mean_hu)
            now.append(after.mean_hu)
        elif after is None or after.status != "absent":
            missing.append(f"mean attenuation of target {lesion.id} not given at {first} and {time}")
    if not then:
        return _Attenuation(False, missing=tuple(missing))
    baseline, current = mean(then), mean(now)
    if baseline.value <= 0:
        reason = f"mean attenuation {number(baseline.value)} HU at baseline: a percentage of it has no meaning"
        return _Attenuation(False, missing=(*missing, reason))
    percent = 100 * (current.value / baseline.value - 1)
    fell = at_least(baseline.value * (1 - ATTENUATION_PERCENT / 100), current.value)
    step = (
        f"attenuation {number(baseline.value)} HU at baseline, now {number(current.value)} HU: {percent:+z.1f} % "
        f"({'response' if fell else 'no response'} from {-ATTENUATION_PERCENT:g} %)"
    )
    compared = combination(((1.0, current), (-(1 - ATTENUATION_PERCENT / 100), baseline)))
    doubt = compared.limits is not None and compared.limits[0] < 0 < compared.limits[1]
    doubts = ("the response of attenuation cannot be told from measurement error",) if doubt else ()
    figures = (
        Measurement("mean_attenuation", current.value, "HU"),
        Measurement("attenuation_change_from_baseline", percent, "%", parameters={"reference": str(first)}),
    )
    return _Attenuation(fell, step, tuple(missing), figures, doubts)
