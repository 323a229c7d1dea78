"""What a comparison found, in a sentence."""

from collections.abc import Sequence

from slicer.i18n import tr as _

from ..comparison.defaults import finds_places
from ..comparison.result import Comparison, Finding, Verdict
from ..comparison.track_findings import findings_between
from ..comparison.tracks.model import Patient, Status


def added(patient: Patient, time_point: str) -> str:
    """That a time point (id) was added, and how many findings of each class it has against the one before."""
    place = patient.order[time_point]
    if place == 0:
        return _("{name} was added, before all others.").format(name=time_point)
    before = patient.time_points[place - 1].id
    said = _counts(findings_between(patient, before, time_point)) or _("no finding in either")
    return _("{name} was added. Since {before}: {said}.").format(name=time_point, before=before, said=said)


def _counts(findings: Sequence[Finding]) -> str:
    """'1 grown, 2 new', in the order in which classes come; '' without findings that a reader has not rejected."""
    held = [finding for finding in findings if finding.status != Status.REJECTED]
    changes = [_("not shown") if finding.unseen else str(finding.change) for finding in held]
    return ", ".join(f"{changes.count(change)} {change}" for change in dict.fromkeys(changes))


def sentence(comparison: Comparison) -> str:
    """How many findings of each class the last study has against the first, and which studies are left out."""
    failed = [pair for pair in comparison.pairs if pair.registration.verdict is Verdict.FAILED]
    names = ", ".join(comparison.studies[pair.moving].name for pair in failed)
    last = comparison.last_pair
    if last in failed:
        first = comparison.studies[last.fixed].name
        return _("Nothing was compared: not aligned with '{first}': {names}.").format(first=first, names=names)
    nothing, places = _("No finding in either study."), finds_places(comparison.studies, comparison.recipe)
    if places:
        nothing = _("No place was found where tissue changed; lesions that stayed as they were are not looked for.")
    counts = _counts(last.findings)
    said = f"{counts}." if counts else nothing
    if counts and places:
        said = _(
            "{said} These are places where any tissue became brighter (new) or darker (gone), not lesions."
        ).format(said=said)
    if last is not comparison.pairs[-1]:
        said = _("'{name}' against the first: {said}").format(name=comparison.studies[last.moving].name, said=said)
    elif len(comparison.pairs) > 1:
        said = _("Last study against the first: {said}").format(said=said)
    if failed:
        said = _("{said} Not aligned, so left out: {names}.").format(said=said, names=names)
    return said
