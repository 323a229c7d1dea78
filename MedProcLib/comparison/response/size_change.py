"""The category of the target lesions at each time point, from their sums and a rule's thresholds."""

from dataclasses import dataclass, replace

from ...core.measurement import Measurement
from ...core.units import shown
from ..growth.measured import Measured, combination
from .model import Case, Kind
from .outcome import Category, Part
from .size_rule import SizeRule
from .sizes import Total, number, target_total

LEAST_PERCENT = 5e-4  # a change of less is written as none


@dataclass(frozen=True)
class Sums:
    """The sum at each time point of a case, by one rule."""

    case: Case
    rule: SizeRule
    totals: tuple[Total, ...]

    @classmethod
    def of(cls, case: Case, rule: SizeRule) -> "Sums":
        return cls(case, rule, tuple(target_total(case, i, rule) for i in range(len(case.time_points))))

    def nadir(self, index: int) -> int | None:
        """Index of the smallest complete sum before a time point, the earliest of equal ones."""
        complete = [(t.complete.value, i) for i, t in enumerate(self.totals[:index]) if t.complete is not None]
        return min(complete)[1] if complete else None

    def percent(self, index: int, reference: int | None) -> float | None:
        """Change of the complete sum in percent of that at a reference time point."""
        now, then = self.totals[index].complete, self.totals[reference].complete if reference is not None else None
        return 100 * (now.value / then.value - 1) if now and then and then.value > 0 else None


def target_parts(sums: Sums, lasting: bool) -> list[Part | None]:
    """Category of the targets at each time point after baseline (None at baseline and without targets).

    lasting: a partial response lasts until progression, if the protocol wants it so.
    """
    case = sums.case
    if not case.of(Kind.TARGET):
        return [None] * len(case.time_points)
    parts: list[Part | None] = [None]
    for index in range(1, len(case.time_points)):
        part = target_part(sums, index)
        parts.append(_continued(part, parts, case, index) if lasting else part)
    return parts


def target_part(sums: Sums, index: int) -> Part:
    """Category of the targets at one time point by its sum alone.

    Complete response goes before progression (of nodes that all are of normal size), progression before response
    (regrowth after a deep fall). With a target missing only progression that its size could not undo is decided.
    """
    now, nadir, baseline = sums.totals[index], sums.nadir(index), sums.totals[0].complete
    steps = [f"sum {now.text}"]
    figures = _figures(sums, index, nadir)
    if baseline is None or nadir is None:
        missing = (*sums.totals[0].missing, "no complete sum of the targets at baseline: target response not evaluable")
        return Part(Category.NE, tuple(steps), missing, figures=figures)
    if now.normal:
        return Part(Category.CR, (*steps, "all targets gone, nodes of normal size: complete response"), (), (), figures)
    at_nadir = sums.totals[nadir].complete
    assert at_nadir is not None
    if now.measured and rises(now.measured.value, at_nadir.value, sums.rule):
        steps.append(f"{_against(sums, index, nadir, 'nadir')}: progression")
        if now.missing:
            steps.append("whatever the missing targets measure")
        return Part(Category.PD, tuple(steps), now.missing, (), figures, _doubts(sums, index, nadir))
    if now.missing:
        return Part(Category.NE, tuple(steps), (*now.missing, "sum not evaluable"), (), figures)
    assert now.measured is not None
    steps.append(f"{_against(sums, index, nadir, 'nadir')}: no progression")
    category, word = _fall(now.measured.value, baseline.value, sums.rule)
    steps.append(f"{_against(sums, index, 0, 'baseline')}: {word}")
    return Part(category, tuple(steps), (), (), figures, _doubts(sums, index, nadir))


def baseline_figures(sums: Sums) -> tuple[Measurement, ...]:
    """The sum at baseline, where it is complete."""
    return _figures(sums, 0, None)[:1] if sums.totals[0].complete else ()


def at_least(value: float, limit: float) -> bool:
    """value >= limit, rounding errors of the sums aside."""
    return value >= limit - 1e-9 * max(1.0, abs(limit))


def rises(now: float, nadir: float, rule: SizeRule) -> bool:
    """Whether a sum progresses over a nadir by the rule."""
    relative = at_least(now, nadir * (1 + rule.progression_percent / 100))
    return now > nadir and relative and at_least(now, nadir + rule.progression_absolute)


def _fall(now: float, baseline: float, rule: SizeRule) -> tuple[Category, str]:
    if baseline > 0 and at_least(baseline * (1 - rule.response_percent / 100), now):
        return Category.PR, "partial response"
    if rule.minor_percent and baseline > 0 and at_least(baseline * (1 - rule.minor_percent / 100), now):
        return Category.MR, "minor response"
    return Category.SD, "no partial response"


def _continued(part: Part, before: list[Part | None], case: Case, index: int) -> Part:
    """A partial response lasts until progression (EORTC, RECIST 1.1 questions: the definition of SD)."""
    if part.category not in (Category.SD, Category.MR) or not case.protocol.continue_response:
        return part
    first: int | None = None
    for i in range(1, index):
        earlier = before[i]
        category = earlier.category if earlier else Category.NE
        if category in (Category.PD, Category.SD, Category.MR):
            first = None
        elif category in (Category.PR, Category.CR):
            first = i if first is None else first
            apart = case.days(i) - case.days(first)
            if not case.protocol.confirm or apart >= case.protocol.confirmation_days:
                step = f"partial response of {case.time_points[first]} continues until progression"
                return replace(part, category=Category.PR, steps=(*part.steps, step))
    return part


def _against(sums: Sums, index: int, reference: int, name: str) -> str:
    """'nadir 42 mm on 2024-03-01, now 52 mm: +23.8 %, +10 mm'."""
    then, now = sums.totals[reference].complete, sums.totals[index].measured
    assert then is not None and now is not None
    unit = shown(sums.rule.unit)
    difference = now.value - then.value
    percent = f"{_percent_text(now.value, then.value, sums.rule)}, " if then.value > 0 else ""
    sign = "-" if difference < 0 else "+"
    return (
        f"{name} {number(then.value)} {unit} on {sums.case.time_points[reference]}, now {number(now.value)} {unit}: "
        f"{percent}{sign}{number(abs(difference))} {unit}"
    )


def _percent_text(now: float, then: float, rule: SizeRule) -> str:
    """With as many decimals as show on which side of a threshold, and of no change, the change lies."""
    percent = 100 * (now / then - 1)
    percent = percent if abs(percent) >= LEAST_PERCENT else 0.0
    limits = (-rule.response_percent, 0.0, rule.progression_percent)
    digits = 1
    while digits < 6 and any(abs(percent - n) > 1e-9 and round(percent, digits) == n for n in limits):
        digits += 1
    return f"{percent:+z.{digits}f} %"


def _doubts(sums: Sums, index: int, nadir: int) -> tuple[str, ...]:
    """A line for each threshold that lies within the 95 % interval of what is compared with it."""
    now, baseline, low = sums.totals[index].measured, sums.totals[0].complete, sums.totals[nadir].complete
    assert now is not None and baseline is not None and low is not None
    rule = sums.rule
    rise = 1 + rule.progression_percent / 100
    relative = low.value * rise >= low.value + rule.progression_absolute
    progression = combination(((1.0, now), (-(rise if relative else 1.0), low)))
    response = combination(((1.0, now), (-(1 - rule.response_percent / 100), baseline)))
    compared = (
        ("progression", progression, 0.0 if relative else rule.progression_absolute),
        ("partial response", response, 0.0),
    )
    return tuple(_doubt(name, now, value, limit, rule) for name, value, limit in compared if _crosses(value, limit))


def _crosses(value: Measured, limit: float) -> bool:
    return value.limits is not None and value.limits[0] < limit < value.limits[1]


def _doubt(name: str, now: Measured, compared: Measured, limit: float, rule: SizeRule) -> str:
    unit = shown(rule.unit)
    low, high = now.limits or (now.value, now.value)
    threshold = now.value - compared.value + limit
    return (
        f"{name} cannot be told from measurement error: the sum is {number(now.value)} {unit} (95 % interval "
        f"{number(low)} to {number(high)}), the threshold {number(threshold)} {unit}"
    )


def _figures(sums: Sums, index: int, nadir: int | None) -> tuple[Measurement, ...]:
    rule = sums.rule
    complete = sums.totals[index].complete
    found: list[tuple[str, float | None, str, int | None]] = [
        (rule.sum_name, complete.value if complete else None, rule.unit, None),
        ("change_from_baseline", sums.percent(index, 0), "%", 0),
        ("change_from_nadir", sums.percent(index, nadir), "%", nadir),
    ]
    times = sums.case.time_points
    return tuple(
        Measurement(name, value, unit, parameters={} if at is None else {"reference": str(times[at])})
        for name, value, unit, at in found
        if value is not None
    )
