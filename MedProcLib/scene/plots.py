"""Series of numbers as plot charts, which Slicer shows in its plot views."""

import colorsys
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.units import shown
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.tables import Column, fill_table, rows_of_table, saved_text, table_from_columns, unit_of_column

LABELS = "label"
LINE_WIDTH = 2
FIRST_HUE, GOLDEN, ALIKE = 0.6, 0.618034, 0.2
MOST_IN_LEGEND = 15  # of more series the legend would hide the chart; the pointer names them


@dataclass(frozen=True)
class Series:
    """Points (x, y); color: RGB in 0..1, one that no other series of the chart has when None.

    style: 'line with markers', 'line', 'markers' or 'bars'; labels: of the points, shown at bars and pointers.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: tuple[float, float, float] | None = None
    style: str = "line with markers"
    labels: Sequence[str] = ()


def chart_from_series(
    series: Sequence[Series], title: str, x_title: str, y_title: str, x_unit: str = "", y_unit: str = "", scene=None
):
    """Add a plot chart node with its series, each with a table of its points; returns the chart node.

    Units as in core.units; they are shown with the axis titles. Raises InputError without a series.
    """
    _require_series(series, title)
    scene = scene or slicer.mrmlScene
    chart = new_node("vtkMRMLPlotChartNode", title, scene)
    scene.AddNode(chart)
    redraw_chart(chart, series, title, x_title, y_title, x_unit, y_unit)
    return chart


def redraw_chart(
    chart, series: Sequence[Series], title: str, x_title: str, y_title: str, x_unit: str = "", y_unit: str = ""
) -> None:
    """Have a chart show these series in the place of what it shows, in the views that show it.

    A series of a name that it has stays a node, with its color, and its points are written where they differ: to make
    nodes takes longer than a correction may. Raises InputError without a series; then nothing changes.
    """
    _require_series(series, title)
    earlier = series_of_chart(chart)
    known = {node.GetName(): node for node in reversed(earlier)}
    kept = [known[one.name].GetColor() for one in series if one.name in known]
    colors = _other_colors([*kept, *(one.color for one in series if one.color is not None)])
    nodes = []
    for one in series:
        node = known.pop(one.name, None)
        if node is None:
            node = _add_series(one, chart.GetScene())
            node.SetColor(*(one.color or next(colors)))
        _set_points(node, one, (x_title, x_unit), (y_title, y_unit))
        nodes.append(node)
    if nodes != earlier:
        chart.RemoveAllPlotSeriesNodeIDs()
        for node in nodes:
            chart.AddAndObservePlotSeriesNodeID(node.GetID())
        chart.SetLegendVisibility(len(nodes) <= MOST_IN_LEGEND)
        for node in earlier:
            if node not in nodes:
                remove_series(node)
    if chart.GetTitle() not in (None, "", title):  # of another line or segment now
        chart.SetName(chart.GetScene().GenerateUniqueName(title))
    chart.SetTitle(title)
    chart.SetXAxisTitle(_with_unit(x_title, x_unit))
    chart.SetYAxisTitle(_with_unit(y_title, y_unit))


def series_of_chart(chart) -> list:
    """The series nodes of a chart, in its order."""
    nodes = [chart.GetNthPlotSeriesNode(number) for number in range(chart.GetNumberOfPlotSeriesNodes())]
    return [node for node in nodes if node is not None]


def remove_series(node) -> None:
    """Remove a series node with the table of its points."""
    scene = node.GetScene()
    if node.GetTableNode() is not None:
        scene.RemoveNode(node.GetTableNode())
    scene.RemoveNode(node)


def show_chart(chart) -> None:
    """Show a chart in a plot view; the layout changes to one that has a plot when this one has none."""
    slicer.modules.plots.logic().ShowChartInLayout(chart)


def _add_series(series: Series, scene):
    """A series without points."""
    node = new_node("vtkMRMLPlotSeriesNode", series.name, scene)
    scene.AddNode(node)
    node.SetName(series.name)  # the legend shows it: no number that makes it the only one of its name
    return node


def _other_colors(used: Sequence[Sequence[float]]) -> Iterator[tuple[float, float, float]]:
    """Colors that can be told from those used and from each other; Slicer's own are drawn by chance, at times alike."""
    for number in itertools.count():
        # a turn by the golden ratio is far from all before it
        color = colorsys.hsv_to_rgb((FIRST_HUE + number * GOLDEN) % 1, 0.75, (0.85, 0.6)[number // 5 % 2])
        if all(math.dist(color, other) > ALIKE for other in used) or number > len(used) + 100:
            yield color


def _set_points(node, series: Series, x: tuple[str, str], y: tuple[str, str]) -> None:
    """Points and looks of a series node; x, y: title and unit."""
    across, up = saved_text(x[0]), saved_text(y[0])
    columns = [
        Column(across, [float(value) for value in series.x], x[1]),
        Column(up, [float(value) for value in series.y], y[1]),
    ]
    if series.labels:
        columns.append(Column(LABELS, list(series.labels)))
    table = node.GetTableNode()
    if table is None:
        table = table_from_columns(columns, f"{series.name} (points)", node.GetScene())
        node.SetAndObserveTableNodeID(table.GetID())
    elif not _holds(table, columns):
        fill_table(table, columns)
    node.SetXColumnName(across)
    node.SetYColumnName(up)
    bars, kinds = series.style == "bars", slicer.vtkMRMLPlotSeriesNode
    node.SetPlotType(kinds.PlotTypeScatterBar if bars else kinds.PlotTypeScatter)
    node.SetMarkerStyle(kinds.MarkerStyleCircle if "markers" in series.style else kinds.MarkerStyleNone)
    node.SetLineStyle(kinds.LineStyleSolid if "line" in series.style else kinds.LineStyleNone)
    node.SetLineWidth(LINE_WIDTH)
    node.SetLabelColumnName(LABELS if series.labels else "")
    if series.color is not None:
        node.SetColor(*series.color)


def _holds(table, columns: Sequence[Column]) -> bool:
    """Whether a table has just these columns, with these values and units."""
    names, values = [column.name for column in columns], [column.values for column in columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    return (
        table.GetNumberOfColumns() == len(columns)
        and all(unit_of_column(table, column.name) == column.unit for column in columns)
        and rows_of_table(table) == rows
    )


def _require_series(series: Sequence[Series], title: str) -> None:
    if not series:
        raise InputError(f"There is nothing to plot in '{title}'.")


def _with_unit(title: str, unit: str) -> str:
    return f"{title} [{shown(unit)}]" if shown(unit) else title
