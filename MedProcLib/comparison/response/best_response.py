"""Best overall response, its dates and its duration, from the responses at all time points."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from .model import Case
from .other_lesions import confirmed_at, new_there
from .outcome import Category, Response

COMPLETE = (Category.CR, Category.ICR, Category.CMR)
PARTIAL = (Category.PR, Category.IPR, Category.PMR)
MINOR = (Category.MR,)
STABLE = (Category.SD, Category.ISD, Category.SMD, Category.NON_CR_NON_PD, Category.INON_CR_NON_UPD, Category.NED)
PROGRESSIVE = (Category.PD, Category.ICPD, Category.PMD)
OPEN = (Category.IUPD, Category.PRELIMINARY_PD)
LEVELS = (COMPLETE, PARTIAL, MINOR, STABLE)


@dataclass(frozen=True)
class Best:
    """category: the best overall response. response_date: of the first complete or partial response that counts;
    progression_date: of progression (with iRECIST, of the iUPD that was confirmed; of an equivocal new lesion, where it
    was first seen); response_days: from the one to the other, or to the last time point. steps: why.
    """

    category: Category
    response_date: datetime.date | None
    progression_date: datetime.date | None
    response_days: int | None
    steps: tuple[str, ...]


def best_response(responses: Sequence[Response], case: Case, confirm: bool | None = None) -> Best:
    """The best response up to progression, of the responses that `assess` gave (baseline first).

    RECIST 1.1 (Eisenhauer et al. 2009, doi:10.1016/j.ejca.2008.10.026, table 3): with confirmation asked for, CR and PR
    count when the response is at least as good at a time point `confirmation_days` later, and never worse between;
    what is not confirmed counts as stable disease, and stable disease from `stable_days` after baseline; otherwise
    progression or NE. Not evaluable time points between are passed over. iRECIST ends at iCPD (Seymour et al. 2017,
    doi:10.1016/S1470-2045(17)30074-8, table 3). `confirm` overrides the protocol's choice.
    """
    confirm = case.protocol.confirm if confirm is None else confirm
    end = next((i for i, r in enumerate(responses) if r.category in PROGRESSIVE), None)
    start = None if end is None else _progression_start(responses, case, end)
    progression = None if start is None else responses[start].date
    seen = list(enumerate(responses))[1:start]
    for level in range(3):
        held = [i for i, r in seen if _level(r.category) <= level and _holds(responses, case, i, level, confirm)]
        if held:
            responded = [i for i, r in seen if _level(r.category) <= 1 and _holds(responses, case, i, 1, confirm)]
            category = _at_level(responses[held[0]].category, level)
            step = f"{category} first on {responses[held[0]].date}{', confirmed' if confirm else ''}"
            begin = responses[responded[0]].date if responded else None
            last = progression or responses[-1].date
            return Best(category, begin, progression, (last - begin).days if begin else None, (step,))
    stable = [i for i, r in seen if _level(r.category) < len(LEVELS)]
    lasting = [i for i in stable if case.days(i) >= case.protocol.stable_days]
    if lasting:
        category = _stable_name([responses[i].category for i in lasting])
        step = f"{category}: lasted {case.days(lasting[-1])} d, at least {case.protocol.stable_days} d"
        return Best(category, None, progression, None, (step,))
    steps = (f"no response lasted {case.protocol.stable_days} d from baseline",) if stable else ()
    if end is not None:
        return Best(responses[end].category, None, progression, None, (*steps, f"progression on {progression}"))
    opened = next((r.category for _, r in seen if r.category in OPEN), Category.NE)
    return Best(opened, None, None, None, (*steps, "nothing better was seen"))


def _at_level(category: Category, level: int) -> Category:
    """A category named as one of a lower level: what counts of an unconfirmed complete response is partial."""
    own = _level(category)
    return category if own == level else LEVELS[level][min(LEVELS[own].index(category), len(LEVELS[level]) - 1)]


def _level(category: Category) -> int:
    """0 complete, 1 partial, 2 minor, 3 stable, 4 anything else."""
    return next((i for i, names in enumerate(LEVELS) if category in names), len(LEVELS))


def _holds(responses: Sequence[Response], case: Case, index: int, level: int, confirm: bool) -> bool:
    """Whether a response of this level or better is confirmed, where that is asked for."""
    if not confirm:
        return True
    for later in range(index + 1, len(responses)):
        if responses[later].category is Category.NE:
            continue
        if _level(responses[later].category) > level:
            return False
        if case.days(later) - case.days(index) >= case.protocol.confirmation_days:
            return True
    return False


def _stable_name(categories: list[Category]) -> Category:
    """Stable disease in the words of the criterion."""
    if found := next((c for c in categories if c in STABLE), None):
        return found
    return _at_level(categories[0], LEVELS.index(STABLE))


def _progression_start(responses: Sequence[Response], case: Case, end: int) -> int:
    """The time point progression dates back to: the first of the unconfirmed or equivocal findings it confirms."""
    start = end
    for i in range(end - 1, 0, -1):
        if responses[i].category in OPEN:
            start = i
        elif responses[i].category is not Category.NE:
            break
    for i in range(1, start):
        unsure = new_there(case, i)[1]
        if any((sure := confirmed_at(case, n, i)) and sure.date <= responses[end].date for n in unsure):
            return i
    return start
