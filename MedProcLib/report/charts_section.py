"""The charts of a comparison: total and single volumes over time, and the change of each finding."""

from ..comparison.defaults import finds_places
from ..comparison.tracks.model import Track
from .charts import Bar, Curve, bars_chart, curves_chart
from .colors import LOOKS, Look
from .html_text import section, text
from .timeline import Timeline
from .tracks_section import in_order

ACCENT = "#1f4e79"
# as many curves and bars can have their names written; and beyond this percentage curves are cut off
MOST_NAMES, MOST_BARS, MOST_PERCENT = 14, 60, 300.0
FEW = 6  # findings that are named whether they changed or not


def charts_section(timeline: Timeline) -> str:
    """Total, per finding, relative to baseline (spider) and up to the last time point (waterfall); none of places of
    change, whose volumes are no course of anything."""
    comparison = timeline.comparison
    if not timeline.tracks or finds_places(comparison.studies, comparison.recipe):
        return ""
    parts = [_titled("Total volume of all findings", _total(timeline))]
    ordered = in_order(timeline)
    if len(timeline.studies) > 2:
        if len(ordered) > 1:  # of one it would be the total again
            parts.append(_titled("Volume of each finding (square-root scale)", _each(timeline, ordered)))
        parts.append(_titled("Change of each finding from when it was first seen", _spider(timeline, ordered)))
    bars = _waterfall(timeline, ordered)
    if bars:
        parts.append(_titled("Change of each finding of the first study up to the last one", bars))
    dated = "" if timeline.dated else " The dates are not known for all studies; they are drawn evenly."
    note = (
        '<p class="note">Thin vertical lines are 95 % intervals of what another study of the same lesion would give, '
        "by which points can be compared with each other. Curves have the color and sign of the largest "
        f"change of their finding, bars the color of its class from the first study to the last.{dated}</p>"
    )
    return section("Charts", f'<div class="charts">{"".join(parts)}</div>', note)


def _titled(title: str, chart: str) -> str:
    return f'<figure class="plot"><figcaption>{text(title)}</figcaption>{chart}</figure>'


def _times(timeline: Timeline) -> list[tuple[float, str]]:
    return [(time, text(label)) for time, label in zip(timeline.times, timeline.labels, strict=True)]


def _total(timeline: Timeline) -> str:
    totals = [timeline.total(n) for n in range(len(timeline.studies))]
    points = [
        (
            time,
            m.value / 1000,
            (m.value if m.low is None else m.low) / 1000,
            (m.value if m.high is None else m.high) / 1000,
        )
        for time, m in zip(timeline.times, totals, strict=True)
    ]
    words = ", ".join(
        f"{text(label)} {m.value / 1000:.3g} ml" for label, m in zip(timeline.labels, totals, strict=True)
    )
    curve = Curve("", ACCENT, points, 2.5)
    return curves_chart([curve], _times(timeline), "ml", f"Total volume of findings: {words}", values=True)


def _each(timeline: Timeline, ordered: list[Track]) -> str:
    curves = [
        Curve(_name(timeline, track, n), _look(timeline, track).css, _volumes(timeline, track))
        for n, track in enumerate(ordered)
    ]
    # the named ones last, so that they lie on top
    return curves_chart(
        curves[::-1], _times(timeline), "mm³", _words("Volume over time", timeline, ordered), root=True, height=340
    )


def _volumes(timeline: Timeline, track: Track) -> list[tuple[float, float, float | None, float | None]]:
    """Volumes in mm³ by time; 0 where it was gone, nothing where it could not be seen or had merged."""
    points: list[tuple[float, float, float | None, float | None]] = []
    for n, time in enumerate(timeline.times):
        observation = timeline.at(track, n)
        if observation is not None:
            volume = observation.volume
            points.append((time, volume.value, *(volume.limits or (None, None))))
        elif timeline.is_gone(track, n):
            points.append((time, 0.0, None, None))
    return points


def _spider(timeline: Timeline, ordered: list[Track]) -> str:
    curves = []
    for n, track in enumerate(ordered):
        points = _volumes(timeline, track)
        first = points[0][1]
        if len(points) > 1 and first > 0:
            relative = [(time, 100 * (value / first - 1), None, None) for time, value, _, _ in points]
            curves.append(Curve(_name(timeline, track, n), _look(timeline, track).css, relative, 1.6))
    if not curves:
        return '<p class="note">No finding was seen at two time points.</p>'
    words = _words("Change over time", timeline, ordered)
    beyond = any(point[1] > MOST_PERCENT for curve in curves for point in curve.points)
    note = f'<p class="note">Curves are cut off at +{MOST_PERCENT:.0f} %.</p>' if beyond else ""
    return curves_chart(curves[::-1], _times(timeline), "%", words, most=MOST_PERCENT, height=340) + note


def _waterfall(timeline: Timeline, ordered: list[Track]) -> str:
    sizes = [(track, timeline.size(track, "baseline")) for track in ordered if timeline.at(track, 0)]
    known = [(track, size.percent) for track, size in sizes if size and size.percent]
    known.sort(key=lambda item: -item[1].value)
    shown = known
    if len(known) > MOST_BARS:  # the largest changes either way
        shown = known[: MOST_BARS // 2] + known[-MOST_BARS // 2 :]
    bars = [
        Bar(text(track.id), p.value, LOOKS[timeline.course(track)].css, *(p.limits or (None, None)))
        for track, p in shown
    ]
    if not bars:
        return ""
    words = ", ".join(f"{bar.label} {bar.value:+z.0f} %" for bar in bars)
    left = len(known) - len(shown)
    note = f'<p class="note">The {left} findings with the least change are not drawn.</p>' if left else ""
    return bars_chart(bars, "%", f"Change from the first to the last study: {words}") + note


def _look(timeline: Timeline, track: Track) -> Look:
    return LOOKS[timeline.largest_change(track)]


def _name(timeline: Timeline, track: Track, place: int) -> str:
    """With the sign of its class, for print in gray. Of many findings only those that changed are named: names of flat
    curves would push theirs away."""
    named = place < MOST_NAMES and (timeline.is_changed(track) or len(timeline.tracks) <= FEW)
    return f"{text(track.id)} {_look(timeline, track).sign}" if named else ""


def _words(what: str, timeline: Timeline, ordered: list[Track]) -> str:
    return f"{what} of {len(ordered)} findings at {len(timeline.studies)} time points; the table has the values"
