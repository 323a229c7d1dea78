"""Small charts as inline SVG."""

import math
from collections.abc import Sequence

from .colors import Look

WIDTH, HEIGHT = 150, 18


def change_chart(volumes: tuple[float, float], largest: float, look: Look, alternative: str) -> str:
    """A line from the first volume (open dot) to the other (full dot) on a square-root scale up to `largest`.

    The square root lets small findings be seen beside large ones. alternative: the same in words (escaped already).
    """
    first, other = (8 + (WIDTH - 16) * math.sqrt(max(v, 0) / max(largest, 1e-9)) for v in volumes)
    y = HEIGHT / 2
    return (
        f'<svg class="dumbbell" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{alternative}"><line x1="8" x2="{WIDTH - 8}" y1="{y}" y2="{y}" stroke="#e4e7eb"/>'
        f'<line x1="{first:.1f}" x2="{other:.1f}" y1="{y}" y2="{y}" stroke="{look.css}" stroke-width="3"/>'
        f'<circle cx="{first:.1f}" cy="{y}" r="4" fill="#fff" stroke="{look.css}" stroke-width="2"/>'
        f'<circle cx="{other:.1f}" cy="{y}" r="5" fill="{look.css}"/></svg>'
    )


def total_chart(points: Sequence[tuple[float, float, str]], alternative: str) -> str:
    """Line chart of (position in time, volume in ml, escaped label) from the first study on; from zero up."""
    width, height, left, right, top, bottom = 720, 220, 56, 60, 22, 36
    start, end = points[0][0], points[-1][0]
    step = _round_step(max(volume for _, volume, _ in points) or 1)
    high = step * math.ceil((max(volume for _, volume, _ in points) or 1) / step)

    def place(time: float, volume: float) -> tuple[float, float]:
        x = left + (width - left - right) * (time - start) / ((end - start) or 1)
        return x, height - bottom - (height - top - bottom) * volume / high

    parts = [
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{alternative}">',
        f'<text x="{left - 44}" y="12" class="axis">ml</text>',
    ]
    for i in range(round(high / step) + 1):
        _, y = place(start, i * step)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e7eb"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" class="axis">{i * step:g}</text>')
    line = " ".join("{:.1f},{:.1f}".format(*place(time, volume)) for time, volume, _ in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1f4e79" stroke-width="2.5"/>')
    for time, volume, label in points:
        x, y = place(time, volume)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#1f4e79"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 11:.1f}" text-anchor="middle" class="value">{volume:.3g}</text>')
        parts.append(f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" class="axis">{label}</text>')
    return "".join([*parts, "</svg>"])


def _round_step(largest: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that needs at most five steps to `largest`."""
    power = 10 ** math.floor(math.log10(largest / 5))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * 5 >= largest)
