"""What a comparison found, in a sentence."""

from slicer.i18n import tr as _

from ..comparison.defaults import finds_places
from ..comparison.result import Comparison, Verdict


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
    changes = [_("not shown") if finding.unseen else str(finding.change) for finding in last.findings]
    counts = ", ".join(f"{changes.count(change)} {change}" for change in dict.fromkeys(changes))
    said = counts[:1].upper() + counts[1:] + "." if counts else nothing
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
