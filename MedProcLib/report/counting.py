"""Which findings count, and what a comparison comes to in one sentence."""

from collections import Counter
from collections.abc import Sequence

from ..comparison.result import Change, Finding, PairComparison, Verdict

COUNTED_ONCE_REVIEWED = ("accepted", "edited")
CHANGED = tuple(change for change in Change if change != Change.STABLE)


def counted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings that count in figures: the accepted and edited ones once a reader has decided on any, else all; none
    whose place only one of the studies shows, of which nothing is known."""
    seen = tuple(finding for finding in findings if not finding.unseen)
    if not reviewed(findings):
        return seen
    return tuple(finding for finding in seen if finding.status in COUNTED_ONCE_REVIEWED)


def reviewed(findings: Sequence[Finding]) -> bool:
    """True when a reader has decided on at least one finding."""
    return any(finding.status != "proposed" for finding in findings)


def totals_mm3(findings: Sequence[Finding]) -> tuple[float, float]:
    """Volume of all findings that count in the first and in the other study."""
    counting = counted(findings)
    return sum(f.volumes_mm3[0] for f in counting), sum(f.volumes_mm3[1] for f in counting)


def sentence(pair: PairComparison, places: bool = False) -> str:
    """What became of the findings, in one sentence. places: they are places of change (see defaults.finds_places)."""
    if pair.registration.verdict == Verdict.FAILED:
        return "The studies could not be aligned, so nothing was compared."
    return sentence_of(pair.findings, places)


def sentence_of(findings: Sequence[Finding], places: bool = False) -> str:
    """What became of these findings; see sentence."""
    counting = counted(findings)
    unseen = sum(finding.unseen for finding in findings)
    left_out = f" {unseen} not shown by the other study." if unseen else ""
    if not counting and places:
        return f"No place was found where tissue changed.{left_out}"
    if not counting:
        return f"No finding in {'what both studies show' if unseen else 'either study'}.{left_out}"
    if places:
        darker, brighter = map(milliliters, totals_mm3(findings))
        listed = f"{len(counting)} places have" if len(counting) > 1 else "One place has"
        return f"{listed} changed: {brighter} ml brighter and {darker} ml darker than before.{left_out}"
    classes = Counter(finding.change for finding in counting)
    parts = [f"{classes[change]} {change}" for change in Change if classes[change]]
    noun = "finding" if len(counting) == 1 else "findings"
    first, other = totals_mm3(findings)
    difference = other - first
    percent = f", {_percent(100 * difference / first)} %" if first > 0 else ""
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return (
        f"{listed} {noun}; total volume {milliliters(first)} → {milliliters(other)} ml "
        f"({signed(difference / 1000)} ml{percent}).{left_out}"
    ).replace("-", "−")


def _percent(value: float) -> str:
    return "±0" if value and not round(value) else f"{value:+.0f}"


def milliliters(mm3: float) -> str:
    """Volume in ml to three figures."""
    return _figures(mm3 / 1000)


def signed(value: float) -> str:
    figures = _figures(abs(value))
    return f"±{figures}" if value and not float(figures) else f"{'+' if value >= 0 else '−'}{figures}"


def cubic_millimeters(mm3: float) -> str:
    """Volume in mm3, whole from 10 on, with thousands apart."""
    return f"{mm3:,.0f}".replace(",", "\u202f") if abs(mm3) >= 10 else f"{mm3:.1f}"


def _figures(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
