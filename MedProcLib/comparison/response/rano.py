"""RANO: brain tumors by enhancing size, T2/FLAIR, corticosteroids and clinical state."""

from dataclasses import dataclass

from .context import NeuroStatus, Trend
from .model import Case, TimePoint
from .other_lesions import NO, new_there
from .outcome import Category, Part, Response
from .overall import overall
from .recist import Parts, all_parts, baseline_response, response_of
from .size_change import Sums
from .size_rule import Quantity, SizeRule, TargetRule

NEVER, WINDOW, ALWAYS = "never", "within 12 weeks of radiotherapy", "always"
WINDOW_DAYS, CONFIRM_DAYS = 84, 28
PRODUCTS = SizeRule(Quantity.PRODUCT, response_percent=50, progression_percent=25)
VOLUMES = SizeRule(Quantity.VOLUME, response_percent=65, progression_percent=40)
LOW_GRADE = SizeRule(Quantity.PRODUCT, response_percent=50, progression_percent=25, minor_percent=25)
TARGETS = TargetRule(long_mm=10, short_mm=10, node_short_mm=None, most=5, most_per_organ=None)


@dataclass(frozen=True)
class RanoRule:
    """confirm: when progression is preliminary until a scan 4 weeks later shows it again. window_counts: whether growth
    within 12 weeks of radiotherapy counts as progression at all (it may be pseudoprogression); where not, only new
    enhancement outside the radiation field does, and clinical decline alone does not either. t2_flair: whether growth
    of T2/FLAIR abnormality is progression. steroids: whether their dose matters.
    """

    size: SizeRule
    confirm: str = NEVER
    window_counts: bool = True
    t2_flair: bool = True
    steroids: bool = True


def assess_rano(case: Case, criterion: str, rule: RanoRule) -> list[Response]:
    """Responses by one of the RANO criteria (see criteria.CRITERIA for the variants and their sources).

    Targets are the enhancing lesions (of low grade, the T2/FLAIR lesions) that can be measured, both diameters at least
    10 mm; non-targets the others. Growth counts when corticosteroids were not reduced since the nadir; CR needs none,
    PR no more than at baseline. What was not given is named and the category decided on the rest. CR and PR stand when
    seen again 4 weeks later.
    """
    sums = Sums.of(case, rule.size)
    responses = [baseline_response(criterion, sums, TARGETS)]
    course = _Course()
    for index, parts in enumerate(all_parts(sums, lasting=False)[1:], 1):
        reasons, notes = _progression(sums, index, parts, rule)
        category, steps = _category(sums, index, parts, rule, bool(reasons))
        category, more = course.settled(case, index, category, rule)
        steps = [*(f"{reason}: progression" for reason in reasons), *steps]
        time, status = case.time_points[index], _status(case.time_points[index])
        missing = tuple(_missing(status, time, rule))
        extra = Part(status.clinical or "not given", missing=missing, notes=(*notes, *more))
        responses.append(response_of(criterion, case, index, category, {**parts.named, "clinical": extra}, steps))
    return responses


@dataclass
class _Course:
    """Whether a progression is preliminary (since which time point) or has been confirmed."""

    since: int | None = None
    confirmed: bool = False

    def settled(self, case: Case, index: int, category: Category, rule: RanoRule) -> tuple[Category, list[str]]:
        """The category with preliminary progression told apart, and what to note about it."""
        point = case.time_points[self.since or 0]
        if category is not Category.PD:
            if self.since is None or category is Category.NE:
                return category, []
            self.since = None
            return category, [f"the preliminary progression of {point} is not confirmed"]
        worse = _status(case.time_points[index]).clinical is Trend.WORSE
        if worse or self.confirmed or not (self.since is not None or _needs_confirmation(case, index, rule)):
            return category, []
        if self.since is None or case.days(index) - case.days(self.since) < CONFIRM_DAYS:
            self.since = index if self.since is None else self.since
            return Category.PRELIMINARY_PD, ["progression is preliminary: repeat the scan after 4 weeks or more"]
        self.since, self.confirmed = None, True
        return category, [f"confirms the preliminary progression of {point}"]


def _progression(sums: Sums, index: int, parts: Parts, rule: RanoRule) -> tuple[list[str], list[str]]:
    """What counts as progression at a time point, and notes on what does not."""
    case, status = sums.case, _status(sums.case.time_points[index])
    growth, early = [], not rule.window_counts and _in_window(case, index)
    if parts.target and parts.target.category == Category.PD:
        growth.append("enhancing size")
    if rule.t2_flair and status.t2_flair is Trend.WORSE:
        growth.append("T2/FLAIR abnormality")
    notes = []
    if early and parts.non_target and parts.non_target.category == Category.PD:
        growth.append("lesions that are not measured")
    if growth and early:
        notes.append(
            f"{' and '.join(growth)} grew within 12 weeks of radiotherapy: may be pseudoprogression, not counted"
        )
        growth = []
    if growth and rule.steroids and _reduced(sums, index):
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


def _category(sums: Sums, index: int, parts: Parts, rule: RanoRule, progressed: bool) -> tuple[Category, list[str]]:
    if progressed:
        return Category.PD, []
    found = overall(parts.target, parts.non_target, Part(NO))
    now, first = _status(sums.case.time_points[index]), _status(sums.case.time_points[0])
    if found is Category.PD:
        return Category.SD, []
    if parts.target is None and found in (Category.CR, Category.NON_CR_NON_PD):
        return Category.SD, ["no measurable enhancing lesion: stable disease is the best possible"]
    if found is Category.CR and rule.steroids and now.steroid_mg and not now.physiologic_steroids:
        found = Category.PR
        step = f"no CR on {now.steroid_mg:g} mg corticosteroids"
        return _partial(found, now, first, rule, [step])
    return _partial(found, now, first, rule, [])


def _partial(
    found: Category, now: NeuroStatus, first: NeuroStatus, rule: RanoRule, steps: list[str]
) -> tuple[Category, list[str]]:
    responds = found in (Category.CR, Category.PR, Category.MR)
    more = now.steroid_mg is not None and first.steroid_mg is not None and now.steroid_mg > first.steroid_mg + 1e-9
    if responds and rule.steroids and more and not now.physiologic_steroids:
        return Category.SD, [*steps, f"no response on more corticosteroids ({now.steroid_mg:g} mg) than at baseline"]
    if responds and rule.t2_flair and now.t2_flair is Trend.WORSE:
        return Category.SD, [*steps, "no response with growing T2/FLAIR abnormality"]
    if responds and now.clinical is Trend.WORSE:
        return Category.SD, [*steps, "no response with clinical deterioration"]
    return found, steps


def _needs_confirmation(case: Case, index: int, rule: RanoRule) -> bool:
    return rule.confirm == ALWAYS or (rule.confirm == WINDOW and _in_window(case, index))


def _in_window(case: Case, index: int) -> bool:
    end = case.protocol.radiotherapy_end
    return end is not None and 0 <= (case.time_points[index].date - end).days < WINDOW_DAYS


def _reduced(sums: Sums, index: int) -> bool:
    nadir = sums.nadir(index)
    then = _status(sums.case.time_points[nadir or 0]).steroid_mg
    now = _status(sums.case.time_points[index]).steroid_mg
    return then is not None and now is not None and now < then - 1e-9


def _status(time: TimePoint) -> NeuroStatus:
    return time.neuro or NeuroStatus()


def _missing(status: NeuroStatus, time: TimePoint, rule: RanoRule) -> list[str]:
    wanted = [("clinical state", status.clinical is None)]
    if rule.steroids:
        wanted.append(("corticosteroid dose", status.steroid_mg is None))
    if rule.t2_flair:
        wanted.append(("change of T2/FLAIR abnormality", status.t2_flair is None))
    return [f"{what} not given at {time}: not taken into account" for what, absent in wanted if absent]
