"""The report of a comparison: one HTML page that needs nothing beside it."""

import json
from collections import Counter
from collections.abc import Sequence

from ..comparison.evaluation import Evaluated
from ..comparison.result import Change, Comparison, PairComparison, Verdict
from ..comparison.study import Study
from ..core.geometry import Geometry
from ..core.progress import SILENT, Progress
from ..core.provenance import Provenance
from ..core.units import shown
from .charts import total_chart
from .check import TILES, check_pictures
from .counting import counted, milliliters, reviewed, sentence, signed, totals_mm3
from .finding_measurements import PairRows
from .findings_section import changed_findings, findings_table, overview
from .html_text import figure, section, swatch, table, text
from .layers import Layers
from .style import CSS

LIMITS = (
    "Not for clinical use. MedProc is research software and not a medical device.",
    "Findings are proposals of an algorithm. Each needs the confirmation of a qualified reader; once a reader has "
    "decided on any of them, only accepted and edited findings count in the figures.",
    "A finding smaller than a few voxels, of little contrast, outside the searched region, or outside the part of the "
    "body that both studies show is not detected.",
    "A difference of intensity can come from another scanner, protocol, contrast agent or motion, and not from the "
    "patient. Volumes of small findings depend on voxel size: compare studies of like protocol.",
    "Both images are shown in the space half-way between them, with matched intensities: they are resampled. "
    "Diameters are measured on each study's own voxels.",
)
VERDICT_WORDS = {
    Verdict.GOOD: "The studies are aligned well.",
    Verdict.DOUBTFUL: "The alignment of the studies is doubtful: check the pictures before relying on any finding.",
    Verdict.FAILED: "The alignment of the studies failed. Nothing was compared, and no finding is reported.",
}


def report_html(
    comparison: Comparison,
    measurements: Sequence[PairRows] | None = None,
    progress: Progress = SILENT,
    evaluated: Evaluated | None = None,
) -> str:
    """The report as HTML with its pictures inside (no script, no file beside it, nothing loaded).

    measurements: per pair the rows of the findings in both studies (finding_measurements.measure_findings), for the
    diameters; None leaves these out. Names and other text from files are escaped. Raises Cancelled.
    """
    shares = progress.parts(*[1.0] * max(1, len(comparison.pairs)))
    content = [_head(comparison), _studies(comparison)]
    for number, (pair, share) in enumerate(zip(comparison.pairs, shares, strict=False)):
        share(0.0, "Drawing the report")
        rows = measurements[number] if measurements else None
        content.append(_pair(comparison, pair, rows, share))
    content += [_over_time(comparison), _limits(comparison), _provenance(comparison)]
    title = text(_title(comparison))
    return (
        f'<!DOCTYPE html>\n<html lang="en-US"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{CSS}</style></head><body>{''.join(content)}</body></html>\n"
    )


def _head(comparison: Comparison) -> str:
    first, *others = comparison.studies
    when = " · ".join(filter(None, [_date(first), *(_later(first, other) for other in others)]))
    parts = [
        f'<p class="brand">MedProc · Comparison of studies</p><h1>{text(_title(comparison))}</h1>',
        f'<p class="when">{text(when)}</p>',
    ]
    for pair in comparison.pairs:
        label = f"<b>{text(comparison.studies[pair.moving].name)}:</b> " if len(comparison.pairs) > 1 else ""
        parts.append(f'<p class="lead">{label}{text(sentence(pair))}</p>')
        parts.append(_tiles(pair))
        if pair.registration.verdict != Verdict.GOOD:
            parts.append(_verdict(pair))
    parts.append(_review(comparison))
    return "".join(parts)


def _tiles(pair: PairComparison) -> str:
    if pair.registration.verdict == Verdict.FAILED:
        return ""
    counting = counted(pair.findings)
    classes = Counter(finding.change for finding in counting)
    shown_classes = [c for c in Change if classes[c] or c not in (Change.MERGED, Change.SPLIT, Change.REAPPEARED)]
    tiles = [
        f"<li{'' if classes[c] else ' class=none'}><b>{classes[c]}</b>"
        f'<span class="chip">{swatch(c)}{text(c)}</span></li>'
        for c in shown_classes
    ]
    first, other = totals_mm3(pair.findings)
    tiles.append(
        f"<li><b>{milliliters(first)} → {milliliters(other)} ml</b>"
        f"<span>total volume, {signed((other - first) / 1000)} ml</span></li>"
    )
    tiles.append(f"<li><b>{text(pair.registration.verdict)}</b><span>alignment</span></li>")
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _review(comparison: Comparison) -> str:
    findings = [finding for pair in comparison.pairs for finding in pair.findings]
    if not findings:
        return ""
    if not reviewed(findings):
        return (
            '<div class="banner"><p><b>Proposals, not yet reviewed.</b> All findings were made by an algorithm and '
            "await the decision of a qualified reader.</p></div>"
        )
    statuses = Counter(finding.status for finding in findings)
    words = ", ".join(f"{count} {'not decided' if s == 'proposed' else s}" for s, count in statuses.items())
    readers = ", ".join(sorted({finding.reader for finding in findings if finding.reader}))
    by = f" by {readers}" if readers else ""
    return (
        f'<div class="banner"><p><b>Reviewed{text(by)}:</b> {text(words)}. '
        "Only accepted and edited findings count.</p></div>"
    )


def _studies(comparison: Comparison) -> str:
    first = comparison.studies[0]
    lines = []
    for number, study in enumerate(comparison.studies):
        geometry = Geometry.of(study.image)
        lines.append(
            [
                "First" if number == 0 else f"Other {number}" if len(comparison.studies) > 2 else "Other",
                f"<b>{text(study.name)}</b>",
                text(_date(study) or "unknown"),
                text(_days(first, study)),
                text(study.modality or "–"),
                text(" × ".join(map(str, geometry.size))),
                text(" × ".join(f"{side:.3g}" for side in geometry.spacing)),
                text(study.source or "–"),
            ]
        )
    headings = ["", "Study", "Date", "Since first", "Modality", "Voxels", "Voxel size mm", "Source"]
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in comparison.notes)
    return section("What was compared", table(headings, lines), notes)


def _pair(comparison: Comparison, pair: PairComparison, rows: PairRows | None, progress: Progress) -> str:
    first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
    suffix = f": {first.name} → {other.name}" if len(comparison.pairs) > 1 else ""
    layers = Layers(pair)
    parts = []
    if pair.registration.verdict != Verdict.FAILED:
        if pair.findings:
            parts.append(section(f"Findings at a glance{suffix}", overview(layers, other.name)))
        parts.append(section(f"Findings{suffix}", findings_table(pair, rows)))
        progress(0.3, "Drawing the report")
        parts.append(section(f"Changed findings{suffix}", changed_findings(layers, first, other)))
    progress(0.8, "Drawing the report")
    parts.append(section(f"Alignment of the studies{suffix}", _verdict(pair), _check(layers, first, other)))
    return "".join(parts)


def _verdict(pair: PairComparison) -> str:
    registration = pair.registration
    reasons = "".join(f"<p>{text(reason)}</p>" for reason in registration.reasons)
    words = VERDICT_WORDS[registration.verdict]
    return f'<div class="banner {registration.verdict}"><p><b>{words}</b></p>{reasons}</div>'


def _check(layers: Layers, first: Study, other: Study) -> str:
    boards, edges = [], []
    for plane, board, edge in check_pictures(layers):
        boards.append(figure(board, f"{plane} checkerboard of {first.name} and {other.name}", text(plane)))
        edges.append(figure(edge, f"{plane} slice of {first.name} with the edges of {other.name}", text(plane)))
    figures = [
        [text(f.name.replace("_", " ")), text(f"{_short(f.value)} {shown(f.unit)}".strip())]
        for f in layers.pair.registration.figures
    ]
    return (
        f"<p>Checkerboard of {TILES} × {TILES} tiles: {text(first.name)} gray, {text(other.name)} tinted blue. Borders "
        "of organs must run on from tile to tile.</p>"
        f'<div class="row three">{"".join(boards)}</div>'
        f"<p>{text(first.name)} with the edges of {text(other.name)} in orange. The edges must lie on the same borders."
        f'</p><div class="row three">{"".join(edges)}</div>' + (table(["Figure", "Value"], figures) if figures else "")
    )


def _over_time(comparison: Comparison) -> str:
    """Total volume over the studies. Each other study is compared with the first, so its volume is its pair's."""
    pairs = [pair for pair in comparison.pairs if pair.registration.verdict != Verdict.FAILED and pair.findings]
    if not pairs:
        return ""
    first = comparison.studies[0]
    dated = all(comparison.studies[i].date for pair in pairs for i in (pair.fixed, pair.moving))
    points = [(0.0, totals_mm3(pairs[0].findings)[0] / 1000, text(_date(first) or first.name))]
    for pair in pairs:
        study = comparison.studies[pair.moving]
        time = float((study.date - first.date).days) if dated and study.date and first.date else float(pair.moving)
        points.append((time, totals_mm3(pair.findings)[1] / 1000, text(_date(study) or study.name)))
    words = ", ".join(f"{label} {volume:.3g} ml" for _, volume, label in points)
    note = "" if dated else '<p class="note">The dates are not known for all studies; they are drawn evenly.</p>'
    return section("Total volume over time", total_chart(points, f"Total volume of findings: {words}"), note)


def _limits(comparison: Comparison) -> str:
    lines = "".join(f"<li>{text(limit)}</li>" for limit in LIMITS)
    return section("Limits", f"<ul>{lines}</ul>")


def _provenance(comparison: Comparison) -> str:
    inputs = {f"study {i}": study.source or study.name for i, study in enumerate(comparison.studies, 1)}
    record = Provenance(comparison.recipe, inputs).as_dict()
    steps = [
        [
            text(step["operation"]) + ("" if step.get("enabled", True) else " (not run)"),
            text(", ".join(f"{name} = {value}" for name, value in step["parameters"].items()) or "–"),
        ]
        for step in record["steps"]
    ]
    return section(
        "How it was made",
        f"<p>{text(record['software'])}. The same recipe on the same studies gives the same result.</p>",
        table(["Step", "Parameters"], steps) if steps else "",
        "<details><summary>Recipe and inputs as JSON</summary>"
        f"<pre>{text(json.dumps(record, indent=2))}</pre></details>",
        f"<footer>{text(record['software'])} · Not for clinical use</footer>",
    )


def _short(value: float) -> str:
    return "< 0.001" if 0 < abs(value) < 0.001 else f"{value:.3g}"


def _title(comparison: Comparison) -> str:
    names = [study.name for study in comparison.studies]
    return " → ".join(names) if len(names) <= 3 else f"{names[0]} → {names[-1]} ({len(names)} studies)"


def _date(study: Study) -> str:
    return study.date.isoformat() if study.date else ""


def _days(first: Study, study: Study) -> str:
    if not (first.date and study.date) or study is first:
        return "–"
    return f"{(study.date - first.date).days} days"


def _later(first: Study, other: Study) -> str:
    days = _days(first, other)
    return _date(other) + ("" if days == "–" else f" ({days} later)")
