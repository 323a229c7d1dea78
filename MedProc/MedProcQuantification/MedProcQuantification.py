"""MedProc Quantification: volumes, diameters and intensities of segments and of their connected components."""

import importlib.util
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import qt
import SimpleITK as sitk
import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

if importlib.util.find_spec("MedProcLib") is None:  # a source checkout: it lies beside MedProc/
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from MedProcLib.core.atomic import whole_file
from MedProcLib.core.csv_text import csv_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.quantification.measure import measure
from MedProcLib.quantification.row import Row
from MedProcLib.quantification.table import wide_table
from MedProcLib.scene.commit import commit
from MedProcLib.scene.markups import line_from_points
from MedProcLib.scene.provenance import provenance_of, write_provenance
from MedProcLib.scene.segmentations import labels_of_segmentation
from MedProcLib.scene.tables import Column, rows_of_table, table_from_columns
from MedProcLib.scene.views import jump_slices
from MedProcLib.scene.volumes import image_of_volume
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.inputs import propose_node, propose_volume, require_present
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.results_table import ResultsTable

WHOLE = "all"  # in the column `component`: the row of a whole segment


class MedProcQuantification(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Quantification"),
            summary=_("Measure volume, diameters and intensities of each segment and of its connected components."),
        )


@parameterNodeWrapper
class MedProcQuantificationParameterNode:
    """outputTable: replaced by the next figures, None for a new table; resultTable: the last figures."""

    segmentation: vtkMRMLSegmentationNode
    inputVolume: vtkMRMLScalarVolumeNode
    recipe: str = ""
    diameterLines: bool = False
    outputTable: vtkMRMLTableNode
    resultTable: vtkMRMLTableNode


class MedProcQuantificationWidget(ModuleWidget):
    run_tip = _("Measure the segments; segmentation and volume are not modified")

    def makeLogic(self):
        return MedProcQuantificationLogic()

    def connectPanel(self):
        self.results = ResultsTable(self.ui.resultsTable, self.onResultSelected)
        self.ui.exportButton.connect("clicked()", self.onExport)

    def proposeInputs(self):
        parameters = self.parameters
        parameters.segmentation = parameters.segmentation or propose_node("vtkMRMLSegmentationNode")
        parameters.inputVolume = parameters.inputVolume or propose_volume(parameters.segmentation)

    def refresh(self):
        rows = self.resultRows()
        self.results.show(
            [_("Segment"), _("Part"), _("Volume\n[mm³]"), _("Long × short\n[mm]"), _("Mean"), _("SD")],
            [
                [
                    row["name"],
                    row["component"],
                    row["voxel_volume_mm3"],
                    f"{row['long_diameter_mm']:.1f} × {row['short_diameter_mm']:.1f}",
                    _first(row, "mean"),
                    _first(row, "sd"),
                ]
                for row in rows
            ],
        )
        self.ui.exportButton.enabled = bool(rows)

    def missing(self):
        if self.parameters.segmentation is None:
            return _("Choose the segmentation to measure (MedProc Segmentation or the Segment Editor makes one).")
        return "" if self.parameters.inputVolume is not None else _("Choose the volume to measure in.")

    def prepare(self):
        parameters = self.parameters
        task = self.logic.prepare(
            parameters.segmentation,
            parameters.inputVolume,
            self.recipe(),
            parameters.outputTable,
            parameters.diameterLines,
        )

        def commitResult(rows):
            parameters.resultTable = self.logic.commit(task, rows)
            return _("{count} rows in '{name}'.").format(count=len(rows), name=parameters.resultTable.GetName())

        return task.compute, commitResult

    def resultRows(self):
        """Rows of the last table; a segment in one piece is shown once."""
        table = self.parameters.resultTable
        rows = rows_of_table(table) if table is not None else []
        parts = Counter(row["segment"] for row in rows)
        return [row for row in rows if row["component"] == WHOLE or parts[row["segment"]] > 2]

    def onResultSelected(self, index):
        row = self.resultRows()[index]
        jump_slices(slicer.mrmlScene, [row[f"centroid_{axis}_mm"] for axis in "lps"])

    def onExport(self):
        path = qt.QFileDialog.getSaveFileName(
            self.panel, _("Export measurements"), f"{self.parameters.resultTable.GetName()}.csv", "CSV (*.csv)"
        )
        if path:
            self.exportCsv(path)

    def exportCsv(self, path):
        """Write all figures of the last run to a CSV file, whole or not at all."""
        try:
            self.logic.exportCsv(self.parameters.resultTable, path)
        except InputError as error:
            self.run.say(str(error), is_problem=True)
        else:
            self.run.say(_("Written: {path}").format(path=path))


@dataclass(frozen=True)
class QuantificationTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread."""

    segmentation: Any
    volume: Any
    output: Any
    lines: bool
    image: sitk.Image
    labels: sitk.Image
    names: dict[int, str]
    recipe: Recipe
    inputs: dict[str, str]

    def compute(self, progress: Progress = SILENT) -> list[Row]:
        (_number, settings), *_others = self.recipe.enabled_steps
        return measure(self.image, self.labels, self.names, settings, progress)


class MedProcQuantificationLogic(ScriptedLoadableModuleLogic):
    """Measure segments from the Python console:

    logic = MedProcQuantificationLogic()
    table = logic.process(slicer.util.getNode("Findings"), slicer.util.getNode("FLAIR"))
    """

    def getParameterNode(self):
        return MedProcQuantificationParameterNode(super().getParameterNode())

    def defaultRecipe(self) -> Recipe:
        """The measurement with its settings."""
        return Recipe.of(create_operation("quantification.measure"))

    def process(self, segmentation, volume, recipe=None, output=None, lines=False, progress=SILENT):
        """Measure a segmentation node in a volume node and return the table node, a new one unless `output` is given.

        lines: also draw the diameters as line nodes. Raises InputError, Cancelled; then the scene is as it was.
        """
        task = self.prepare(segmentation, volume, recipe or self.defaultRecipe(), output, lines)
        return self.commit(task, task.compute(progress))

    def prepare(self, segmentation, volume, recipe, output=None, lines=False) -> QuantificationTask:
        """Read the nodes (main thread). Raises InputError."""
        labels, segments = labels_of_segmentation(segmentation, volume)
        names = {value: segment.name for value, segment in segments.items()}
        inputs = {"labels": segmentation.GetName(), "image": volume.GetName()}
        return QuantificationTask(
            segmentation, volume, output, lines, image_of_volume(volume), labels, names, recipe, inputs
        )

    def commit(self, task: QuantificationTask, rows: list[Row]):
        """Write the figures to the scene (main thread) and return the table node."""
        require_present(task.segmentation, task.volume, task.output)
        with commit():
            table = table_from_columns(_columns(rows), f"{task.segmentation.GetName()} measurements", like=task.volume)
            if task.lines:
                _add_lines(rows, task.volume)
            if task.output is not None:
                task.output.CopyContent(table)
                slicer.mrmlScene.RemoveNode(table)
                table = task.output
            write_provenance(table, Provenance(task.recipe, task.inputs))
        return table

    def exportCsv(self, table, path) -> None:
        """Write a table of figures to a CSV file, whole or not at all. Raises InputError."""
        rows = rows_of_table(table)
        with whole_file(Path(path)) as temporary:
            Path(temporary).write_text(csv_text(list(rows[0]), [list(row.values()) for row in rows]), encoding="utf-8")


def _columns(rows: list[Row]) -> list[Column]:
    titles, lines = wide_table(rows)
    units = {measurement.column: measurement.unit for row in rows for measurement in row.measurements}
    columns = []
    for number, title in enumerate(titles):
        values = [line[number] for line in lines]
        if title == "component":
            values = [WHOLE if value is None else str(value) for value in values]
        columns.append(Column(title, values, units.get(title, "")))
    return columns


def _add_lines(rows: list[Row], volume) -> None:
    for row in rows:
        if row.component is None and any(r.segment == row.segment and r.component is not None for r in rows):
            continue  # its components carry the lines
        name = row.name if row.component in (None, 1) else f"{row.name} part {row.component}"
        for ends, which in ((row.long_axis, "long"), (row.short_axis, "short")):
            if np.linalg.norm(np.subtract(*ends)) > 0:
                line_from_points(*ends, f"{name} {which} diameter", like=volume)


def _first(row: dict[str, Any], name: str) -> Any:
    """A figure whose column name may carry a unit: 'mean' or 'mean_HU'."""
    return next((row[column] for column in (name, f"{name}_HU", f"{name}_SUV") if column in row), None)


class MedProcQuantificationTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def makeNodes(self):
        """A segment of two blocks: 4 x 6 x 10 voxels of 100 and 2 x 2 x 2 voxels of 50, in voxels of 1 mm."""
        values = np.zeros((20, 30, 40), np.int16)
        values[2:6, 4:10, 5:15] = 100
        values[12:14, 20:22, 30:32] = 50
        volume = slicer.util.addVolumeFromArray(values, name="Blocks")
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Seg")
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        segment = segmentation.GetSegmentation().AddEmptySegment("Block")
        mask = (values > 0).astype(np.uint8)
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
        return segmentation, volume

    def test_figures_of_known_blocks(self):
        segmentation, volume = self.makeNodes()
        table = MedProcQuantificationLogic().process(segmentation, volume)
        rows = rows_of_table(table)
        self.assertEqual([row["component"] for row in rows], ["all", "1", "2"])
        self.assertEqual([row["voxel_volume_mm3"] for row in rows], [248, 240, 8])
        self.assertEqual(rows[1]["mean"], 100)
        self.assertEqual(provenance_of(table).inputs, {"labels": "Seg", "image": "Blocks"})

    def test_diameters_as_lines(self):
        segmentation, volume = self.makeNodes()
        MedProcQuantificationLogic().process(segmentation, volume, lines=True)
        lines = slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")
        self.assertEqual(len(lines), 4)
        longest = max(line.GetLineLengthWorld() for line in lines)
        self.assertGreater(longest, 10)
        self.assertLess(longest, 12)
