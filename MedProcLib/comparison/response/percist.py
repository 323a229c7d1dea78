"""PERCIST 1.0: the peak lean-body-mass SUV of the hottest lesion."""

from collections import Counter
from dataclasses import dataclass, replace

from ...core.measurement import Measurement
from ..growth.measured import Measured, combination
from .eligibility import NO_ORGAN, organ_of
from .model import Assessment, Case, Kind, Lesion, Status, TimePoint
from .other_lesions import YES, new_part
from .outcome import Category, Part, Response
from .recist import back_after_cr, response_of
from .size_change import at_least

NAME = "percist_1_0"
PERCENT, ABSOLUTE_SUL, TLG_PERCENT, TLG_LESIONS, TLG_PER_ORGAN = 30.0, 0.8, 75.0, 5, 2
LIVER_FACTOR, BLOOD_FACTOR, SDS = 1.5, 2.0, 2.0
LIVER_PERCENT, LIVER_SUL = 20.0, 0.3
BACKGROUND = (Status.ABSENT, Status.MERGED)


@dataclass(frozen=True)
class _Peak:
    """SULpeak of the hottest lesion that was measured, whose it is, and the lesions that were not measured."""

    value: Measured | None
    lesion: str
    missing: tuple[str, ...]


def assess_percist(case: Case) -> list[Response]:
    """Responses by PERCIST 1.0, one a time point, the first being baseline.

    Source: Wahl et al., J. Nucl. Med. 50(suppl. 1), 2009, doi:10.2967/jnumed.108.057307; O et al., Radiology 280,
    2016, doi:10.1148/radiol.2016142043. The hottest lesion of each scan is compared, not always the same one; targets
    must be measured, non-targets count where they are.
    PMR: a fall of at least 30 % and 0.8 SUL from baseline while no other lesion rises as progression asks for; PMD: a
    rise of more than 30 % and 0.8 SUL, of more than 75 % in total lesion glycolysis of the five hottest lesions without
    a fall of SULpeak, a new lesion, or unequivocal progression; CMR: every lesion absent, that is not told from the
    background, and below the liver. At baseline the hottest lesion must reach 1.5 liver means + 2 SD (2 blood pool
    means + 2 SD where the liver is diseased). Scans whose liver (blood pool, where the liver is diseased) differs by
    more than 20 % of the larger or more than 0.3 SUL cannot be compared by their figures: not evaluable.
    """
    baseline, first = _hottest(case, 0), case.time_points[0]
    threshold, missing = measurable_threshold(first)
    steps, notes = [_peak_text(baseline, first)], []
    if threshold is not None:
        steps.append(f"least SULpeak of a measurable lesion {threshold:.2f}")
    low = threshold is not None and baseline.value is not None and not at_least(baseline.value.value, threshold)
    if low:
        notes.append("the hottest lesion is below what PERCIST can measure: response not evaluable")
    figures = _sul("sul_peak", baseline.value)
    every = (*baseline.missing, *missing)
    begin = Category.BASELINE
    responses = [Response(NAME, first.label, first.date, begin, {}, tuple(steps), every, tuple(notes), figures)]
    for index in range(1, len(case.time_points)):
        part, new = _part(case, index, baseline, low), new_part(case, index)
        category = Category.PMD if new.category == YES else Category(part.category)
        if back := ", ".join(lesion.id for lesion in back_after_cr(case, index, responses)):
            note = f"{back} back after complete metabolic response: a reader decides if it is progression"
            part = replace(part, notes=(*part.notes, note))
        responses.append(response_of(NAME, case, index, category, {"SULpeak": part, "new": new}))
    return responses


def measurable_threshold(time: TimePoint) -> tuple[float | None, tuple[str, ...]]:
    """Least SULpeak of a measurable lesion at baseline, or what is missing to know it."""
    pet = time.pet
    if pet and not pet.liver_diseased and pet.liver_mean is not None and pet.liver_sd is not None:
        return LIVER_FACTOR * pet.liver_mean + SDS * pet.liver_sd, ()
    if pet and pet.blood_mean is not None and pet.blood_sd is not None:
        return BLOOD_FACTOR * pet.blood_mean + SDS * pet.blood_sd, ()
    where = "blood pool" if pet and pet.liver_diseased else "liver or blood pool"
    return None, (f"mean and SD of the {where} SUL not given at {time}: the baseline threshold is not checked",)


def _part(case: Case, index: int, baseline: _Peak, low: bool) -> Part:
    time, now = case.time_points[index], _hottest(case, index)
    steps = [_peak_text(now, time)]
    notes: list[str] = []
    worse = [n.id for n in case.lesions if n.kind is not Kind.NEW and (a := n.at(time.label)) and a.unequivocal]
    figures = _sul("sul_peak", now.value)
    if worse:
        return Part(Category.PMD, (*steps, f"{', '.join(worse)}: unequivocal progression"), now.missing, (), figures)
    if not now.missing and _all_background(case, time):
        step = "every lesion at background and below the liver: complete metabolic response"
        return Part(Category.CMR, (*steps, step), (), tuple(notes), figures)
    if baseline.value is None or baseline.value.value <= 0 or low:
        reason = "no measurable lesion at baseline: response not evaluable"
        return Part(Category.NE, tuple(steps), (*baseline.missing, reason), tuple(notes), figures)
    if now.value is None:
        missing = now.missing or (f"no SULpeak at {time}, though lesions are told from the background",)
        return Part(Category.NE, tuple(steps), missing, tuple(notes), figures)
    change = now.value.value - baseline.value.value
    percent = 100 * change / baseline.value.value
    steps.append(f"baseline {baseline.value.value:.2f}: {percent:+z.1f} %, {change:+z.2f} SUL")
    figures += (Measurement("change_from_baseline", percent, "%"),)
    tlg = _tlg_percent(case, index)
    if tlg is not None:
        steps.append(f"total lesion glycolysis {tlg:+z.1f} %")
        figures += (Measurement("tlg_change_from_baseline", tlg, "%"),)
    doubts = _doubts(baseline.value, now.value)
    rise = _over(percent, PERCENT) and _over(change, ABSOLUTE_SUL)
    fall = at_least(-percent, PERCENT) and at_least(-change, ABSOLUTE_SUL)
    rise = rise or (tlg is not None and _over(tlg, TLG_PERCENT) and at_least(change, 0.0))
    risen = _risen(case, index)
    missing = baseline.missing + now.missing + _background_missing(case, index)
    if different := _different_background(case, index):
        category, step = Category.NE, f"{different}: the scans are not comparable"
    elif rise and not baseline.missing:
        category, step = Category.PMD, "progressive metabolic disease"
        notes.append("without a new lesion: to be confirmed by a scan within a month, unless size shows it too")
    elif now.missing or (baseline.missing and not fall):
        category, step = Category.NE, "the hottest lesion is not known"
    elif fall and risen:
        category, step = Category.SMD, f"no partial metabolic response, as {risen}"
    else:
        category, step = (Category.PMR, "partial metabolic response") if fall else (Category.SMD, "stable")
    return Part(category, (*steps, step), missing, tuple(notes), figures, doubts)


def _risen(case: Case, index: int) -> str:
    """The lesions whose own SULpeak rose from baseline as progression asks for; '' for none."""
    first, time = case.time_points[0].label, case.time_points[index].label
    found = []
    for lesion in case.lesions:
        then, now = lesion.at(first), lesion.at(time)
        if not (then and now and then.sul_peak and now.sul_peak) or then.sul_peak.value <= 0:
            continue
        change = now.sul_peak.value - then.sul_peak.value
        percent = 100 * change / then.sul_peak.value
        if _over(percent, PERCENT) and _over(change, ABSOLUTE_SUL):
            found.append(f"{lesion.id} rose by {percent:.0f} %")
    return ", ".join(found)


def _hottest(case: Case, index: int) -> _Peak:
    time, peaks, missing = case.time_points[index], [], []
    for lesion in case.of(Kind.TARGET) + case.of(Kind.NON_TARGET):
        seen = lesion.at(time.label)
        if seen is not None and seen.status is not Status.NOT_EVALUABLE and seen.sul_peak is not None:
            peaks.append((seen.sul_peak.value, lesion.id, seen.sul_peak))
        elif lesion.kind is Kind.TARGET and (seen is None or seen.status not in BACKGROUND):
            missing.append(f"SULpeak of {lesion.id} not measured at {time}")
    top = max(peaks, default=None, key=lambda p: p[:2])
    return _Peak(top[2] if top else None, top[1] if top else "", tuple(missing))


def _all_background(case: Case, time: TimePoint) -> bool:
    lesions = [n for n in case.lesions if n.kind is not Kind.NEW]
    return bool(lesions) and all(_background(n, time) for n in lesions)


def _background(lesion: Lesion, time: TimePoint) -> bool:
    seen = lesion.at(time.label)
    if seen is None or seen.status not in BACKGROUND:
        return False
    liver = time.pet.liver_mean if time.pet and not time.pet.liver_diseased else None
    return seen.sul_peak is None or liver is None or seen.sul_peak.value < liver


def _tlg_percent(case: Case, index: int) -> float | None:
    """Change of total lesion glycolysis of the hottest lesions of each scan; None unless all have one."""
    sums = []
    for time in (case.time_points[0], case.time_points[index]):
        hottest = _hottest_few(case, time)
        known = [seen.tlg_ml.value for seen in hottest if seen.tlg_ml]
        if not hottest or len(known) < len(hottest):
            return None
        sums.append(sum(known))
    return 100 * (sums[1] / sums[0] - 1) if sums[0] > 0 else None


def _hottest_few(case: Case, time: TimePoint) -> list[Assessment]:
    """The hottest lesions of a scan whose glycolysis is summed: at most five, two of one organ where it is named."""
    seen = [(n, a) for n in case.lesions if n.kind is not Kind.NEW and (a := n.at(time.label))]
    peaks = [(a.sul_peak.value, n, a) for n, a in seen if a.sul_peak and a.status not in BACKGROUND]
    chosen: list[Assessment] = []
    taken: Counter[str] = Counter()
    for _peak, lesion, assessment in sorted(peaks, key=lambda found: -found[0]):
        organ = organ_of(lesion)
        if len(chosen) < TLG_LESIONS and (organ == NO_ORGAN or taken[organ] < TLG_PER_ORGAN):
            chosen.append(assessment)
            taken[organ] += 1
    return chosen


def _reference(case: Case, index: int) -> tuple[str, float | None, float | None]:
    """The reference tissue that scans are compared by, and its mean SUL at baseline and now as far as given."""
    then, now = case.time_points[0].pet, case.time_points[index].pet
    if (then and then.liver_diseased) or (now and now.liver_diseased):
        return "blood pool", then.blood_mean if then else None, now.blood_mean if now else None
    return "liver", then.liver_mean if then else None, now.liver_mean if now else None


def _background_missing(case: Case, index: int) -> tuple[str, ...]:
    tissue, _, after = _reference(case, index)
    if after:
        return ()
    return (f"mean SUL of the {tissue} not given at {case.time_points[index]}: not compared with baseline",)


def _different_background(case: Case, index: int) -> str:
    """How the reference tissue differs from baseline by more than scans that are compared may; '' where not known."""
    tissue, before, after = _reference(case, index)
    if not (before and after):
        return ""
    change = after - before
    percent = 100 * abs(change) / max(before, after)
    if not (_over(abs(change), LIVER_SUL) or _over(percent, LIVER_PERCENT)):
        return ""
    return f"{tissue} SUL {before:.2f} at baseline, now {after:.2f} ({change:+.2f}, {percent:.0f} % of the larger)"


def _doubts(then: Measured, now: Measured) -> tuple[str, ...]:
    """A line for each threshold within the 95 % interval of what is compared with it."""
    doubts = []
    for name, sign in (("partial metabolic response", -1.0), ("progression", 1.0)):
        relative = combination(((1.0, now), (-(1 + sign * PERCENT / 100), then)))
        absolute = combination(((1.0, now), (-1.0, then)))
        binding = PERCENT / 100 * then.value >= ABSOLUTE_SUL
        value, limit = (relative, 0.0) if binding else (absolute, sign * ABSOLUTE_SUL)
        if value.limits is not None and value.limits[0] < limit < value.limits[1]:
            doubts.append(f"{name} cannot be told from measurement error")
    return tuple(doubts)


def _over(value: float, limit: float) -> bool:
    return value > limit + 1e-9 * max(1.0, abs(limit))


def _peak_text(peak: _Peak, time: TimePoint) -> str:
    if peak.value is None:
        return f"{time}: no SULpeak measured"
    return f"{time}: hottest lesion {peak.lesion}, SULpeak {peak.value.value:.2f}"


def _sul(name: str, value: Measured | None) -> tuple[Measurement, ...]:
    return () if value is None else (Measurement(name, value.value, "SUL"),)
