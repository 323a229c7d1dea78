"""RANO: brain tumors by enhancing size, T2/FLAIR, corticosteroids and clinical state."""

from dataclasses import replace

from .context import NeuroStatus, Trend
from .model import Case, Kind, TimePoint
from .other_lesions import NO, new_there
from .outcome import Category, Part, Response
from .overall import overall
from .rano_course import Course, in_window, status_at
from .rano_new import prepared
from .rano_rule import WINDOW_DAYS, RanoRule
from .recist import Parts, all_parts, baseline_response, response_of
from .size_change import Sums

SIZE = "summed size"
RESPONSES = (Category.CR, Category.PR, Category.MR)


def assess_rano(case: Case, criterion: str, rule: RanoRule) -> list[Response]:
    """Responses by one of the RANO criteria (see criteria.CRITERIA for the variants and their sources).

    Targets are the enhancing lesions (of low grade, the T2/FLAIR lesions) that can be measured, both diameters at least
    10 mm; non-targets the others. Growth counts when corticosteroids were not reduced since the nadir; CR needs none,
    PR and SD no more than at baseline: on more, without progression, the time point is not evaluable. What was not
    given is named and the category decided on the rest. CR and PR stand when seen again 4 weeks later.
    """
    given = case
    case, small = prepared(given, rule)
    sums, course = Sums.of(case, rule.size), Course()
    first = baseline_response(criterion, Sums.of(given, rule.size), rule.targets)
    responses = [replace(first, notes=(*first.notes, *_baseline_notes(case, rule)))]
    for index, parts in enumerate(all_parts(sums, lasting=False)[1:], 1):
        reasons, notes = _progression(sums, index, parts, rule, course)
        category, steps = _category(sums, index, parts, rule, bool(reasons), given)
        category, more = course.settled(sums, index, category, rule, by_size=reasons == [SIZE])
        steps = [*(f"{reason}: progression" for reason in reasons), *steps]
        time, status = case.time_points[index], status_at(case, index)
        missing = tuple(_missing(status, time, rule))
        followed = (*notes, *more, *small.get(time.label, ()))
        extra = Part(status.clinical or "not given", missing=missing, notes=followed)
        responses.append(response_of(criterion, case, index, category, {**parts.named, "clinical": extra}, steps))
    return responses


def _progression(sums: Sums, index: int, parts: Parts, rule: RanoRule, course: Course) -> tuple[list[str], list[str]]:
    """What counts as progression at a time point, and notes on what does not."""
    case, status = sums.case, status_at(sums.case, index)
    growth, early = [], not rule.window_counts and in_window(case, index)
    notes = []
    if parts.target and parts.target.category == Category.PD:
        if course.counts(sums, index):
            growth.append(SIZE)
        else:
            notes.append("no growth over the scan whose progression was not confirmed: not counted")
    if rule.t2_flair and status.t2_flair is Trend.WORSE:
        growth.append("T2/FLAIR abnormality")
    if early and parts.non_target and parts.non_target.category == Category.PD:
        growth.append("lesions that are not measured")
    if growth and early:
        notes.append(
            f"{' and '.join(growth)} grew within 12 weeks of radiotherapy: may be pseudoprogression, not counted"
        )
        growth = []
    if growth and _reduced(sums, index):
        notes.append(f"{' and '.join(growth)} grew on less corticosteroids than at the nadir: not counted")
        growth = []
    if parts.non_target and parts.non_target.category == Category.PD and not early:
        growth.append("lesions that are not measured")
    new = new_there(case, index)[0]
    counted = [n.id for n in new if not (early and n.in_radiation_field)]
    if len(counted) < len(new):
        notes.append("new enhancement in the radiation field within 12 weeks of radiotherapy: not counted")
    growth += [f"new lesion {name}" for name in counted]
    if status.clinical is Trend.WORSE and early and not growth:
        notes.append("clinical deterioration alone within 12 weeks of radiotherapy: no progression")
    elif status.clinical is Trend.WORSE:
        growth.append("clinical deterioration")
    return growth, notes


def _category(
    sums: Sums, index: int, parts: Parts, rule: RanoRule, progressed: bool, given: Case
) -> tuple[Category, list[str]]:
    """The category from the parts; what does not progress may still not respond. given: new lesions still apart."""
    if progressed:
        return Category.PD, []
    found = overall(parts.target, parts.non_target, Part(NO))
    now, first = status_at(sums.case, index), status_at(sums.case, 0)
    if found is Category.PD:
        found = Category.SD
    steps: list[str] = []
    if found is Category.CR and not (given.of(Kind.TARGET) or given.of(Kind.NON_TARGET)):
        found = Category.NED
    if not given.of(Kind.TARGET) and found in (*RESPONSES, Category.NON_CR_NON_PD):
        found, steps = Category.SD, ["nothing measurable at baseline: stable disease is the best possible"]
    if found is Category.CR and now.steroid_mg and not now.physiologic_steroids:
        found, steps = Category.PR, [f"no CR on {now.steroid_mg:g} mg corticosteroids"]
    if found in (*RESPONSES, Category.SD) and _more_steroids(now, first):
        why = f"more corticosteroids ({now.steroid_mg:g} mg) than at baseline ({first.steroid_mg:g} mg)"
        return Category.NE, [*steps, f"on {why} neither response nor stable disease: observe until the dose is back"]
    if found in RESPONSES and rule.t2_flair and now.t2_flair is Trend.WORSE:
        return Category.SD, [*steps, "no response with growing T2/FLAIR abnormality"]
    if found in RESPONSES and now.clinical is Trend.WORSE:
        return Category.SD, [*steps, "no response with clinical deterioration"]
    return found, steps


def _more_steroids(now: NeuroStatus, first: NeuroStatus) -> bool:
    if now.steroid_mg is None or first.steroid_mg is None or now.physiologic_steroids:
        return False
    return now.steroid_mg > (0.0 if first.physiologic_steroids else first.steroid_mg) + 1e-9


def _reduced(sums: Sums, index: int) -> bool:
    nadir = sums.nadir(index)
    then, now = status_at(sums.case, nadir or 0).steroid_mg, status_at(sums.case, index).steroid_mg
    return then is not None and now is not None and now < then - 1e-9


def _missing(status: NeuroStatus, time: TimePoint, rule: RanoRule) -> list[str]:
    wanted = [("clinical state", status.clinical is None), ("corticosteroid dose", status.steroid_mg is None)]
    if rule.t2_flair:
        wanted.append(("change of T2/FLAIR abnormality", status.t2_flair is None))
    return [f"{what} not given at {time}: not taken into account" for what, absent in wanted if absent]


def _baseline_notes(case: Case, rule: RanoRule) -> list[str]:
    """A caution where baseline is not the scan that the criterion takes after radiotherapy of a new tumor."""
    end = case.protocol.radiotherapy_end
    if rule.baseline_days is None or end is None:
        return []
    low, high = rule.baseline_days
    days = (case.time_points[0].date - end).days
    if low <= days <= high or days >= WINDOW_DAYS:
        return []
    where = f"{-days} d before" if days < 0 else f"{days} d after"
    return [
        f"baseline is {where} the end of radiotherapy: of a tumor just diagnosed the criterion takes the scan {low} to "
        f"{high} d after it"
    ]
