"""Axes of a chart as inline SVG: from values to places, with lines and labels at round values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH = 720
LEFT, RIGHT, TOP, BOTTOM = 60, 70, 24, 34
LEAST_APART = 72  # of two labels on the horizontal axis, in pixels


@dataclass(frozen=True)
class Plot:
    """x, y: ranges of values; height in pixels; scale: what y is drawn as (such as its square root), increasing."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: int = 240
    scale: Callable[[float], float] = float
    bottom: int = BOTTOM

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Place in pixels; values beyond the range of y are put on its border."""
        (x0, x1), (y0, y1) = self.x, self.y
        low, high = self.scale(y0), self.scale(y1)
        share = (self.scale(min(max(y, y0), y1)) - low) / ((high - low) or 1)
        across = (x - x0) / ((x1 - x0) or 1)
        return LEFT + (WIDTH - LEFT - RIGHT) * across, self.height - self.bottom - share * (
            self.height - TOP - self.bottom
        )

    def svg(self, content: Sequence[str], alternative: str) -> str:
        """The chart. alternative: the same in words (escaped already)."""
        return (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {self.height}" role="img" aria-label="{alternative}">'
            f"{''.join(content)}</svg>"
        )

    def rows(self, values: Sequence[float], unit: str) -> list[str]:
        """Horizontal lines at values of y, with the unit (escaped) above them."""
        parts = [f'<text x="{LEFT - 8}" y="12" text-anchor="end" class="axis">{unit}</text>']
        for value in values:
            _, y = self.at(self.x[0], value)
            parts.append(line((LEFT, y), (WIDTH - RIGHT, y), "#e4e7eb"))
            words = f"{value:g}".replace("-", "−")
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" class="axis">{words}</text>')
        return parts

    def zero(self) -> str:
        """Horizontal line at 0, which stands out from the other ones: no change, or nothing there."""
        _, y = self.at(self.x[0], 0)
        return line((LEFT, y), (WIDTH - RIGHT, y), "#5b6675")

    def columns(self, labels: Sequence[tuple[float, str]]) -> list[str]:
        """Labels (escaped) at values of x, in ascending order; those that would cover others are left out."""
        parts, last = [], -math.inf
        end = self.at(labels[-1][0], 0)[0] if labels else 0
        for n, (value, label) in enumerate(labels):
            x, _ = self.at(value, 0)
            final = n == len(labels) - 1
            if not final and (x - last < LEAST_APART or (end - x < LEAST_APART)):
                continue
            last = x
            parts.append(f'<text x="{x:.1f}" y="{self.height - 10}" text-anchor="middle" class="axis">{label}</text>')
        return parts


def line(a: tuple[float, float], b: tuple[float, float], color: str, width: float = 1, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke="{color}" '
        f'stroke-width="{width:g}"{dashes}/>'
    )


def round_values(low: float, high: float, count: int = 5) -> list[float]:
    """About so many round values (steps of 1, 2 or 5 times a power of ten) from at most low to at least high."""
    if high <= low:
        high = low + 1
    power = 10.0 ** math.floor(math.log10((high - low) / count))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * count >= (high - low) * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]
