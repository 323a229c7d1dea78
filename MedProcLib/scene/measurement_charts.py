"""Charts of measurements: of the values in the segments, and of the figures in a table."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.quantification.profile.histogram import histograms
from MedProcLib.quantification.profile.histogram import volume_histogram as cumulative_histogram
from MedProcLib.quantification.profile.line_profile import full_width_at_half_maximum, line_profile
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.measurement_input import MeasurementInput
from MedProcLib.scene.plots import (
    MOST_IN_LEGEND,
    Series,
    chart_from_series,
    redraw_chart,
    remove_series,
    series_of_chart,
)

TABLE_ROLE, KIND = "MedProc.ChartTable", "MedProc.Chart"  # by which a chart knows what it shows
LEAST_BINS, MOST_BINS, LEVELS = 32, 256, 200
OUTERMOST = 0.1  # percent of a segment's values at either end that a histogram may leave out
FIGURE_COLOR = (0.27, 0.47, 0.71)  # of bars and points; the first of Slicer's own is black
HALF_WIDTH = 0.3
LEGEND_SHARE = 0.6  # of the width of boxes and bars that is left beside them
LEAST_PLACES = 8  # fewer would be numbered in fractions
BAR_SHARE = 0.8  # of the distance between two x that the bars at one of them fill together (VTK's default)
Color = tuple[float, float, float]


@dataclass(frozen=True)
class SegmentValues:
    """The finite values of a segment's voxels; color: None where another segment has the same."""

    name: str
    color: Color | None
    values: np.ndarray


@dataclass(frozen=True)
class Chart:
    """What a chart shows; units as in core.units; x_range: of the axis, by default as the points need."""

    kind: str
    series: tuple[Series, ...]
    x_title: str
    y_title: str
    x_unit: str = ""
    y_unit: str = ""
    x_range: tuple[float, float] | None = None


def segment_values(given: MeasurementInput, progress: Progress = SILENT) -> list[SegmentValues]:
    """Values of the segments in the first image. Touches no node. Raises InputError when none has a finite value."""
    image = sitk.GetArrayViewFromImage(given.times[0].image)
    found: dict[int, np.ndarray] = {}
    for labels in map(sitk.GetArrayViewFromImage, given.segments.label_maps()):
        for value, box in enumerate(ndimage.find_objects(labels), 1):
            progress.check()
            if box is not None:
                values = image[box][labels[box] == value]
                found[value] = values[np.isfinite(values)]
    shown = {n: given.segments.segments[n] for n in sorted(found) if found[n].size}
    times = Counter(one.color for one in shown.values())
    result = [
        SegmentValues(one.name, one.color if times[one.color] == 1 else None, found[n]) for n, one in shown.items()
    ]
    if not result:
        raise InputError(f"No segment of '{given.segmentation_name}' has a value in '{given.volume_name}'.")
    return result


def histogram(segments: Sequence[SegmentValues], unit: str) -> Chart:
    """Share of each segment's voxels in bins that all segments share."""
    low, high = _usual_range(segments)
    width = min(_usual_width(one.values) for one in segments)
    if all(np.array_equal(one.values, np.rint(one.values)) for one in segments):
        # as many whole numbers in each bin, or the line would be a comb
        width = max(1, round(width), math.ceil((high - low + 1) / MOST_BINS))
        bins = math.ceil((high - low + 1) / width)
        low, high = low - 0.5, low - 0.5 + bins * width
    else:
        bins = int(np.clip(math.ceil((high - low) / width), LEAST_BINS, MOST_BINS)) if width > 0 else MOST_BINS
    series = []
    for one, found in zip(
        segments, histograms([one.values for one in segments], unit, bins, limits=(low, high)), strict=True
    ):
        shares = 100.0 * found.counts / one.values.size
        series.append(Series(one.name, found.centers.tolist(), shares.tolist(), one.color, "line"))
    whole = all(low <= one.values.min() and one.values.max() <= high for one in segments)
    across = "value" if whole else f"value, without the outermost {OUTERMOST:g} %"
    return Chart("Histogram", tuple(series), across, "share of voxels", unit, "%")


def volume_histogram(segments: Sequence[SegmentValues], unit: str) -> Chart:
    """Share of each segment that has at least a value: the intensity-volume histogram."""
    series = []
    for one in segments:
        found = cumulative_histogram(one.values, unit, 1.0, LEVELS)
        x, y = [*found.values.tolist(), float(found.values[-1])], [*found.shares.tolist(), 0.0]
        series.append(Series(one.name, x, y, one.color, "line"))
    return Chart("Intensity-volume histogram", tuple(series), "value", "share of volume at or above", unit, "%")


def boxes(segments: Sequence[SegmentValues], unit: str) -> Chart:
    """By segment: a box from the 25th to the 75th percentile with the median, whiskers to the 5th and the 95th."""
    series = []
    for place, one in enumerate(segments, 1):
        low, first, middle, third, high = np.percentile(one.values, (5, 25, 50, 75, 95)).tolist()
        left, right = place - HALF_WIDTH, place + HALF_WIDTH
        path = [(place, low), (place, first), (left, first), (left, middle), (right, middle), (left, middle)]
        path += [(left, third), (place, third), (place, high), (place, third), (right, third), (right, first)]
        path += [(place, first)]
        x, y = zip(*path, strict=True)
        series.append(Series(one.name, x, y, one.color, "line"))
    return Chart("Box plot", tuple(series), "place in the list", "value", "", unit, _places(len(segments)))


def bars(names: Sequence[str], values: Sequence[float], title: str, unit: str) -> Chart:
    """A bar for each row of a table, at 1, 2 and so on, in colors that the legend names; Slicer writes no names below.

    Of more bars than a legend can name all have one color, and the pointer names them. Raises InputError when no row
    has a value.
    """
    finite = [(name, value) for name, value in zip(names, values, strict=True) if math.isfinite(value)]
    if not finite:
        raise InputError(f"'{title}' has no value in the rows that are shown.")
    if len(finite) <= MOST_IN_LEGEND:
        count = len(finite)
        # bars of several series lie around one x, as wide as its distance from the next allows: that is out of sight
        x = ((count + 1) / 2, (count + 1) / 2 - count / BAR_SHARE)
        each = tuple(Series(name, x, (value, 0.0), None, "bars", (name, "")) for name, value in finite)
        return Chart("Bars", each, "place in the list", title, "", unit, _places(count))
    labels, heights = zip(*finite, strict=True)
    series = Series(title, range(1, len(finite) + 1), heights, FIGURE_COLOR, "bars", labels)
    return Chart("Bars", (series,), "place in the list", title, "", unit)


def _places(count: int) -> tuple[float, float]:
    """Range of an axis of boxes or bars at 1, 2 and so on, and of the legend, which lies in the upper right corner."""
    room = LEGEND_SHARE * count if count <= MOST_IN_LEGEND else 0
    return 0.5, max(count + room, LEAST_PLACES) + 0.5


def scatter(
    names: Sequence[str], x: Sequence[float], y: Sequence[float], titles: tuple[str, str], units: tuple[str, str]
) -> Chart:
    """A point for each row of a table: one figure against another. Raises InputError when no row has both."""
    points = [each for each in zip(names, x, y, strict=True) if math.isfinite(each[1]) and math.isfinite(each[2])]
    if not points:
        raise InputError(f"No row that is shown has both '{titles[0]}' and '{titles[1]}'.")
    labels, first, second = zip(*points, strict=True)
    series = Series(f"{titles[1]} by {titles[0]}", first, second, FIGURE_COLOR, "markers", labels)
    return Chart("Scatter", (series,), *titles, *units)


def curves(
    kind: str, points: Mapping[str, Sequence[tuple[float, float]]], titles: tuple[str, str], units: tuple[str, str]
) -> Chart:
    """A line for each object through its points (x, y): over time, or along the slices."""
    finite = {name: [p for p in each if all(map(math.isfinite, p))] for name, each in points.items()}
    series = []
    for name, each in finite.items():
        if each:
            x, y = zip(*sorted(each), strict=True)
            series.append(Series(name, x, y))
    if not series:
        raise InputError(f"'{titles[1]}' has no value in the rows that are shown.")
    return Chart(kind, tuple(series), *titles, *units)


def profile(image: sitk.Image, ends: np.ndarray, name: str, unit: str) -> tuple[Chart, float]:
    """Values along a line (LPS, mm), and the full width (mm) at half the height of its peak, NaN where it has none.

    Raises InputError for less than two points, and a line that passes the image by.
    """
    if len(ends) < 2:
        raise InputError(f"Line '{name}' has one point: place its other end.")
    found = line_profile(image, tuple(ends[0]), tuple(ends[1]))
    series = Series(name, found.positions.tolist(), found.values.tolist(), FIGURE_COLOR, "line")
    chart = Chart("Profile", (series,), "distance", "value", "mm", unit)
    return chart, full_width_at_half_maximum(found).value


def add_chart(chart: Chart, table=None, name: str = "") -> Any:
    """Add a plot chart node; an earlier one of its kind of the same table is drawn anew in its place. Main thread."""
    title = f"{name}: {chart.kind.lower()}" if name else chart.kind
    drawn = chart.series, title, chart.x_title, chart.y_title, chart.x_unit, chart.y_unit
    earlier = chart_nodes(chart.kind, table)
    if earlier:
        redraw_chart(earlier[0], *drawn)
        for node in earlier[1:]:
            _remove(node)
        return _with_range(earlier[0], chart)
    node = _with_range(chart_from_series(*drawn, slicer.mrmlScene), chart)
    node.SetAttribute(KIND, chart.kind)
    if table is not None:
        node.SetNodeReferenceID(TABLE_ROLE, table.GetID())
        place_beside(node, table)
    return node


def _with_range(node, chart: Chart) -> Any:
    node.SetXAxisRangeAuto(chart.x_range is None)
    if chart.x_range is not None:
        node.SetXAxisRange(*chart.x_range)
    return node


def chart_nodes(kind: str, table=None) -> list:
    """The chart nodes of a kind that were made of a table."""
    scene = slicer.mrmlScene
    count = scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode")
    charts = [scene.GetNthNodeByClass(number, "vtkMRMLPlotChartNode") for number in range(count)]
    of = table.GetID() if table is not None else None
    return [c for c in charts if c.GetAttribute(KIND) == kind and c.GetNodeReferenceID(TABLE_ROLE) == of]


def _usual_range(segments: Sequence[SegmentValues]) -> tuple[float, float]:
    """From the smallest to the largest value of the segments, but for a few outliers of each."""
    low = min(float(np.percentile(one.values, OUTERMOST, method="lower")) for one in segments)
    high = max(float(np.percentile(one.values, 100 - OUTERMOST, method="higher")) for one in segments)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _usual_width(values: np.ndarray) -> float:
    """Width of a bin by Freedman and Diaconis."""
    first, third = np.percentile(values, (25, 75))
    return 2 * float(third - first) * values.size ** (-1 / 3)


def _remove(chart) -> None:
    for one in series_of_chart(chart):
        remove_series(one)
    slicer.mrmlScene.RemoveNode(chart)
