"""Series of numbers as plot charts, which Slicer shows in its plot views."""

from collections.abc import Sequence
from dataclasses import dataclass

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.units import shown
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.tables import Column, table_from_columns

LABELS = "label"
LINE_WIDTH = 2


@dataclass(frozen=True)
class Series:
    """Points (x, y); color: RGB in 0..1, one of Slicer's own when None.

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
    if not series:
        raise InputError(f"There is nothing to plot in '{title}'.")
    scene = scene or slicer.mrmlScene
    chart = new_node("vtkMRMLPlotChartNode", title, scene)
    scene.AddNode(chart)
    for one in series:
        chart.AddAndObservePlotSeriesNodeID(_add_series(one, (x_title, x_unit), (y_title, y_unit), scene).GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(_with_unit(x_title, x_unit))
    chart.SetYAxisTitle(_with_unit(y_title, y_unit))
    return chart


def show_chart(chart) -> None:
    """Show a chart in a plot view; the layout changes to one that has a plot when this one has none."""
    slicer.modules.plots.logic().ShowChartInLayout(chart)


def _add_series(series: Series, x: tuple[str, str], y: tuple[str, str], scene):
    columns = [
        Column(x[0], [float(value) for value in series.x], x[1]),
        Column(y[0], [float(value) for value in series.y], y[1]),
    ]
    if series.labels:
        columns.append(Column(LABELS, list(series.labels)))
    table = table_from_columns(columns, f"{series.name} (points)", scene)
    node = new_node("vtkMRMLPlotSeriesNode", series.name, scene)
    scene.AddNode(node)
    node.SetName(series.name)  # the legend shows it: no number that makes it the only one of its name
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetXColumnName(x[0])
    node.SetYColumnName(y[0])
    bars, kinds = series.style == "bars", slicer.vtkMRMLPlotSeriesNode
    node.SetPlotType(kinds.PlotTypeBar if bars else kinds.PlotTypeScatter)
    node.SetMarkerStyle(kinds.MarkerStyleCircle if "markers" in series.style else kinds.MarkerStyleNone)
    node.SetLineStyle(kinds.LineStyleSolid if "line" in series.style else kinds.LineStyleNone)
    node.SetLineWidth(LINE_WIDTH)
    if series.labels:
        node.SetLabelColumnName(LABELS)
    if series.color is None:
        node.SetUniqueColor()
    else:
        node.SetColor(*series.color)
    return node


def _with_unit(title: str, unit: str) -> str:
    return f"{title} [{shown(unit)}]" if shown(unit) else title
