"""Every finding over time: a table with a column per time point, and one with all figures."""

from ..comparison.growth.change import SizeChange
from ..comparison.result import Change
from ..comparison.tracks.model import Observation, Track, number_of
from ..core.units import shown
from .figures import beyond_error, change, diameters, limits, minute, small, verdict, volume
from .html_text import chip, section, swatch, table, text
from .interval import in_words
from .timeline import Timeline

# changed findings first, class by class
MOST_UPRIGHT = 4  # time points that a table has room for on a page that stands
MOST_PRINTED = 60  # lines of all figures; more are for a screen
ORDER = [c for c in Change if c is not Change.STABLE] + [Change.STABLE]


def tracks_section(timeline: Timeline) -> str:
    """Volumes and diameters at each time point, and the change up to the last one with its verdict."""
    if not timeline.tracks:
        return section("Findings over time", "<p>No finding at any time point counts.</p>")
    ordered = in_order(timeline)
    return section(
        "Findings over time",
        _overview(timeline, ordered),
        '<p class="note">Each cell: volume in mm³ with the 95 % interval of the true volume, longest and perpendicular '
        "diameter in mm; the sign is the class since the time point before; not shown: outside of that study; at the "
        "border: the image may show a part of it only. Changes have 95 % intervals of their own, narrower of what was "
        "there before: an error that all studies share cancels out. Beyond error: "
        f"{beyond_error(timeline.patient.settings.relative_percent)} A finding is numbered for good: it keeps its "
        "number when studies are added.</p>",
        _all_figures(timeline, ordered),
        wide=len(timeline.studies) > MOST_UPRIGHT,
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
        if into := timeline.part_of(track, n):
            return f"{mark}{small(f'in {text(into)}')}"
        if timeline.is_outside(track, n):
            return small("not shown")
        return mark or "–"
    border = small("at the border") if observation.cut else ""
    return f"{mark} {volume(observation.true_volume)}{small(diameters(observation))}{border}"


def _described(track: Track) -> str:
    origin = f"from {track.parent}" if track.parent else ""
    node = "lymph node" if track.node else ""
    return ", ".join(filter(None, (track.name, track.organ, track.site, node, track.kind or "", origin)))


def _status(track: Track) -> str:
    """The decisions on its observations, each once."""
    seen = dict.fromkeys((o.status, o.reader, o.decided) for o in track.observations)
    return "<br>".join(
        text(f"{s}{f' by {reader}' if reader else ''}") + small(text(minute(when))) for s, reader, when in seen
    )


def _all_figures(timeline: Timeline, tracks: list[Track]) -> str:
    lines = _figures(timeline, tracks)
    headings = ["Finding", "Time point", "Class", "Volume mm³", "Repeat scan mm³", "Long mm", "Short mm"]
    headings += [text(_mean_heading(timeline)), "Since previous mm³", "Beyond error", "Rule"]
    note = (
        '<p class="note">Below the volume: the 95 % interval of the true one. Repeat scan: what another study of the '
        "same lesion would give (95 %), by which changes are judged.</p>"
    )
    title, shown = "All figures, by finding and time point", table(headings, lines, numbers=range(3, 8))
    if len(lines) <= MOST_PRINTED:
        return f"<details><summary>{title}</summary>{note}{shown}</details>"
    return (
        f'<details class="record"><summary>{title}</summary>{note}{shown}</details>'
        f'<p class="note paper">Not printed: {len(lines)} rows of figures by finding and time point, which this page '
        "shows on a screen.</p>"
    )


def _figures(timeline: Timeline, tracks: list[Track]) -> list[list[str]]:
    """A line for each time point at which a finding was seen, or first missing."""
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
                    volume(observation.true_volume) if observation else "–",
                    limits(observation.volume) or "–" if observation else "–",
                    *(_estimate(observation, name) for name in ("long_diameter", "short_diameter", "mean")),
                    change(size),
                    verdict(size),
                    text(way.rule) if way else "",
                ]
            )
    return lines


def _estimate(observation: Observation | None, name: str) -> str:
    estimate = observation.estimate(name) if observation else None
    if estimate is None:
        return "–"
    known = estimate.low is not None and estimate.high is not None
    by = f" by {estimate.reader}" if estimate.reader else ""
    interval = in_words(f"{estimate.low:.3g}", f"{estimate.high:.3g}") if known else ""
    return f"{estimate.measurement.value:.3g}{small(text(interval + by))}"


def _mean_heading(timeline: Timeline) -> str:
    """With the unit of the values, if all have the same."""
    seen = (timeline.at(track, n) for track in timeline.tracks for n in range(len(timeline.studies)))
    units = {shown(e.measurement.unit) for o in seen if o is not None and (e := o.estimate("mean")) is not None}
    return f"Mean {units.pop()}".strip() if len(units) == 1 else "Mean"
