"""The change maps of a pair of studies: each over the first study's image, with its legend and figures."""

import numpy as np
import SimpleITK as sitk
from PIL import Image

from ..comparison.maps.color_maps import MapColors
from ..comparison.result import ChangeMap
from ..comparison.study import Study
from ..core.geometry import Geometry, resample
from ..core.progress import SILENT, Progress
from ..core.units import shown
from ..quantification.row import Row
from .html_text import figure, table, text
from .layers import Layers
from .picture import annotate, gray
from .view import View, views

PIXELS, SMALL_PIXELS = 380, 220
OPACITY = 0.85
LEGEND_WIDTH, LEGEND_HEIGHT, LEGEND_STEPS = 360, 14, 48
# of a table of many tissues and transitions
MOST_ROWS = 12


def maps_section(layers: Layers, first: Study, other: Study, small: bool = False, progress: Progress = SILENT) -> str:
    """HTML of all change maps of a pair; '' without any. small: pictures in one row of a narrow size."""
    maps = layers.pair.maps
    parts = []
    for done, each in enumerate(maps):
        progress(done / len(maps), "Drawing change maps")
        parts.append(_map(layers, each, first, other, SMALL_PIXELS if small else PIXELS))
    return "".join(parts)


def _map(layers: Layers, each: ChangeMap, first: Study, other: Study, pixels: int) -> str:
    title = f"<header><h3>{text(each.title)}</h3></header>"
    if each.missing:
        return f'<article class="finding map">{title}<p class="note">Not made: {text(each.missing)}</p></article>'
    parts = [_pictures(layers, each, name, first, other, pixels) for name in each.images]
    parts.append(f'<p class="note">{text(each.note)}</p>' if each.note else "")
    parts.append(_figures(each))
    return f'<article class="finding map">{title}{"".join(parts)}</article>'


def _pictures(layers: Layers, each: ChangeMap, name: str, first: Study, other: Study, pixels: int) -> str:
    colors, image = each.colors[name], each.images[name]
    point = strongest(image, colors)
    pictures = [
        (view.name, map_picture(layers, view, image, colors, point, pixels))
        for view in reversed(views(layers.pair.grid))
    ]
    alternative = f"{colors.title}, {first.name} to {other.name}"
    row = "".join(figure(p, f"{plane} {alternative}", text(plane)) for plane, p in pictures)
    nothing = "" if colors.is_shown(sitk.GetArrayViewFromImage(image)).any() else " Nothing reaches it here."
    return (
        f'<div class="legend">{legend(colors)}</div>'
        f'<p class="note">In color over {text(first.name)}: {_from(colors)}.{nothing} Each picture is the slice with '
        f'the most change.</p><div class="row three">{row}</div>'
    )


def _from(colors: MapColors) -> str:
    unit = f" {shown(colors.unit)}" if shown(colors.unit) else ""
    center = f" from {colors.center:.3g}" if colors.center else ""
    return text(f"change of {colors.threshold:.3g}{unit} or more{center}")


def map_picture(
    layers: Layers, view: View, image: sitk.Image, colors: MapColors, point: np.ndarray, pixels: int
) -> Image.Image:
    """The first study in gray, and in color the map where it is to be shown, in the slice through an LPS point."""
    grid = layers.whole_slice(view, point, pixels)
    rgb = gray(layers.values(grid, 0), layers.window)
    values = sitk.GetArrayFromImage(resample(image, grid, default_value=colors.center))[0]
    where = colors.is_shown(values)
    rgb[where] = np.round(OPACITY * colors.colors(values[where]) + (1 - OPACITY) * rgb[where]).astype(np.uint8)
    return annotate(rgb, grid.spacing[0], view.letters).quantize(128, dither=Image.Dither.NONE)


def strongest(image: sitk.Image, colors: MapColors) -> np.ndarray:
    """LPS point whose three slices have the most change that is shown, each for itself; the middle where none is."""
    values, grid = sitk.GetArrayViewFromImage(image), Geometry.of(image)
    amount = np.abs(np.nan_to_num(values, nan=colors.center) - colors.center) * colors.is_shown(values)
    if not amount.any():
        return grid.center
    most = [np.flatnonzero(sums == sums.max()) for sums in (amount.sum(axis=a) for a in ((0, 1), (0, 2), (1, 2)))]
    return grid.points(np.array([places[len(places) // 2] for places in most]))[0]


def legend(colors: MapColors) -> str:
    """A scale of the map's colors as inline SVG; what is below the threshold is left white."""
    edges = np.linspace(colors.low, colors.high, LEGEND_STEPS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    width = LEGEND_WIDTH / LEGEND_STEPS
    fills = np.where(colors.is_shown(middles)[:, np.newaxis], colors.colors(middles), 255)
    bars = "".join(
        f'<rect x="{n * width:.1f}" y="0" width="{width + 0.3:.1f}" height="{LEGEND_HEIGHT}" fill="rgb({r},{g},{b})"/>'
        for n, (r, g, b) in enumerate(fills.tolist())
    )
    ends = [(colors.low, "start"), (colors.center, "middle"), (colors.high, "end")]
    limits = [(colors.center + sign * colors.threshold, "middle") for sign in (-1, 1)]
    span = colors.high - colors.low
    # those of the threshold only where they do not run into the others
    ends += [(v, how) for v, how in limits if min(abs(v - end) for end, _ in ends) > 0.12 * span]
    marks = "".join(
        f'<text class="axis" x="{LEGEND_WIDTH * (v - colors.low) / span:.0f}" y="{LEGEND_HEIGHT + 14}" '
        f'text-anchor="{how}">{_short(v)}</text>'
        for v, how in ends
    )
    unit = f" ({text(shown(colors.unit))})" if shown(colors.unit) else ""
    return (
        f"<span>{text(colors.title)}{unit}</span>"
        f'<svg width="{LEGEND_WIDTH}" height="{LEGEND_HEIGHT + 18}" role="img" '
        f'viewBox="-1 -1 {LEGEND_WIDTH + 2} {LEGEND_HEIGHT + 19}" aria-label="{text(colors.title)} from '
        f'{_short(colors.low)} to {_short(colors.high)}">{bars}'
        f'<rect width="{LEGEND_WIDTH}" height="{LEGEND_HEIGHT}" fill="none" stroke="#9aa4b1"/>{marks}</svg>'
    )


def _figures(each: ChangeMap) -> str:
    """A line for each region, tissue or transition; those of findings are in the tables."""
    rows = [row for row in each.rows if not row.name.startswith("F") or not row.name[1:].isdigit()][:MOST_ROWS]
    names = list(dict.fromkeys(m.name for row in rows for m in row.measurements))
    units = {m.name: shown(m.unit) for row in rows for m in row.measurements}
    if not names:
        return ""
    headings = ["", *(text(f"{n.replace('_', ' ')}{f' ({units[n]})' if units[n] else ''}") for n in names)]
    lines = [[f"<b>{text(row.name.replace('_', ' '))}</b>", *(_value(row, n) for n in names)] for row in rows]
    if len(rows) == 1:  # many figures of one region are better read downwards
        half = -(-len(names) // 2)
        cells = list(zip(headings[1:], lines[0][1:], strict=True))
        lines = [[*left, *right] for left, right in zip(cells[:half], [*cells[half:], ("", "")], strict=False)]
        return table(["Figure", "Value", "Figure", "Value"], lines, numbers=(1, 3))
    return table(headings, lines, numbers=range(1, len(headings)))


def _value(row: Row, name: str) -> str:
    found = [m.value for m in row.measurements if m.name == name]
    return _short(found[0]) if found else "–"


def _short(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    written = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return written.replace("-", "−").replace(",", "\u202f")
