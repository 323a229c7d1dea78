"""Every finding over time: a table with a column per time point, and one with all figures."""

from ..comparison.growth.change import SizeChange
from ..comparison.result import Change
from ..comparison.tracks.model import Observation, Track, number_of
from .figures import change, diameters, small, verdict, volume
from .html_text import chip, section, swatch, table, text
from .timeline import Timeline

# changed findings first, class by class
ORDER = [c for c in Change if c is not Change.STABLE] + [Change.STABLE]


def tracks_section(timeline: Timeline) -> str:
    """Volumes and diameters at each time point, and the change up to the last one with its verdict."""
    if not timeline.tracks:
        return section("Findings over time", "<p>No finding at any time point counts.</p>")
    ordered = in_order(timeline)
    return section(
        "Findings over time",
        _overview(timeline, ordered),
        '<p class="note">Each cell: volume in mm³ with the 95 % interval, longest and perpendicular diameter in mm; '
        "the sign is the class since the time point before; not shown: outside of that study. Beyond error: whether "
        "the 95 % interval of the change excludes no change. A finding is numbered for good: it keeps its number when "
        "studies are added.</p>",
        f"<details><summary>All figures, by finding and time point</summary>{_figures(timeline, ordered)}</details>",
    )


def in_order(timeline: Timeline) -> list[Track]:
    """Tracks that count: those that changed at any time first, class by class, the largest change of a class first."""

    def key(track: Track) -> tuple[bool, int, float, int]:
        size = timeline.size(track, "baseline")
        difference = abs(size.difference.value) if size else 0.0
        return not timeline.is_changed(track), ORDER.index(timeline.course(track)), -difference, number_of(track.id)

    return sorted(timeline.tracks, key=key)


def _overview(timeline: Timeline, tracks: list[Track]) -> str:
    count = len(timeline.studies)
    lines = []
    for track in tracks:
        first, previous = (timeline.size(track, reference) for reference in ("baseline", "previous"))
        lines.append(
            [
                f"<b>{text(track.id)}</b>{small(text(_described(track)))}",
                chip(timeline.course(track)),
                *(_cell(timeline, track, n) for n in range(count)),
                change(first) + _beyond(first),
                change(previous) + _beyond(previous),
                _status(track),
            ]
        )
    labels = [text(label) for label in timeline.labels]
    headings = ["Finding", "Course", *labels, "Since first seen mm³", "Since previous mm³", "Status"]
    return table(headings, lines, numbers=range(2, 2 + count))


def _beyond(size: SizeChange | None) -> str:
    """HTML: the verdict below a change; '' where there is none."""
    return f"<small>beyond error: {verdict(size)}</small>" if size else ""


def _cell(timeline: Timeline, track: Track, n: int) -> str:
    observation, kind = timeline.at(track, n), timeline.change_at(track, n)
    mark = swatch(kind) if kind else ""
    if observation is None:
        if kind is Change.MERGED:
            return f"{mark}{small(f'in {text(track.merged_into)}')}"
        if timeline.is_outside(track, n):
            return small("not shown")
        return mark or "–"
    return f"{mark} {volume(observation.volume)}{small(diameters(observation))}"


def _described(track: Track) -> str:
    origin = f"from {track.parent}" if track.parent else ""
    return ", ".join(filter(None, (track.name, track.organ, track.site, track.kind or "", origin)))


def _status(track: Track) -> str:
    """The decisions on its observations, each once."""
    seen = dict.fromkeys((o.status, o.reader, o.decided) for o in track.observations)
    return "<br>".join(
        text(f"{s}{f' by {reader}' if reader else ''}") + small(text(when[:16].replace("T", " ")))
        for s, reader, when in seen
    )


def _figures(timeline: Timeline, tracks: list[Track]) -> str:
    lines = []
    for track in tracks:
        for n, label in enumerate(timeline.labels):
            way = timeline.intervals[track.id].get(timeline.patient.time_points[n].id)
            observation = timeline.at(track, n)
            if observation is None and way is None:
                continue
            size = way.size(timeline.relevant_percent) if way else None
            lines.append(
                [
                    f"<b>{text(track.id)}</b>",
                    f'<span class="fixed">{text(label)}</span>',
                    chip(way.change) if way else "",
                    volume(observation.volume) if observation else "–",
                    *(_estimate(observation, name) for name in ("long_diameter", "short_diameter", "mean")),
                    change(size),
                    verdict(size),
                    text(way.rule) if way else "",
                ]
            )
    headings = ["Finding", "Time point", "Class", "Volume mm³", "Long mm", "Short mm", "Mean", "Since previous mm³"]
    return table([*headings, "Beyond error", "Rule"], lines, numbers=range(3, 7))


def _estimate(observation: Observation | None, name: str) -> str:
    estimate = observation.estimate(name) if observation else None
    if estimate is None:
        return "–"
    known = estimate.low is not None and estimate.high is not None
    by = f" by {estimate.reader}" if estimate.reader else ""
    interval = f"{estimate.low:.3g}–{estimate.high:.3g}" if known else ""
    return f"{estimate.measurement.value:.3g}{small(text(interval + by))}"
