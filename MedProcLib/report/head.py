"""The head of the report: what became of the findings, and who has decided on them."""

from collections import Counter
from collections.abc import Sequence

from ..comparison.defaults import OF_PLACES, finds_places
from ..comparison.evaluation import Evaluated
from ..comparison.response.criteria import criterion
from ..comparison.result import Change, Comparison, Finding, PairComparison, Verdict
from ..comparison.study import Study
from ..comparison.track_findings import findings_between
from ..core.listing import listed
from .alignment import doubtful_banner, verdict_banner, verdict_of
from .counting import counted, milliliters, sentence, sentence_of, signed, totals_mm3
from .html_text import swatch, text
from .studies_section import date_of, days_since, title_of
from .timeline import Timeline

MOST_NAMED = 20  # findings that a banner has room for
# What classes mean where findings are places of change.
PLACES = {Change.NEW: "brighter", Change.GONE: "darker"}


def head(comparison: Comparison, timeline: Timeline | None, evaluated: Evaluated | None = None) -> str:
    """Title, dates, a sentence and tiles, alignments that are not good, and the state of the review.

    Of more than two studies the sentence and tiles are those of the last one that was compared with the first, and a
    further sentence says what became of the findings since the study before it. evaluated: criteria of response, whose
    categories at the last time point have tiles.
    """
    first, *others = comparison.studies
    when = [date_of(first), *(_later(first, other) for other in others)]
    if len(when) > 3:
        when = [when[0], when[-1], f"{len(when)} time points"]
    parts = [
        f'<p class="brand">MedProc · Comparison of studies</p><h1>{text(title_of(comparison))}</h1>',
        f'<p class="when">{text(" · ".join(filter(None, when)))}</p>',
    ]
    last = comparison.last_pair
    names = [comparison.studies[n].name for n in (last.fixed, last.moving)]
    label = f"<b>{text(' → '.join(names))}:</b> " if len(comparison.pairs) > 1 else ""
    places = finds_places(comparison.studies, comparison.recipe)
    parts += [f'<p class="lead">{label}{text(sentence(last, places))}</p>']
    parts += [_since_previous(last, comparison, timeline, places), _tiles(last, places, evaluated)]
    if places and last.registration.verdict is not Verdict.FAILED:
        parts.append(f'<div class="banner doubtful"><p><b>No lesions were looked for.</b> {text(OF_PLACES)}</p></div>')
    parts += _alignments(comparison)
    parts += [_unseen(last, comparison, timeline), _review(comparison, timeline)]
    return "".join(parts)


def _since_previous(pair: PairComparison, comparison: Comparison, timeline: Timeline | None, places: bool) -> str:
    """What became of the findings from the study before to the last one; '' where that is the first, or unknown."""
    if timeline is None or pair.moving not in timeline.studies or timeline.studies.index(pair.moving) < 2 or places:
        return ""
    last = timeline.studies.index(pair.moving)
    before, now = (timeline.patient.time_points[n].id for n in (last - 1, last))
    name = comparison.studies[timeline.studies[last - 1]].name
    said = sentence_of(findings_between(timeline.patient, before, now))
    return f'<p class="lead"><b>Since {text(name)}:</b> {text(said)}</p>'


def _alignments(comparison: Comparison) -> list[str]:
    """A banner for each alignment that failed, and for those that are doubtful."""
    doubtful, banners = [], []
    for pair in comparison.all_pairs:
        names = [comparison.studies[n].name for n in (pair.fixed, pair.moving)]
        name = " → ".join(names) if pair.fixed > 0 else names[1]
        if pair.registration.verdict is Verdict.DOUBTFUL:
            doubtful.append((name, pair))
        elif pair.registration.verdict is Verdict.FAILED:
            banners.append(verdict_banner(pair, name if len(comparison.all_pairs) > 1 else ""))
    if len(doubtful) > 1:
        return [*banners, doubtful_banner(doubtful)]
    return [*banners, *(verdict_banner(p, name if len(comparison.all_pairs) > 1 else "") for name, p in doubtful)]


def _tiles(pair: PairComparison, places: bool, evaluated: Evaluated | None) -> str:
    if pair.registration.verdict == Verdict.FAILED:
        return ""
    counting = counted(pair.findings)
    classes = Counter(finding.change for finding in counting)
    usual = PLACES if places else [c for c in Change if c not in (Change.MERGED, Change.SPLIT, Change.REAPPEARED)]
    tiles = [
        f"<li{'' if classes[c] else ' class=none'}><b>{classes[c]}</b>"
        f'<span class="chip">{swatch(c)}{text(PLACES.get(c, c) if places else c)}</span></li>'
        for c in Change
        if classes[c] or c in usual
    ]
    first, other = totals_mm3(pair.findings)
    volumes = f"{milliliters(first)} → {milliliters(other)} ml", f"total volume, {signed((other - first) / 1000)} ml"
    if places:
        volumes = f"{milliliters(other)} / {milliliters(first)} ml", "brighter / darker"
    tiles.append(f"<li><b>{volumes[0]}</b><span>{volumes[1]}</span></li>")
    tiles.append(f"<li><b>{text(verdict_of(pair.registration))}</b><span>alignment</span></li>")
    tiles += [
        f"<li><b>{text(each.responses[-1].category)}</b><span>{text(criterion(each.name).title)}</span></li>"
        for each in (evaluated.evaluations if evaluated else ())
    ]
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _unseen(pair: PairComparison, comparison: Comparison, timeline: Timeline | None) -> str:
    """A warning where findings lie outside of the last study."""
    if timeline is None or pair.moving not in timeline.studies:
        return ""
    place = timeline.studies.index(pair.moving)
    names = [track.id for track in timeline.tracks if timeline.is_outside(track, place)]
    if not names:
        return ""
    study = comparison.studies[pair.moving].name
    return (
        '<div class="banner doubtful"><p><b>Not all findings could be seen.</b> '
        f"{text(', '.join(names))}: outside of what {text(study)} shows, so not counted, neither as gone nor in the "
        "totals: nothing is known there.</p></div>"
    )


def _review(comparison: Comparison, timeline: Timeline | None) -> str:
    decisions = _decisions(comparison, timeline)
    if not decisions:
        return ""
    if all(status == "proposed" for _, status, _ in decisions):
        given = all(study.labels is not None for study in comparison.studies)
        made = "The outlines were given; what became of them" if given else "All findings were made by an algorithm"
        end = " was decided by an algorithm and awaits" if given else " and await"
        return (
            f'<div class="banner"><p><b>Proposals, not yet reviewed.</b> {made}{end} the decision of a qualified '
            "reader.</p></div>"
        )
    statuses = Counter(status for _, status, _ in decisions)
    words = ", ".join(f"{count} {'not decided' if s == 'proposed' else s}" for s, count in statuses.items())
    readers = ", ".join(sorted({reader for _, _, reader in decisions if reader}))
    by = f" by {readers}" if readers else ""
    rejected, open_ = (_named(decisions, status) for status in ("rejected", "proposed"))
    said = f" Rejected: {text(rejected)}." if rejected else ""
    if open_:  # new or gone, they would be missed in what is said above
        return (
            f'<div class="banner doubtful"><p><b>Reviewed in part{text(by)}:</b> {text(words)}. Only accepted and '
            f"edited findings count, in all that is said here. Left out, as not decided: {text(open_)}.{said}</p></div>"
        )
    return (
        f'<div class="banner"><p><b>Reviewed{text(by)}:</b> {text(words)}. '
        f"Only accepted and edited findings count.{said}</p></div>"
    )


def _named(decisions: Sequence[tuple[str, str, str]], status: str) -> str:
    """The findings of this status; of many the first ones."""
    names = [name for name, each, _ in decisions if each == status]
    return listed(names, MOST_NAMED)


def _decisions(comparison: Comparison, timeline: Timeline | None) -> list[tuple[str, str, str]]:
    """(finding, status, reader) of each."""
    if timeline is None:
        findings: Sequence[Finding] = [finding for pair in comparison.pairs for finding in pair.findings]
        return [(str(f.number), f.status, f.reader) for f in findings]
    decided: list[tuple[str, str, str]] = []
    for track in timeline.patient.tracks:
        statuses = {o.status.value: o.reader for o in track.observations}
        status = next(s for s in ("edited", "accepted", "proposed", "rejected") if s in statuses)
        decided.append((track.id, status, statuses[status]))
    return decided


def _later(first: Study, other: Study) -> str:
    days = days_since(first, other)
    return date_of(other) + ("" if days == "–" else f" ({days} later)")
