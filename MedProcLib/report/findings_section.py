"""The findings of a pair of studies: table, overview pictures and key slices."""

from collections.abc import Sequence

import numpy as np

from ..comparison.result import Change, Finding, PairComparison
from ..comparison.study import Study
from ..comparison.tracks.volumes import true_total
from ..quantification.row import Row
from .charts import change_chart
from .colors import LOOKS, difference_colors
from .counting import CHANGED, cubic_millimeters, sentence, totals_mm3
from .figures import beyond_error, limits, minute, percent, signed_volume, small, verdict
from .finding_measurements import PairRows
from .html_text import chip, figure, swatch, table, text
from .key_slices import KeySlices, key_slices
from .layers import Layers
from .overview import overview_pictures
from .timeline import Timeline

ORDER = {change: place for place, change in enumerate(Change)}


def findings_table(
    pair: PairComparison, rows: PairRows | None, timeline: Timeline | None = None, places: bool = False
) -> str:
    """One line per finding with volumes, difference, class, the rule that decided it and its status.

    With a timeline also the 95 % interval of the change, and whether it is beyond measurement error. places: findings
    are places of change (see defaults.finds_places).
    """
    if not pair.findings:
        return f"<p>{text(sentence(pair, places))}</p>"
    largest = max(volume for finding in pair.findings for volume in finding.volumes_mm3)
    diameters = [_diameters(side) for side in rows] if rows else None
    lines = []
    for finding in _ordered(pair.findings):
        first, other = (_volume(volume) for volume in finding.volumes_mm3)
        sides = timeline.parts(finding, pair) if timeline else ([], [])
        true = [small(limits(true_total(side))) if side else "" for side in sides]
        words = f"Finding {finding.number}: {first} to {other} cubic millimeters, {finding.change}"
        lines.append(
            [
                _name(finding, timeline),
                "not shown" if finding.unseen else chip(finding.change),
                first + true[0],
                other + true[1],
                _difference(finding) + _interval(finding, pair, timeline),
                *([verdict(timeline.between(finding, pair))] if timeline else []),
                change_chart(finding.volumes_mm3, largest, LOOKS[finding.change], text(words)),
                *([_change_of(finding.number, diameters)] if diameters else []),
                text(finding.threshold),
                _status(finding),
            ]
        )
    volumes = totals_mm3(pair.findings)
    total = [_volume(volume) for volume in volumes]
    lines.append(
        [
            "",
            "<b>Total</b>",
            *(f"<b>{volume}</b>" for volume in total),
            "" if places else f"<b>{signed_volume(volumes[1] - volumes[0])}</b>",
            *[""] * (3 + bool(diameters) + (timeline is not None)),
        ]
    )
    headings = ["No.", "Class", "First mm³", "Other mm³", "Difference"]
    headings += ["Beyond error"] * (timeline is not None) + ["First ○ → other ●"]
    headings += ["Diameters mm"] * bool(diameters) + ["Rule", "Status"]
    return table(headings, lines, numbers=(0, 2, 3, 4)) + (_note(pair, timeline) if timeline else "")


def _note(pair: PairComparison, timeline: Timeline) -> str:
    """What the intervals are of."""
    seen = [o for finding in pair.findings for side in timeline.parts(finding, pair) for o in side]
    border = "" if any(o.true_volume.limits for o in seen) else " (not known here)"
    return (
        f'<p class="note">Below volumes: the 95 % interval of the true volume{border}. Below differences: that of the '
        "change; of a finding in both studies it is narrower, for an error that both share cancels out. Beyond error: "
        f"{beyond_error(timeline.patient.settings.relative_percent)}</p>"
    )


def overview(layers: Layers, name: str) -> str:
    """All findings seen through the head or body from three sides."""
    pictures = "".join(
        figure(image, f"{plane} view through {name} with the outlines of all findings", text(plane))
        for plane, image in overview_pictures(layers)
    )
    present = set(layers.changes.values())
    legend = "".join(chip(change) for change in Change if change in present)
    return f'<div class="row three">{pictures}</div><div class="legend">{legend}</div>'


def changed_findings(layers: Layers, first: Study, other: Study, timeline: Timeline | None) -> str:
    """Key slices of every finding that is not stable and was not rejected. timeline: what followed findings are."""
    changed = [finding for finding in _ordered(layers.findings) if finding.change in CHANGED and not finding.unseen]
    if not changed:
        return "<p>No finding changed by more than its threshold.</p>"
    return _ramp(layers) + "".join(
        _finding(finding, _name(finding, timeline), key_slices(layers, finding, len(changed)), first, other)
        for finding in changed
    )


def _finding(finding: Finding, name: str, slices: KeySlices | None, first: Study, other: Study) -> str:
    volumes = f"{_volume(finding.volumes_mm3[0])} → {_volume(finding.volumes_mm3[1])} mm³"
    header = (
        f"<header><h3 class=chip>{swatch(finding.change)}{name} · {text(finding.change.capitalize())}</h3>"
        f'<span class="volumes">{volumes} ({_difference(finding)})</span>'
        f'<span class="why">{text(finding.threshold)}</span></header>'
    )
    if slices is None:
        body = '<p class="note">It lies outside the part of the body that both studies show.</p>'
    else:
        what = f"finding {finding.number}, {finding.change}"
        captions = (
            (f"Where {what} is", text(f"{slices.plane}, whole slice")),
            (f"{what}, first study {first.name}", f"First: {text(first.name)}"),
            (f"{what}, other study {other.name}", f"Other: {text(other.name)}"),
            (f"{what}, difference of the two studies", "Difference, other − first"),
        )
        pictures = [figure(i, alternative, c) for i, (alternative, c) in zip(slices.pictures, captions, strict=True)]
        body = f'<div class="row slices">{"".join(pictures)}</div>'
    return f'<article class="finding">{header}{body}</article>'


def _interval(finding: Finding, pair: PairComparison, timeline: Timeline | None) -> str:
    """The 95 % interval of the relative change; of the difference, where nothing was there before."""
    size = timeline.between(finding, pair) if timeline else None
    if size is None:
        return ""
    if size.percent is not None:
        return small(" to ".join(percent(limit) for limit in size.percent.limits or ()))
    return small(" to ".join(signed_volume(limit) for limit in size.difference.limits or ()))


def _ramp(layers: Layers) -> str:
    limit, unit = layers.difference_limit, layers.pair.difference_unit
    stops = ",".join("rgb({},{},{})".format(*color) for color in difference_colors(np.array([-1.0, 0.0, 1.0])))
    words = f"−{limit:.3g} <span class=ramp style='background:linear-gradient(90deg,{stops})'></span> +{limit:.3g}"
    return (
        '<p class="note">Outlines have the color of the finding\'s class. Difference: '
        f"{words} {text(unit)}, blue is darker and orange brighter in the other study; white outlines are where "
        "change was detected, faint change too: they reach further than the findings' outlines, which "
        "are what is measured.</p>"
    )


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Changed findings first, class by class, the largest change of a class first."""
    stable_last = {**ORDER, Change.STABLE: len(ORDER)}
    return sorted(findings, key=lambda f: (stable_last[f.change], -abs(f.difference_mm3), f.number))


def _diameters(rows: Sequence[Row]) -> dict[int, str]:
    return {
        row.segment: f"{row.value('long_diameter'):.1f} × {row.value('short_diameter'):.1f}"
        for row in rows
        if row.component is None
    }


def _name(finding: Finding, timeline: Timeline | None) -> str:
    """The track's id, by which it is called in the other sections, and name; its number where nothing was followed."""
    if not finding.tracks:
        return text(finding.number)
    name = timeline.patient.track(finding.tracks[0]).name if timeline else ""
    return text(finding.tracks[0]) + (f" <small class=name>{text(name)}</small>" if name else "")


def _change_of(number: int, diameters: list[dict[int, str]]) -> str:
    return " → ".join(f'<span class="fixed">{side.get(number, "–")}</span>' for side in diameters)


def _volume(mm3: float) -> str:
    return cubic_millimeters(mm3) if mm3 > 0 else "–"


def _difference(finding: Finding) -> str:
    if finding.unseen:
        return "–"
    percent = finding.difference_percent
    share = "" if percent is None or abs(percent) < 0.5 else f", {percent:+.0f} %".replace("-", "−")
    return f"{signed_volume(finding.difference_mm3)}{share}"


def _status(finding: Finding) -> str:
    by = f" by {finding.reader}" if finding.reader else ""
    when = small(text(minute(finding.decided))) if finding.decided else ""
    return text(f"{finding.status}{by}") + when
