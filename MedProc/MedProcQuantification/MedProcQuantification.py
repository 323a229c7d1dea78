"""MedProc Quantification: figures of segments, their parts and slices; kept up to date, corrected, drawn, exported."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTableNode, vtkMRMLTextNode
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
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.quantification.measure import Measure
from MedProcLib.scene.diameter_lines import MOST_OBJECTS, LineWatch
from MedProcLib.scene.measurement_input import measurement_source
from MedProcLib.scene.measurement_scene import is_measured_of, origin_of
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.reader_edits import edits_of, forget_edits
from MedProcLib.scene.region_input import made_at
from MedProcLib.scene.segment_statistics_plugin import register_segment_statistics_plugin
from MedProcLib.scene.sequences import sequence_of
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.value_unit import is_adc_without_unit, unit_of_values
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.chart_panel import ChartPanel
from MedProcLib.widgets.classification_panel import ClassificationPanel
from MedProcLib.widgets.export_panel import ExportPanel
from MedProcLib.widgets.features_panel import FeaturesPanel
from MedProcLib.widgets.inputs import own_volume, propose_segmentation, propose_volume, with_way_for_color
from MedProcLib.widgets.live import NodeWatch
from MedProcLib.widgets.live_measurement import EVENTS, LiveMeasurement
from MedProcLib.widgets.measure_settings import MeasureSettings
from MedProcLib.widgets.measurement_view import MeasurementView
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.quantification_logic import QuantificationLogic, what_was_measured
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

    checkedSegments, shownColumns: lists as JSON, '' before the user chose. Those below shownColumns are of the
    classification: of its training, the classifier, and what that is to look at and proposed last.
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
    trainingTable: vtkMRMLTableNode
    classLabel: str = ""
    classPatient: str = ""
    classPositive: str = ""
    classFeatures: str = ""
    trainingSettings: str = ""
    classifier: vtkMRMLTextNode
    findingsTable: vtkMRMLTableNode
    proposalsTable: vtkMRMLTableNode


class MedProcQuantificationWidget(ModuleWidget):
    run_tip = _("Measure the segments; segmentation and volume are not modified")

    def makeLogic(self):
        return MedProcQuantificationLogic()

    def makeChain(self):
        return MeasureSettings(self.logic.defaultRecipe(), self.onChainEdited)

    def connectPanel(self):
        ui, start = self.ui, self.run.start
        self._unitOf = self._volumeOf = None
        self._madeAt = {}  # of the segments, by the table of their figures
        ui.segmentationSelector.connect("nodeActivated(vtkMRMLNode*)", self.onSegmentation)
        self.segmentList = SegmentList(ui.segmentList, self.onSegmentsChecked)
        self.suv = SuvPanel(self.inputVolume, self.onSuvMade, start)
        self.live = LiveMeasurement(self.prepareLive)
        self.edited = NodeWatch(self.onSegmentsEdited, lambda segmentation: (object(),), EVENTS)  # of every event
        self.results = MeasurementView(self.resultTable, self.measuredSegmentation, self.columns, self.onColumns)
        self.charts = ChartPanel(self.results, self.resultTable, self.prepareValues, start)
        self.features = FeaturesPanel(self.prepareFeatures, start)
        self.export = ExportPanel(self.resultTable, self.results.as_text, self.reader, start, self.run.say)
        self.classification = ClassificationPanel(lambda: self.parameters or self.logic.getParameterNode())
        self.lines = LineWatch(self.reader, self.onResultsChanged)
        for frame, widget in (
            (ui.suvFrame, self.suv.widget),
            (ui.liveFrame, self.live.widget),
            (ui.resultsFrame, self.results.widget),
            (ui.chartsFrame, self.charts.widget),
            (ui.featuresFrame, self.features.widget),
            (ui.exportFrame, self.export.widget),
            (ui.classificationFrame, self.classification.widget),
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

    def closePanel(self):
        self.live.close()
        self.lines.stop()
        self.edited.watch(None)
        self.classification.close()

    def exit(self):
        """Segments are edited and lines dragged in other modules too: the table follows until the scene closes."""
        if not (self.live.active or self.lines.active):
            super().exit()

    def onSceneStartClose(self, caller=None, event=None):
        self.live.stop()
        self.lines.stop()
        self.suv.forget()
        self.features.forget()
        self.classification.clear()
        self._unitOf = self._volumeOf = None
        self._madeAt.clear()
        super().onSceneStartClose(caller, event)
        self.results.changed()  # none are shown: the next table may have the same id

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
        self.edited.watch(parameters.segmentation)
        self.lines.start(parameters.resultTable)
        self.features.follow(volume)
        self.features.set_missing(self.missing())
        self.classification.changed()
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
        if self.parameters.inputVolume is None:
            return with_way_for_color(_("Choose the volume to measure in."))
        return ""

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

        madeAt = made_at(parameters.segmentation)
        # the reader's edits that are shown now hold in a new table too
        task = replace(task, earlier=parameters.resultTable)

        def commitResult(rows):
            nodes = self.lines.quietly(lambda: self.logic.commit(task, rows))
            self._madeAt[nodes.table.GetID()] = madeAt
            parameters.resultTable = nodes.table
            self.lines.start(nodes.table)
            self.onResultsChanged()
            said = [what_was_measured(rows, nodes.table.GetName(), len(task.source.ids))]
            if self.unit() == "intensity" and is_adc_without_unit(parameters.inputVolume):
                said.append(_("The map of ADC does not state its unit: choose it among the figures."))
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

    def onSegmentsEdited(self):
        told = bool(self.results.note_label.text)  # then nothing is looked at: 300 segments come one by one
        if self.parameters is not None and not told and self.otherOrigin():
            self.onResultsChanged()

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
            madeAt = made_at(nodes[0])
            # what a loaded scene shows is of its segments, until they are edited
            changed = self._madeAt.setdefault(table.GetID(), madeAt) != madeAt and not self.live.active
            return _("The segments changed since: these figures are of what they were.") if changed else ""
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


class MedProcQuantificationLogic(QuantificationLogic, ScriptedLoadableModuleLogic):
    """Measure segments from the Python console:

    logic = MedProcQuantificationLogic()
    table = logic.process(slicer.util.getNode("Findings"), slicer.util.getNode("FLAIR"))
    table = logic.process(segmentation, ct, Measure(slices=True, intensity_unit="HU"), lines=True)
    features = logic.features(segmentation, ct, Radiomics(bin_number=64), segments=["Segment_1"])
    logic.export(table, "figures.csv")         # .csv, .tsv, .xlsx or .json
    logic.exportDicom(table, "report.dcm", reader="Ann Reader")
    """

    def getParameterNode(self):
        return MedProcQuantificationParameterNode(super().getParameterNode())


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
