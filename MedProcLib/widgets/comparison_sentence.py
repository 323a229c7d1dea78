"""What a comparison found, in a sentence."""

from slicer.i18n import tr as _

from ..comparison.result import Comparison, Verdict


def sentence(comparison: Comparison) -> str:
    """How many findings of each class the last study has against the first, and which studies are left out."""
    failed = [pair for pair in comparison.pairs if pair.registration.verdict is Verdict.FAILED]
    findings = comparison.pairs[-1].findings
    changes = [_("not shown") if finding.unseen else str(finding.change) for finding in findings]
    counts = ", ".join(f"{changes.count(change)} {change}" for change in dict.fromkeys(changes))
    said = counts[:1].upper() + counts[1:] + "." if counts else _("No finding in either study.")
    if len(comparison.pairs) > 1:
        said = _("Last study against the first: {said}").format(said=said)
    if failed:
        names = ", ".join(comparison.studies[pair.moving].name for pair in failed)
        said = _("{said} Not aligned, so left out: {names}.").format(said=said, names=names)
    return said
