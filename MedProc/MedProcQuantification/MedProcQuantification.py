"""MedProc Quantification: figures of segments, their parts and slices; kept up to date, corrected, drawn, exported."""

import importlib.util
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

if importlib.util.find_spec("MedProcLib") is None:  # a source checkout: it lies beside MedProc/
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from MedProcLib.core.errors import InputError
from MedProcLib.core.preset import recipe_of
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.quantification.row import Row
from MedProcLib.scene.diameter_lines import MOST_OBJECTS, LineWatch
from MedProcLib.scene.features_scene import add_features, segment_features, segment_robustness
from MedProcLib.scene.measurement_export import export_of, write_table
from MedProcLib.scene.measurement_input import MeasurementSource, measured_rows, measurement_input, measurement_source
from MedProcLib.scene.measurement_scene import MeasurementNodes, add_measurements, is_measured_of, origin_of
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.reader_edits import edits_of, forget_edits
from MedProcLib.scene.segment_statistics_plugin import register_segment_statistics_plugin
from MedProcLib.scene.sequences import frames_of, sequence_of
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.value_unit import unit_of_values
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.chart_panel import ChartPanel
from MedProcLib.widgets.export_panel import ExportPanel
from MedProcLib.widgets.features_panel import FeaturesPanel
from MedProcLib.widgets.inputs import own_volume, propose_segmentation, propose_volume, require_present
from MedProcLib.widgets.live_measurement import LiveMeasurement
from MedProcLib.widgets.measure_settings import MeasureSettings
from MedProcLib.widgets.measurement_view import MeasurementView
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.segment_choice import ALL, CHECKED, CHOICES, SegmentList, chosen_segments
from MedProcLib.widgets.suv_panel import SuvPanel


class MedProcQuantification(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Quantification"),
            summary=_("Measure volume, diameters and intensities of each segment, its parts and its slices."),
        )
        # Segment Statistics may be loaded after this module
        slicer.app.connect("startupCompleted()", register_segment_statistics_plugin)


@parameterNodeWrapper
class MedProcQuantificationParameterNode:
    """outputTable: replaced by the next figures, None for a new table; resultTable: the last figures.

    checkedSegments, shownColumns: lists as JSON, '' before the user chose.
    """

    segmentation: vtkMRMLSegmentationNode
    inputVolume: vtkMRMLScalarVolumeNode
    allTimes: bool = False
    segments: Annotated[str, Choice(list(CHOICES))] = ALL
    checkedSegments: str = ""
    recipe: str = ""
    diameterLines: bool = False
    outputTable: vtkMRMLTableNode
    resultTable: vtkMRMLTableNode
    reader: str = ""
    shownColumns: str = ""


class MedProcQuantificationWidget(ModuleWidget):
    run_tip = _("Measure the segments; segmentation and volume are not modified")

    def makeLogic(self):
        return MedProcQuantificationLogic()

    def makeChain(self):
        return MeasureSettings(self.logic.defaultRecipe(), self.onChainEdited)

    def connectPanel(self):
        ui, start = self.ui, self.run.start
        self._unitOf = self._volumeOf = None
        ui.segmentationSelector.connect("nodeActivated(vtkMRMLNode*)", self.onSegmentation)
        self.segmentList = SegmentList(ui.segmentList, self.onSegmentsChecked)
        self.suv = SuvPanel(self.inputVolume, self.onSuvMade, start)
        self.live = LiveMeasurement(self.prepareLive)
        self.results = MeasurementView(self.resultTable, self.measuredSegmentation, self.columns, self.onColumns)
        self.charts = ChartPanel(self.results, self.resultTable, self.prepareValues, start)
        self.features = FeaturesPanel(self.prepareFeatures, start)
        self.export = ExportPanel(self.resultTable, self.reader, start, self.run.say)
        self.lines = LineWatch(self.reader, self.onResultsChanged)
        for frame, widget in (
            (ui.suvFrame, self.suv.widget),
            (ui.liveFrame, self.live.widget),
            (ui.resultsFrame, self.results.widget),
            (ui.chartsFrame, self.charts.widget),
            (ui.featuresFrame, self.features.widget),
            (ui.exportFrame, self.export.widget),
        ):
            frame.layout().addWidget(widget)
        ui.takeBackButton.connect("clicked()", self.onTakeBack)

    def proposeInputs(self):
        parameters = self.parameters
        if parameters.segmentation is None:
            parameters.segmentation = propose_segmentation()
            self.followSegmentation(parameters.segmentation)
        self._volumeOf = parameters.segmentation
        parameters.inputVolume = parameters.inputVolume or propose_volume(parameters.segmentation)

    def cleanup(self):
        self.live.close()
        self.lines.stop()
        super().cleanup()

    def exit(self):
        """Segments are edited and lines dragged in other modules too: the table follows until the scene closes."""
        if not (self.live.active or self.lines.active):
            super().exit()

    def onSceneStartClose(self, caller=None, event=None):
        self.live.stop()
        self.lines.stop()
        self._unitOf = self._volumeOf = None
        super().onSceneStartClose(caller, event)

    def refresh(self):
        parameters, ui = self.parameters, self.ui
        self.proposeUnit()
        listed = parameters.segments == CHECKED and parameters.segmentation is not None
        ui.segmentList.visible = listed
        if listed:  # not whether it is seen: the section may be closed
            self.segmentList.show(parameters.segmentation, self.checkedSegments())
        volume = parameters.inputVolume
        ui.timesCheckBox.visible = volume is not None and sequence_of(volume) is not None
        self.suv.changed()
        self.live.watch(parameters.segmentation, volume)
        self.lines.start(parameters.resultTable)
        self.features.set_missing(self.missing())
        self.onResultsChanged()

    def proposeUnit(self):
        """The unit of the values follows the volume, unless the reader chose one since it was chosen; so do the figures
        of PET, as long as no other setting was changed."""
        volume = self.parameters.inputVolume
        (step,) = self.recipe().steps
        if volume is None or volume is self._unitOf or not isinstance(step.operation, Measure):
            return
        self._unitOf = volume
        unit, known = unit_of_values(volume), step.operation.declaration.parameter("intensity_unit").choices
        if unit != step.operation.intensity_unit and unit in known:
            proposed = replace(step.operation, intensity_unit=unit)
            usual = create_operation("quantification.measure", {"intensity_unit": unit})
            if replace(proposed, pet=False) == usual:
                proposed = replace(proposed, pet=unit == "SUV" and volume.GetImageData().GetDimensions()[2] > 1)
            self.chain.set_recipe(Recipe.of(proposed))
            self.onChainEdited()

    def followSegmentation(self, segmentation):
        """Measure in the volume that this segmentation was drawn on, unless the one before is measured in another than
        its own, such as a PET beside the CT."""
        own, before = own_volume(segmentation), own_volume(self._volumeOf)
        self._volumeOf = segmentation
        if own is not None and (before is None or self.parameters.inputVolume in (before, None)):
            self.parameters.inputVolume = own

    def missing(self):
        if self.parameters.segmentation is None:
            return _("Choose the segmentation to measure (MedProc Segmentation or the Segment Editor makes one).")
        return "" if self.parameters.inputVolume is not None else _("Choose the volume to measure in.")

    def prepare(self):
        parameters = self.parameters
        return self.task(parameters.outputTable)

    def prepareLive(self, reader=None):
        """Measure into the table that is shown when it is of this segmentation, else the chosen one."""
        parameters = self.parameters
        shown = parameters.resultTable
        return self.task(shown if is_measured_of(shown, parameters.segmentation) else parameters.outputTable, reader)

    def task(self, output, reader=None):
        """compute and commit of a measurement; see RunPanel."""
        parameters = self.parameters
        task = self.logic.prepare(
            *(parameters.segmentation, parameters.inputVolume, self.recipe(), output, parameters.diameterLines),
            segments=self.chosenSegments(),
            allTimes=parameters.allTimes and sequence_of(parameters.inputVolume) is not None,
            reader=reader,
        )

        # the reader's edits that are shown now hold in a new table too
        task = replace(task, earlier=parameters.resultTable)

        def commitResult(rows):
            nodes = self.lines.quietly(lambda: self.logic.commit(task, rows))
            parameters.resultTable = nodes.table
            self.lines.start(nodes.table)
            self.onResultsChanged()
            said = [what_was_measured(rows, nodes.table.GetName())]
            if nodes.held:
                said.append(_("Diameters drawn by a reader hold: {n}.").format(n=nodes.held))
            if nodes.adrift:
                said.append(_("Drawn diameters without a row of their object, kept: {n}.").format(n=nodes.adrift))
            if nodes.drawn == MOST_OBJECTS:
                said.append(_("Lines are drawn of {n} objects at most.").format(n=MOST_OBJECTS))
            return " ".join(said)

        return task.compute, commitResult

    def chosenSegments(self):
        parameters = self.parameters
        return chosen_segments(parameters.segmentation, parameters.segments, self.checkedSegments())

    def checkedSegments(self):
        """Ids of the segments that are checked in the list; all, before the user unchecked one."""
        parameters = self.parameters
        if parameters.checkedSegments:
            return json.loads(parameters.checkedSegments)
        return list(parameters.segmentation.GetSegmentation().GetSegmentIDs())

    def source(self):
        """The chosen segments in the volume, for a chart or for features. Raises InputError."""
        if self.missing():
            raise InputError(self.missing())
        parameters = self.parameters
        return measurement_source(parameters.segmentation, parameters.inputVolume, self.chosenSegments())

    def prepareValues(self):
        return self.source(), self.unit()

    def prepareFeatures(self):
        return self.parameters.inputVolume, self.source(), self.unit()

    def unit(self):
        (step,) = self.recipe().steps
        return getattr(step.operation, "intensity_unit", None) or unit_of_values(self.parameters.inputVolume)

    def onSegmentation(self, segmentation):
        if self.parameters is not None:
            self.followSegmentation(segmentation)

    def onChainEdited(self):
        super().onChainEdited()
        self.live.changed()

    def onSegmentsChecked(self, ids):
        self.parameters.checkedSegments = json.dumps(ids)
        self.live.changed()

    def onSuvMade(self, volume):
        if self.parameters is not None:  # None when the reader went to another module meanwhile
            self.parameters.inputVolume = volume

    def onColumns(self, names):
        self.parameters.shownColumns = json.dumps(names)

    def onResultsChanged(self):
        """The table that is shown, or what it holds, may be another."""
        self.results.changed(self.otherOrigin())
        self.charts.changed()
        self.export.changed()
        table = self.resultTable()
        self.ui.takeBackButton.visible = table is not None and bool(edits_of(table))

    def onTakeBack(self):
        forget_edits(self.resultTable())
        self.run.start(self.prepareLive)

    def otherOrigin(self):
        """What the table that is shown was measured of, where that is not what is chosen now; else ''."""
        table = self.resultTable()
        if table is None:
            return ""
        nodes = origin_of(table)
        if nodes == (self.parameters.segmentation, self.parameters.inputVolume) and None not in nodes:
            return ""
        segmentation, volume = (f"'{node.GetName()}'" if node is not None else _("what is gone") for node in nodes)
        text = _("These figures are of {segmentation} in {volume}, not of what is chosen now.")
        return text.format(segmentation=segmentation, volume=volume)

    def measuredSegmentation(self):
        table = self.resultTable()
        return origin_of(table)[0] if table is not None else None

    def inputVolume(self):
        return self.parameters.inputVolume if self.parameters is not None else None

    def resultTable(self):
        return self.parameters.resultTable if self.parameters is not None else None

    def reader(self):
        # lines are dragged in other modules too, while the panel shows no parameters
        return (self.parameters or self.logic.getParameterNode()).reader

    def columns(self):
        text = self.parameters.shownColumns if self.parameters is not None else ""
        return json.loads(text) if text else []


def what_was_measured(rows: list[Row], table: str) -> str:
    """A line for the reader. Of segments, not of rows: a segment in one piece has two."""
    pairs, times = sum(row.other is not None for row in rows), len({row.time_point for row in rows})
    count = pairs or len({row.segment for row in rows})
    if pairs:
        text = _("One pair of segments: '{table}'.") if pairs == 1 else _("{count} pairs of segments: '{table}'.")
    elif times > 1:
        text = _("{count} segments measured at {times} time points: '{table}'.")
        text = text if count > 1 else _("One segment measured at {times} time points: '{table}'.")
    else:
        text = _("One segment measured: '{table}'.") if count == 1 else _("{count} segments measured: '{table}'.")
    return text.format(count=count, times=times, table=table)


@dataclass(frozen=True)
class QuantificationTask:
    """All that a run needs; compute() may run in a worker thread, whose progress brings the copying of voxels here."""

    segmentation: Any
    volume: Any
    output: Any
    lines: bool
    source: MeasurementSource
    recipe: Recipe
    earlier: Any = None

    def compute(self, progress: Progress = SILENT) -> list[Row]:
        (_number, settings), *_others = self.recipe.enabled_steps
        progress(0.0, "Reading the segments")
        return measured_rows(self.source.read(progress), settings, progress.part(0.05, 1))


class MedProcQuantificationLogic(ScriptedLoadableModuleLogic):
    """Measure segments from the Python console:

    logic = MedProcQuantificationLogic()
    table = logic.process(slicer.util.getNode("Findings"), slicer.util.getNode("FLAIR"))
    table = logic.process(segmentation, ct, Measure(slices=True, intensity_unit="HU"), lines=True)
    features = logic.features(segmentation, ct, Radiomics(bin_number=64), segments=["Segment_1"])
    logic.export(table, "figures.csv")         # .csv, .tsv or .json
    logic.exportDicom(table, "report.dcm", reader="Ann Reader")
    """

    def getParameterNode(self):
        return MedProcQuantificationParameterNode(super().getParameterNode())

    def defaultRecipe(self) -> Recipe:
        """The measurement with its settings."""
        return Recipe.of(create_operation("quantification.measure"))

    def process(
        self,
        segmentation,
        volume,
        recipe: Any = None,
        output=None,
        lines=False,
        progress=SILENT,
        segments=None,
        allTimes=False,
    ):
        """Measure a segmentation node in a volume node and return the table node, a new one unless `output` is given.

        recipe: core.recipe.Recipe, or its one operation: Measure, CalciumScore, BodyComposition; lines: also draw the
        diameters as line nodes; segments: ids, all by default; allTimes: in every volume of the sequence that the
        volume shows.
        Raises InputError, Cancelled; then the scene is as it was.
        """
        recipe = recipe_of(recipe, ()) if recipe is not None else self.defaultRecipe()
        task = self.prepare(segmentation, volume, recipe, output, lines, segments, allTimes)
        return self.commit(task, task.compute(progress)).table

    def prepare(
        self, segmentation, volume, recipe, output=None, lines=False, segments=None, allTimes=False, reader=None
    ) -> QuantificationTask:
        """Look at the nodes (main thread); see process. reader: one that knows them. Raises InputError."""
        frames = frames_of(volume) if allTimes else ()
        source = measurement_source(segmentation, volume, segments, frames, reader)
        return QuantificationTask(segmentation, volume, output, lines, source, recipe)

    def commit(self, task: QuantificationTask, rows: list[Row]) -> MeasurementNodes:
        """Write the figures to the scene (main thread)."""
        require_present(task.segmentation, task.volume, task.output)
        nodes = (task.segmentation, task.volume, task.output)
        return add_measurements(rows, task.source, task.recipe, *nodes, task.lines, task.earlier)

    def features(
        self, segmentation, volume, settings: Radiomics | None = None, segments=None, perturbations=0, progress=SILENT
    ):
        """Radiomic features of segments in a volume node, as a new table node. Raises InputError, Cancelled.

        perturbations: how often (2 to 1000) to draw image and outline anew, for the interval and the ICC of each
        feature; 0 for none.
        """
        settings = settings or replace(Radiomics(), intensity_unit=unit_of_values(volume))
        given = measurement_input(segmentation, volume, segments)
        found = segment_features(given, settings, progress.part(0, 0.1 if perturbations else 1))
        varied = segment_robustness(given, settings, perturbations, progress.part(0.1, 1)) if perturbations else None
        return add_features(found, given, volume, settings, varied)

    def export(self, table, path) -> None:
        """Write a table as .csv or .tsv, or all that was measured as .json; whole or not at all. Raises InputError."""
        if Path(path).suffix.lower() == ".json":
            export_of(table).write_record(path)
        else:
            write_table(table, path)

    def exportDicom(self, table, path, reader="", progress=SILENT) -> list[Path]:
        """Write a DICOM measurement report, and beside it the segmentation it refers to; returns the files.

        Raises InputError for a volume that is not from DICOM, and for segments that changed since they were measured.
        """
        return export_of(table, dicom=True).write_dicom(path, reader, progress)


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
