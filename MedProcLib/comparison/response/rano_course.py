"""Progression of a brain tumor that is preliminary at first, as it may be an effect of the radiation."""

from dataclasses import dataclass

from .context import NeuroStatus, Trend
from .model import Case
from .outcome import Category
from .rano_rule import CONFIRM_DAYS, WINDOW_DAYS, Confirm, RanoRule
from .size_change import Sums, rises


@dataclass
class Course:
    """since: the time point of a preliminary progression that is open; bar: of one that was not confirmed by further
    growth, from which growth counts again until the tumor has been smaller than ever; confirmed: whether any
    progression has been.
    """

    since: int | None = None
    bar: int | None = None
    confirmed: bool = False

    def counts(self, sums: Sums, index: int) -> bool:
        """Whether a rise over the nadir is one over the scan that was not confirmed, too, where that one is later."""
        return self.bar is None or (sums.nadir(index) or 0) > self.bar or _over(sums, index, self.bar)

    def settled(
        self, sums: Sums, index: int, category: Category, rule: RanoRule, by_size: bool
    ) -> tuple[Category, list[str]]:
        """The category with preliminary progression told apart, and what to note about it.

        by_size: whether the summed size alone speaks for progression.
        """
        case = sums.case
        point = case.time_points[self.since or 0]
        if category is not Category.PD:
            if self.since is None or category is Category.NE:
                return category, []
            self._drop(rule)
            return category, [f"the preliminary progression of {point} is not confirmed"]
        needed = self.since is not None or _needs_confirmation(case, index, rule)
        if self.confirmed or not needed or status_at(case, index).clinical is Trend.WORSE:
            self.confirmed = True
            return category, []
        if self.since is None:
            self.since = index
            return Category.PRELIMINARY_PD, ["progression is preliminary: repeat the scan after 4 weeks or more"]
        if case.days(index) - case.days(self.since) < CONFIRM_DAYS:
            return Category.PRELIMINARY_PD, ["progression is preliminary: repeat the scan after 4 weeks or more"]
        if rule.further and by_size and not _over(sums, index, self.since):
            self._drop(rule)
            note = f"no further growth since the preliminary progression of {point}: may be pseudoprogression"
            return Category.SD, [f"{note}; growth counts from that scan on"]
        self.since, self.confirmed = None, True
        return category, [f"confirms the preliminary progression of {point}"]

    def _drop(self, rule: RanoRule) -> None:
        self.bar = self.since if rule.further else None
        self.since = None


def status_at(case: Case, index: int) -> NeuroStatus:
    return case.time_points[index].neuro or NeuroStatus()


def in_window(case: Case, index: int) -> bool:
    """Whether a time point lies within 12 weeks after radiotherapy."""
    end = case.protocol.radiotherapy_end
    return end is not None and 0 <= (case.time_points[index].date - end).days < WINDOW_DAYS


def _needs_confirmation(case: Case, index: int, rule: RanoRule) -> bool:
    return rule.confirm is Confirm.ALWAYS or (rule.confirm is Confirm.WINDOW and in_window(case, index))


def _over(sums: Sums, index: int, reference: int) -> bool:
    """Whether the sum rises over that at another time point as progression asks for; where one is not known, yes."""
    now, then = sums.totals[index].measured, sums.totals[reference].complete
    return now is None or then is None or rises(now.value, then.value, sums.rule)
