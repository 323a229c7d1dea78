"""What an enhancement did to image quality, in the scene: a table of figures and a chart of histograms."""

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.units import shown
from MedProcLib.quantification.image_quality import Histograms, QualityComparison
from MedProcLib.quantification.quality_table import QualityRow, quality_rows
from MedProcLib.scene.commit import commit
from MedProcLib.scene.plots import Series, chart_from_series
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.tables import Column, table_from_columns

# Roles of the references by which the table and the chart know the volumes they were made of.
BEFORE_ROLE, AFTER_ROLE = "MedProc.QualityBefore", "MedProc.QualityAfter"
BEFORE_COLOR, AFTER_COLOR = (0.55, 0.55, 0.55), (0.90, 0.45, 0.10)


def comparison_rows(comparison: QualityComparison) -> list[QualityRow]:
    """Figures before and after, then those of the image after against the one before."""
    return quality_rows(comparison.after, comparison.before) + quality_rows(comparison.between)


def add_quality_comparison(comparison: QualityComparison, before, after, scene=None):
    """Add the table and the chart of a comparison of two volume nodes; returns (table node, chart node).

    Those of an earlier comparison of the same two volumes are replaced. Raises InputError when one of the volumes is
    not in the scene anymore; then nothing is added.
    """
    scene = scene or slicer.mrmlScene
    for volume in (before, after):
        if not scene.IsNodePresent(volume):
            raise InputError(f"'{volume.GetName()}' was removed meanwhile, so nothing was added. Compare again.")
    earlier = _nodes_of(before, after, scene)
    inputs = {"before": before.GetName(), "after": after.GetName()}
    with commit(scene):
        table = add_quality_table(comparison_rows(comparison), f"{after.GetName()} quality", scene, like=after)
        table.SetDescription(comparison.description)
        chart = add_histogram_chart(comparison.histograms, before.GetName(), after.GetName(), scene)
        for node in (table, chart):
            node.SetNodeReferenceID(BEFORE_ROLE, before.GetID())
            node.SetNodeReferenceID(AFTER_ROLE, after.GetID())
            write_provenance(node, Provenance(Recipe(()), inputs))
    for old in earlier:
        _take_place(table if old.IsA("vtkMRMLTableNode") else chart, old, scene)
    return table, chart


def add_quality_table(rows: list[QualityRow], name: str, scene=None, like=None):
    """Add a table with a row for each figure. Units are in a column, since each row has its own."""
    columns = [
        Column("figure", [row.figure.title for row in rows]),
        Column("before", [_value(row.before) for row in rows], meaning="of the image before"),
        Column("after", [_value(row.after) for row in rows], meaning="of the image after, or of it against the other"),
        Column("change", [row.change for row in rows], meaning="after minus before"),
        Column("change_percent", [row.change_percent for row in rows], "%", "of the value before"),
        Column("unit", [shown(row.after.unit) for row in rows]),
        Column("better", [row.better for row in rows], meaning="which is better, where one is"),
        Column("definition", [row.figure.meaning for row in rows]),
        Column("missing", [row.undefined for row in rows], meaning="why a figure has no value"),
    ]
    return table_from_columns(columns, name, scene, like)


def add_histogram_chart(histograms: Histograms, before: str, after: str, scene=None):
    """Add a chart of the values before and after over the same bins. before, after: names of the images."""
    values = histograms.values.tolist()
    series = [
        Series(f"before: {before}", values, histograms.before.tolist(), BEFORE_COLOR, "line"),
        Series(f"after: {after}", values, histograms.after.tolist(), AFTER_COLOR, "line"),
    ]
    return chart_from_series(series, f"Histogram of {after}", "intensity", "share of voxels", y_unit="%", scene=scene)


def _value(measurement) -> float | None:
    return None if measurement is None else float(measurement.value)


def _nodes_of(before, after, scene) -> list:
    """Tables and charts of an earlier comparison of these two volumes."""
    return [
        node
        for kind in ("vtkMRMLTableNode", "vtkMRMLPlotChartNode")
        for node in (scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind)))
        if (node.GetNodeReferenceID(BEFORE_ROLE), node.GetNodeReferenceID(AFTER_ROLE))
        == (before.GetID(), after.GetID())
    ]


def _take_place(node, old, scene) -> None:
    """Remove a table or chart that is outdated, with all its parts, and give the new one and its parts their names."""
    parts = _parts(old)
    names = [part.GetName() for part in parts]
    for part in parts:
        scene.RemoveNode(part)
    for part, name in zip(_parts(node), names, strict=False):  # a reader may have changed the chart's series
        part.SetName(name)


def _parts(node) -> list:
    """A table; or a chart, its series and their points."""
    parts = [node]
    if node.IsA("vtkMRMLPlotChartNode"):
        for number in range(node.GetNumberOfPlotSeriesNodes()):
            series = node.GetNthPlotSeriesNode(number)
            parts += [part for part in (series, series.GetTableNode()) if part is not None]
    return parts
