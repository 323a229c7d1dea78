"""New lesions of the brain: when they can be measured, and what is made of them until then."""

from dataclasses import replace

from .model import Assessment, Case, Kind, Lesion, Status
from .rano_rule import MEASURABLE_MM, New, RanoRule
from .sizes import number


def prepared(case: Case, rule: RanoRule) -> tuple[Case, dict[str, list[str]]]:
    """(the case with new lesions as the rule takes them, notes by time point).

    Small ones, with a diameter below 10 mm and no unequivocal progression in the reader's eyes, are left out until they
    can be measured; where new lesions are added to the sum they are targets from then on.
    """
    notes: dict[str, list[str]] = {}
    if rule.new is New.ANY:
        return case, notes
    lesions = tuple(_from_measurable_on(n, case, rule, notes) if n.kind is Kind.NEW else n for n in case.lesions)
    return replace(case, lesions=lesions), notes


def _from_measurable_on(lesion: Lesion, case: Case, rule: RanoRule, notes: dict[str, list[str]]) -> Lesion:
    seen: list[Assessment] = []
    counts = False
    for time in case.time_points:
        now = lesion.at(time.label)
        if now is not None and now.status is Status.PRESENT and not counts:
            counts = not now.equivocal and _measurable(now)
            if not counts and not now.equivocal:
                sizes = " x ".join(number(d.value) for d in (now.long_mm, now.short_mm) if d)
                what = f"new lesion {lesion.id}, {sizes} mm, cannot be measured yet (both diameters from"
                notes.setdefault(time.label, []).append(f"{what} {MEASURABLE_MM:g} mm): not counted, to be followed")
        if counts and now is not None:
            seen.append(now)
        elif rule.new is New.ADDED:
            seen.append(Assessment(time.label, Status.ABSENT))
        elif now is not None and now.equivocal:
            seen.append(now)
    kind = Kind.TARGET if rule.new is New.ADDED and counts else Kind.NEW
    return replace(lesion, kind=kind, assessments=tuple(seen))


def _measurable(seen: Assessment) -> bool:
    """Both diameters reach 10 mm; a lesion without diameters, or that the reader calls unequivocal, counts."""
    known = [d.value for d in (seen.long_mm, seen.short_mm) if d is not None]
    return seen.unequivocal or all(value >= MEASURABLE_MM - 1e-9 for value in known)
