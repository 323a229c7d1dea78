"""iRECIST: progression under immunotherapy stays unconfirmed until a later time point shows more of it."""

from dataclasses import dataclass, field

from .model import Case, Kind
from .new_targets import NewLesions, new_lesions
from .other_lesions import NO
from .outcome import Category, Part, Response
from .overall import overall
from .recist import RULE, TARGETS, Parts, all_parts, back_after_cr, baseline_response, response_of
from .size_change import Sums, at_least
from .sizes import number

CONFIRM_MM = 5.0
EARLIEST_DAYS, LATEST_DAYS, VARIANCE_DAYS = 28, 56, 2
TARGET, NON_TARGET, NEW = "target", "non-target", "new"
IMMUNE = {
    Category.CR: Category.ICR,
    Category.PR: Category.IPR,
    Category.SD: Category.ISD,
    Category.NON_CR_NON_PD: Category.INON_CR_NON_UPD,
}


@dataclass
class _Pending:
    """An unconfirmed progression: since when, in which parts, and the smallest sums since."""

    index: int
    parts: set[str]
    sum_mm: float | None
    new: NewLesions


@dataclass
class _State:
    pending: _Pending | None = None
    accepted: NewLesions = field(default_factory=NewLesions)
    confirmed: str = ""


def assess_irecist(case: Case) -> list[Response]:
    """Responses by iRECIST, one a time point, the first being baseline.

    Source: Seymour et al., Lancet Oncol. 18, 2017, doi:10.1016/S1470-2045(17)30074-8, table 2, with EORTC's
    clarifications (https://recist.eortc.org). Progression by RECIST 1.1 is iUPD. It becomes iCPD at 4 weeks or more
    (two days' variance) by a further rise of the sum of at least 5 mm where targets progressed (rises add up), any
    further increase of non-targets where these did, another new lesion, a rise of at least 5 mm of the new lesions'
    sum or any increase of a new lesion that is not measured, or by progression in another part. When no part
    progresses any more, or targets have shrunk to a partial response since with unchanged new lesions, the bar is
    reset: what comes next is iUPD again.
    """
    sums, state = Sums.of(case, RULE), _State()
    responses = [baseline_response("irecist", sums, TARGETS)]
    for index, parts in enumerate(all_parts(sums)[1:], 1):
        category, steps, notes = _step(state, sums, index, parts, responses)
        if category is Category.ICPD and not state.confirmed:
            state.confirmed = str(case.time_points[index])
        responses.append(response_of("irecist", case, index, category, parts.named, steps, notes))
    return responses


def _step(
    state: _State, sums: Sums, index: int, parts: Parts, responses: list[Response]
) -> tuple[Category, list[str], list[str]]:
    if state.confirmed:
        return Category.ICPD, [f"progression was confirmed on {state.confirmed}"], []
    case, new = sums.case, new_lesions(sums.case, index, RULE, TARGETS)
    progressed = _progressed(state, case, index, parts, new, responses)
    if state.pending is None:
        if not progressed:
            state.accepted = state.accepted.kept_smallest(new)
            return _immune(parts, new), [], []
        state.pending = _Pending(index, progressed, _sum(sums, index), new)
        return Category.IUPD, [f"progression of {', '.join(sorted(progressed))}: unconfirmed"], []
    return _pending_step(state, state.pending, sums, index, parts, new, progressed)


def _pending_step(
    state: _State, pending: _Pending, sums: Sums, index: int, parts: Parts, new: NewLesions, progressed: set[str]
) -> tuple[Category, list[str], list[str]]:
    case = sums.case
    since, days = case.time_points[pending.index], case.days(index) - case.days(pending.index)
    reasons = _confirming(pending, sums, index, new, progressed)
    if reasons and days >= EARLIEST_DAYS - VARIANCE_DAYS:
        notes = [f"confirmed {days} days after iUPD: later than 8 weeks"] if days > LATEST_DAYS + VARIANCE_DAYS else []
        return Category.ICPD, [f"confirms the progression of {since}: {r}" for r in reasons], notes
    if not progressed:
        category = _immune(parts, new)
        if category is Category.NE:
            return category, [f"the progression of {since} is still open"], []
        state.pending, state.accepted = None, new
        return category, [f"the progression of {since} is not confirmed: the bar is reset"], []
    if progressed == {NEW} and not reasons and _shrunk(pending, sums, index, parts):
        state.pending, state.accepted = None, new
        step = f"targets have shrunk since the progression of {since}, new lesions have not grown: the bar is reset"
        return Category.IPR, [step], []
    if reasons:
        note = f"{days} days after iUPD ({'; '.join(reasons)}): too early to confirm, repeat at 4 to 8 weeks"
        return Category.IUPD, [f"the progression of {since} stays unconfirmed"], [note]
    pending.sum_mm = _smaller(pending.sum_mm, _sum(sums, index))
    pending.new = pending.new.kept_smallest(new)
    return Category.IUPD, [f"no further growth since {since}: stays unconfirmed"], []


def _progressed(
    state: _State, case: Case, index: int, parts: Parts, new: NewLesions, responses: list[Response]
) -> set[str]:
    """Parts that progress by RECIST 1.1; of new lesions accepted at a reset only further ones or their own growth."""
    found = {str(lesion.kind) for lesion in back_after_cr(case, index, responses)} if state.pending is None else set()
    if parts.target and parts.target.category == Category.PD:
        found.add(TARGET)
    if parts.non_target and parts.non_target.category == Category.PD:
        found.add(NON_TARGET)
    fresh = bool(new.ids - state.accepted.ids) or new.progressed_from(state.accepted, RULE)
    fresh = fresh or any(_unequivocal(case, index, name) for name in new.ids)
    return found | {NEW} if fresh else found


def _confirming(pending: _Pending, sums: Sums, index: int, new: NewLesions, progressed: set[str]) -> list[str]:
    case, time, reasons = sums.case, sums.case.time_points[index], []
    rise = _rise(pending, sums, index)
    if TARGET in pending.parts & progressed and at_least(rise, CONFIRM_MM):
        reasons.append(f"sum of the targets {number(rise)} mm more")
    if NON_TARGET in pending.parts:
        grown = [n.id for n in case.of(Kind.NON_TARGET) if (seen := n.at(time.label)) and seen.increased]
        reasons += [f"non-target {name} has increased further" for name in grown]
    if NEW in pending.parts:
        reasons += [f"another new lesion {name}" for name in sorted(new.ids - pending.new.ids)]
        if (growth := new.rise_from(pending.new)) is not None and at_least(growth, CONFIRM_MM):
            reasons.append(f"sum of new target lesions {number(growth)} mm more")
        reasons += [f"new lesion {name} has increased" for name in sorted(new.grown)]
    reasons += [f"progression of {part} too" for part in sorted(progressed - pending.parts)]
    return reasons


def _shrunk(pending: _Pending, sums: Sums, index: int, parts: Parts) -> bool:
    """Scenario B of Seymour 2017: a partial response (or better) of the targets that came after the new lesion."""
    response = parts.target is not None and parts.target.category in (Category.PR, Category.CR)
    return response and _rise(pending, sums, index) < -1e-9


def _immune(parts: Parts, new: NewLesions) -> Category:
    """The category without progression; new lesions of an earlier reset that are still there rule out iCR."""
    category = overall(parts.target, parts.non_target, Part(NO))
    immune = IMMUNE.get(category, category)
    return Category.IPR if immune is Category.ICR and new.ids else immune


def _unequivocal(case: Case, index: int, name: str) -> bool:
    seen = next(n for n in case.lesions if n.id == name).at(case.time_points[index].label)
    return bool(seen and seen.unequivocal)


def _sum(sums: Sums, index: int) -> float | None:
    measured = sums.totals[index].measured
    return measured.value if measured else None


def _rise(pending: _Pending, sums: Sums, index: int) -> float:
    """Rise of the sum in mm since the unconfirmed progression, over the smallest since; 0 where it is not known."""
    now = _sum(sums, index)
    return 0.0 if now is None or pending.sum_mm is None else now - pending.sum_mm


def _smaller(one: float | None, two: float | None) -> float | None:
    return min((v for v in (one, two) if v is not None), default=None)
