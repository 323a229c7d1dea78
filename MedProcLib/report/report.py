"""The report of a comparison: one HTML page that needs nothing beside it."""

from collections.abc import Sequence

from ..comparison.defaults import finds_places
from ..comparison.evaluation import Evaluated
from ..comparison.result import Comparison, PairComparison, Verdict
from ..comparison.track_findings import with_tracks
from ..core.progress import SILENT, Progress
from .alignment import check_of_alignment, verdict_banner
from .charts_section import charts_section
from .closing_sections import limits_section, provenance_section
from .finding_measurements import PairRows
from .findings_section import changed_findings, findings_table, overview
from .head import head
from .html_text import section, text
from .layers import Layers
from .maps_section import maps_section
from .methods_section import methods_section
from .response_section import response_section
from .studies_section import studies_section, title_of
from .style import CSS
from .time_points_section import time_points_section
from .timeline import Timeline
from .track_slices_section import track_slices_section
from .tracks_section import tracks_section


def report_html(
    comparison: Comparison,
    measurements: Sequence[PairRows] | None = None,
    progress: Progress = SILENT,
    evaluated: Evaluated | None = None,
) -> str:
    """The report as HTML with its pictures inside (no script, no file beside it, nothing loaded).

    Findings, classes and decisions are those of the tracks the comparison has followed (comparison.followed), as a
    reader may have edited them. measurements: per pair the rows of the findings in both studies
    (finding_measurements.measure_findings), for the diameters of two studies; None leaves these out. evaluated: what
    response criteria give. Names and other text from files are escaped. Raises Cancelled.
    """
    comparison = with_tracks(comparison)
    timeline = Timeline.of(comparison)
    pairs, over_time = progress.parts(len(comparison.all_pairs), 2)
    content = [head(comparison, timeline, evaluated)]
    many = timeline is not None and len(timeline.studies) > 2
    if timeline is not None and many:
        content += _over_time(timeline, evaluated, over_time)
    content.append(studies_section(comparison))  # of many the time points have said what a reader needs of them
    for number, (pair, share) in enumerate(_each(comparison, pairs)):
        rows = measurements[number] if measurements and number < len(measurements) else None
        content.append(_pair(comparison, pair, rows, timeline, many, share))
    if timeline is not None and not many:
        content.append(charts_section(timeline))
        content.append(response_section(evaluated) if evaluated else "")
    content.append(methods_section(timeline, evaluated) if timeline is not None else "")
    content += [limits_section(), provenance_section(comparison)]
    title = text(title_of(comparison))
    return (
        f'<!DOCTYPE html>\n<html lang="en-US"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{CSS}</style></head><body>{''.join(content)}</body></html>\n"
    )


def _each(comparison: Comparison, progress: Progress) -> list[tuple[PairComparison, Progress]]:
    shares = progress.parts(*[1.0] * max(1, len(comparison.all_pairs)))
    return list(zip(comparison.all_pairs, shares, strict=False))


def _over_time(timeline: Timeline, evaluated: Evaluated | None, progress: Progress) -> list[str]:
    """The sections over all time points."""
    return [
        time_points_section(timeline, evaluated.evaluations if evaluated else ()),
        charts_section(timeline),
        tracks_section(timeline),
        response_section(evaluated) if evaluated else "",
        track_slices_section(timeline, progress),
    ]


def _pair(
    comparison: Comparison,
    pair: PairComparison,
    rows: PairRows | None,
    timeline: Timeline | None,
    many: bool,
    progress: Progress,
) -> str:
    """The sections of one pair; of many time points the findings are shown over all of them, not pair by pair, but of
    two later studies that were compared directly."""
    first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
    suffix = f": {first.name} → {other.name}" if len(comparison.all_pairs) > 1 else ""
    further, places = pair.fixed > 0, finds_places(comparison.studies, comparison.recipe)
    layers = Layers(pair)
    parts = []
    progress(0.0, "Drawing the report")
    if pair.registration.verdict != Verdict.FAILED:
        if pair.findings and (not many or pair is comparison.last_pair):
            parts.append(section(f"Findings at a glance{suffix}", overview(layers, other.name)))
        if not many or further:
            parts.append(section(f"Findings{suffix}", findings_table(pair, rows, timeline, places)))
            progress(0.3, "Drawing the report")
        if not many:
            parts.append(section(f"Changed findings{suffix}", changed_findings(layers, first, other, timeline)))
        if pair.maps:
            maps = maps_section(layers, first, other, small=many, progress=progress.part(0.5, 0.8))
            parts.append(section(f"Change maps{suffix}", maps))
    progress(0.8, "Drawing the report")
    check = check_of_alignment(layers, first, other, small=many, again=many and pair is not comparison.all_pairs[0])
    parts.append(section(f"Alignment of the studies{suffix}", verdict_banner(pair), check))
    return "".join(parts)
