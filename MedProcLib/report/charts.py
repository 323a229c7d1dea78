"""Charts as inline SVG: one line per finding, curves over time, bars of change, lanes of response."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .colors import Look
from .plot import LEFT, RIGHT, TOP, WIDTH, Plot, line, round_values

LABEL_HEIGHT, LETTER_WIDTH, VALUE_WIDTH = 13, 7, 34
LEAST_BAR = 5.0  # height in pixels of a bar of no change
LAST_PHASE = 56  # width in pixels of a phase without end
DUMBBELL_WIDTH, DUMBBELL_HEIGHT = 120, 18


@dataclass(frozen=True)
class Curve:
    """points: (x, value, low, high), the limits None where not known; label: escaped, '' for none; color as in CSS."""

    label: str
    color: str
    points: Sequence[tuple[float, float, float | None, float | None]]
    width: float = 2.0


@dataclass(frozen=True)
class Bar:
    """label (escaped), value, and its limits where known."""

    label: str
    value: float
    color: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Phase:
    """start and end on the axis of time; label (escaped), color as in CSS."""

    start: float
    end: float
    label: str
    color: str


def change_chart(volumes: tuple[float, float], largest: float, look: Look, alternative: str) -> str:
    """A line from the first volume (open dot) to the other (full dot) on a square-root scale up to `largest`.

    The square root lets small findings be seen beside large ones. alternative: the same in words (escaped already).
    """
    width, y = DUMBBELL_WIDTH, DUMBBELL_HEIGHT / 2
    first, other = (8 + (width - 16) * math.sqrt(max(v, 0) / max(largest, 1e-9)) for v in volumes)
    return (
        f'<svg class="dumbbell" viewBox="0 0 {width} {DUMBBELL_HEIGHT}" width="{width}" height="{DUMBBELL_HEIGHT}" '
        f'role="img" aria-label="{alternative}">'
        f"{line((8, y), (width - 8, y), '#e4e7eb')}{line((first, y), (other, y), look.css, 3)}"
        f'<circle cx="{first:.1f}" cy="{y}" r="4" fill="#fff" stroke="{look.css}" stroke-width="2"/>'
        f'<circle cx="{other:.1f}" cy="{y}" r="5" fill="{look.css}"/></svg>'
    )


def curves_chart(
    curves: Sequence[Curve],
    times: Sequence[tuple[float, str]],
    unit: str,
    alternative: str,
    *,
    root: bool = False,
    most: float | None = None,
    values: bool = False,
    height: int = 260,
) -> str:
    """Curves over time with their 95 % intervals as bars, and labels at their ends.

    times: (x, escaped label) of the time points. root: draw square roots, so that small values are seen beside large
    ones. most: values above are cut off there. values: write each value above its point.
    """
    ends = [v for curve in curves for p in curve.points for v in p[1:] if v is not None]
    ticks = round_values(min(0.0, *ends, 0.0), min(max([*ends, 1e-9]), most or math.inf))
    plot = Plot((times[0][0], times[-1][0]), (ticks[0], ticks[-1]), height, _root if root else float)
    parts = [*plot.rows(ticks, unit), *plot.columns(times), plot.zero()]
    labels = []
    for curve in curves:
        places = [plot.at(x, value) for x, value, _, _ in curve.points]
        for x, _, low, high in curve.points:
            if low is not None and high is not None and high > low:
                parts.append(line(plot.at(x, low), plot.at(x, high), curve.color, 1.2))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{curve.color}" stroke-width="{curve.width:g}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{1 + curve.width:g}" fill="{curve.color}"/>' for x, y in places
        ]
        if values:
            parts += [_value(plot, curve.points, n) for n in _apart([x for x, _y in places])]
        if curve.label and places:
            labels.append((places[-1][1], places[-1][0], curve.label))
    return plot.svg([*parts, *_end_labels(labels, plot.height - plot.bottom)], alternative)


def bars_chart(bars: Sequence[Bar], unit: str, alternative: str, most: float = 200.0) -> str:
    """Bars side by side from zero (waterfall), their limits as lines; values above `most` are cut off and written."""
    ends = [v for bar in bars for v in (bar.value, bar.low, bar.high) if v is not None]
    ticks = round_values(min([0.0, *ends]), min(max([1.0, *ends]), most))
    # turned labels need room below, up to some twenty letters
    longer = round(5.6 * max(0, min(20, max((len(bar.label) for bar in bars), default=0)) - 4))
    plot = Plot((0, len(bars)), (ticks[0], ticks[-1]), 280 + longer, bottom=46 + longer)
    parts = plot.rows(ticks, unit)
    width = min(44.0, 0.8 * (WIDTH - LEFT - RIGHT) / max(len(bars), 1))
    for n, bar in enumerate(bars):
        (x, y), (_, zero) = plot.at(n + 0.5, bar.value), plot.at(n + 0.5, 0)
        top, tall = min(y, zero), abs(zero - y)
        if tall < LEAST_BAR:  # about 0: a mark on the line, which would cover it
            top, tall = (y + zero - LEAST_BAR) / 2, LEAST_BAR
        parts.append(
            f'<rect x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{tall:.1f}" fill="{bar.color}"/>'
        )
        if bar.low is not None and bar.high is not None:
            parts.append(line(plot.at(n + 0.5, bar.low), plot.at(n + 0.5, bar.high), "#1c2430", 1))
        if bar.value > ticks[-1]:
            parts.append(_beyond(x, bar.value, (WIDTH - LEFT - RIGHT) / len(bars)))
            left, right = (x - width / 2 - 3, TOP + 22), (x + width / 2 + 3, TOP + 12)
            parts.append(line(left, right, "#fff", 5))  # the bar is longer than it is drawn
        below = plot.height - plot.bottom + 12
        turned = f' transform="rotate(-60 {x:.1f} {below})" text-anchor="end"'
        parts.append(f'<text x="{x:.1f}" y="{below}"{turned} class="axis">{bar.label}</text>')
    return plot.svg([*parts, plot.zero()], alternative)


def lanes_chart(
    lanes: Sequence[tuple[str, Sequence[Phase]]], times: Sequence[tuple[float, str]], alternative: str
) -> str:
    """Lanes of phases over time (swimmer), each with its label (escaped) above it."""
    tall = 46
    plot = Plot((times[0][0], times[-1][0]), (0, 1), TOP + tall * len(lanes) + 30)
    parts = plot.columns(times)
    for n, (label, phases) in enumerate(lanes):
        top = TOP - 8 + n * tall
        parts.append(f'<text x="{LEFT}" y="{top + 10}" class="value">{label}</text>')
        for phase in phases:
            left, right = plot.at(phase.start, 0)[0], plot.at(phase.end, 0)[0]
            if phase is phases[-1]:  # the category of the last time point holds on
                right += LAST_PHASE
            parts.append(
                f'<rect x="{left:.1f}" y="{top + 16}" width="{right - left:.1f}" height="20" rx="3" '
                f'fill="{phase.color}" stroke="#fff"/>'
            )
            fits = right - left > 9 * len(phase.label)
            if fits or phase is phases[-1]:  # what does not fit in the last one ends with it
                x, anchor = ((left + right) / 2, "middle") if fits else (right - 5, "end")
                parts.append(
                    f'<text x="{x:.1f}" y="{top + 30}" text-anchor="{anchor}" class="lane">{phase.label}</text>'
                )
    return plot.svg(parts, alternative)


def _value(plot: Plot, points: Sequence[tuple[float, float, float | None, float | None]], n: int) -> str:
    """The value of a point above it or its interval, below where the curve has a dip; beside the axis, where it would
    cover that."""
    x, value, low, high = points[n]
    dip = 0 < n < len(points) - 1 and value < min(points[n - 1][1], points[n + 1][1])
    end = min(value, low if low is not None else value) if dip else max(value, high if high is not None else value)
    across, down = plot.at(x, end)
    anchor = "start" if across < LEFT + 20 else "middle"
    down += 16 if dip else -7
    return f'<text x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}" class="value">{value:.3g}</text>'


def _beyond(x: float, value: float, room: float) -> str:
    """The value of a bar that is cut off: above it, or where that would cover its neighbors', upright in the bar."""
    written = f"+{value:.0f}"
    if room > LETTER_WIDTH * (len(written) + 1):
        return f'<text x="{x:.1f}" y="{TOP - 6}" text-anchor="middle" class="axis">{written}</text>'
    below, right = TOP + 30, x + 4
    turned = f' transform="rotate(-90 {right:.1f} {below})" text-anchor="end"'
    return f'<text x="{right:.1f}" y="{below}"{turned} class="lane">{written}</text>'


def _apart(places: Sequence[float]) -> list[int]:
    """Which points have room for their value beside each other; the last one has."""
    written = [len(places) - 1] if places else []
    for n in range(len(places) - 2, -1, -1):
        if places[written[-1]] - places[n] >= VALUE_WIDTH:
            written.append(n)
    return written[::-1]


def _root(value: float) -> float:
    return math.copysign(math.sqrt(abs(value)), value)


def _end_labels(labels: Sequence[tuple[float, float, str]], lowest: float) -> list[str]:
    """Labels (y, x, text) to the right of their points, moved apart where they would cover each other."""
    placed: list[tuple[float, float, str]] = []
    for y, x, label in sorted(labels):
        placed.append((max(y, placed[-1][0] + LABEL_HEIGHT) if placed else y, x, label))
    over = max(0.0, placed[-1][0] - lowest) if placed else 0.0
    for n in range(len(placed) - 1, -1, -1):  # what was pushed below the chart is pushed up again
        y, x, label = placed[n]
        limit = placed[n + 1][0] - LABEL_HEIGHT if n + 1 < len(placed) else lowest
        placed[n] = (min(y, limit) if over else y, x, label)
    return [f'<text x="{x + 9:.1f}" y="{y + 4:.1f}" class="axis">{label}</text>' for y, x, label in placed]
