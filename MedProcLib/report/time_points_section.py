"""The summary of each time point: how it was aligned, how much was found, and what became of it."""

from collections.abc import Sequence

from ..comparison.defaults import finds_places
from ..comparison.evaluation import Evaluation
from ..comparison.response.criteria import criterion
from ..comparison.result import Change
from .alignment import verdict_of
from .counting import milliliters
from .figures import small
from .head import PLACES
from .html_text import section, swatch, table, text
from .timeline import Timeline


def time_points_section(timeline: Timeline, evaluations: Sequence[Evaluation]) -> str:
    """One line per time point; classes are from the time point before, categories of response as far as given.

    No total of places of change: of the first study it would be what became darker, of the others what became brighter.
    """
    comparison = timeline.comparison
    places = finds_places(comparison.studies, comparison.recipe)
    present = {change for n in range(len(timeline.studies)) for change in timeline.classes(n)}
    classes = [change for change in Change if change in present]
    names = {change: PLACES.get(change, str(change)) if places else str(change) for change in classes}
    headings = ["Time point", "Date", "Days", "Alignment", *(["Places"] if places else ["Findings", "Total ml"])]
    counts = range(4, len(headings) + len(classes))
    headings += [f'<span title="{text(names[change])}">{swatch(change)}</span>' for change in classes]
    headings += [text(criterion(evaluation.name).title) for evaluation in evaluations]
    legend = "".join(f'<span class="chip">{swatch(change)}{text(names[change])}</span>' for change in classes)
    lines = [_line(timeline, n, classes, evaluations, places) for n in range(len(timeline.studies))]
    return section(
        "Time points",
        table(headings, lines, counts),
        f'<div class="legend">{legend}</div><p class="note">{_OF_PLACES if places else _OF_FINDINGS} Days since the '
        f"first study{'' if timeline.dated else ' are not known: not all studies have a date'}.</p>",
    )


_OF_FINDINGS = (
    "Total: all findings that count, with the 95 % interval of the true volume (none where a finding is at the border "
    "of the image or the error of outlines is not known); findings per class are those since the time point before."
)
_OF_PLACES = (
    "Places per class are those that changed since the time point before; their volumes are no course of one thing."
)


def _line(
    timeline: Timeline, n: int, classes: Sequence[Change], evaluations: Sequence[Evaluation], places: bool
) -> list[str]:
    point, pair, total, counts = (
        timeline.patient.time_points[n],
        timeline.pair(n),
        timeline.true_total(n),
        timeline.classes(n),
    )
    interval = "–".join(milliliters(limit) for limit in total.limits) if total.limits and total.value else ""
    return [
        f"<b>{text(point.id)}</b>",
        f'<span class="fixed">{text(point.date or "unknown")}</span>',
        f"{timeline.times[n]:.0f}" if timeline.dated else "–",
        text(verdict_of(pair.registration)) if pair else "–",
        str(sum(timeline.at(track, n) is not None for track in timeline.tracks)),
        *([] if places else [f"<b>{milliliters(total.value)}</b>{small(interval)}"]),
        *(str(counts[change] or "–") if n else "" for change in classes),
        *(text(evaluation.responses[n].category) for evaluation in evaluations),
    ]
