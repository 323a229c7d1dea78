"""MedProc Segmentation: structures and findings delineated by a chain of steps, for a reader to correct and decide."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Union

import numpy as np
import slicer
from slicer import (
    vtkMRMLLabelMapVolumeNode,
    vtkMRMLMarkupsROINode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
    vtkMRMLTableNode,
)
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
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
from MedProcLib.scene.findings import accepted_of, center_of, findings_of, proposals_of, volume_of
from MedProcLib.scene.nodes import referenced_nodes, set_referenced_nodes
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.rois import place_roi
from MedProcLib.scene.seeds import BY_LABEL, BY_LIST
from MedProcLib.scene.segmentation_scene import EACH, TOGETHER
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.segmentation.outcome import StepError
from MedProcLib.segmentation.presets.presets import PRESETS, preset_of_recipe
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.correction import Correction
from MedProcLib.widgets.findings_panel import FindingsPanel
from MedProcLib.widgets.found_bar import FoundBar, ready_found
from MedProcLib.widgets.label_preview_panel import LabelPreviewPanel
from MedProcLib.widgets.list_choice import ListBox
from MedProcLib.widgets.live import roi_watch
from MedProcLib.widgets.preset_module import PresetModuleWidget
from MedProcLib.widgets.scoring_panel import LARGEST_TOLERANCE_MM, ScoringPanel
from MedProcLib.widgets.scoring_task import prepare_scoring
from MedProcLib.widgets.seed_panel import SeedPanel
from MedProcLib.widgets.segmentation_form import (
    chosen_region,
    missing_input,
    preview_source,
    region_operation,
    show_inputs,
)
from MedProcLib.widgets.segmentation_logic import SegmentationLogic
from MedProcLib.widgets.segmentation_task import (
    BODY,
    BOX,
    BRAIN,
    REGION_OPERATIONS,
    SEGMENT,
    WHOLE,
)
from MedProcLib.widgets.volume_choice import CheckedVolumes

SEEDS_ROLE, RATERS_ROLE = "seeds", "raters"  # in which the parameter node refers to them


class MedProcSegmentation(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Segmentation"),
            summary=_("Delineate structures and propose findings in images of any modality, without a trained model."),
        )


@parameterNodeWrapper
class MedProcSegmentationParameterNode:
    """outputSegmentation: where the next segments go, None for a new node; resultTable: the list that is shown.

    chainByUser: whether the user changed the steps or chose their preset, so that no other one takes its place.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    region: Annotated[str, Choice([WHOLE, BRAIN, BODY, SEGMENT, BOX])] = BRAIN
    mask: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007 - Slicer knows no A | B
    maskSegment: str = ""
    roi: vtkMRMLMarkupsROINode
    startFrom: vtkMRMLSegmentationNode
    reference: vtkMRMLScalarVolumeNode
    second: vtkMRMLScalarVolumeNode
    objects: Annotated[str, Choice([BY_LIST, BY_LABEL])] = BY_LIST
    recipe: str = ""
    chainByUser: bool = False
    outputSegmentation: vtkMRMLSegmentationNode
    grouping: Annotated[str, Choice([EACH, TOGETHER])] = EACH
    reader: str = ""
    resultTable: vtkMRMLTableNode
    scoreReference: vtkMRMLSegmentationNode
    scoreTest: vtkMRMLSegmentationNode
    scoreTolerance: Annotated[float, WithinRange(0, LARGEST_TOLERANCE_MM)] = 1.0


class MedProcSegmentationWidget(PresetModuleWidget):
    presets, preset_of = PRESETS, staticmethod(preset_of_recipe)
    run_tip = _("Delineate what the steps find; the input volume is not modified")
    locked_sections = ("inputsButton", "seedsButton", "stepsButton", "outputsButton")

    def makeLogic(self):
        return MedProcSegmentationLogic()

    def connectPanel(self):
        super().connectPanel()
        self._shownChain = None
        self._before = []
        ui = self.ui
        self.raters = CheckedVolumes(ui.ratersBox, lambda nodes: self.keepNodes(RATERS_ROLE, nodes))
        self.roi = roi_watch(self.onInputsMoved)
        ui.roiSelector.connect("nodeAddedByUser(vtkMRMLNode*)", self.onNewBox)
        self.seeds = SeedPanel(
            *(ui.seedsBox, ui.placeButton, ui.newListButton),
            lambda: self.keptNodes(SEEDS_ROLE),
            lambda nodes: self.keepNodes(SEEDS_ROLE, nodes),
            self.onInputsMoved,
        )
        self.preview = LabelPreviewPanel(self.inputVolume, self.recipe, self.regionOperation, self.previewSource)
        ui.previewFrame.layout().addWidget(self.preview.widget)
        self.found = FoundBar()
        ui.foundFrame.layout().addWidget(self.found.widget)
        self.correction = Correction(
            *(ui.editorButton, ui.editBox, ui.editorFrame), self.resultTable, self.reader, self.onCorrected, self.say
        )
        self.findings = FindingsPanel(
            *(self.resultTable, self.reader, self.setReader, self.say),
            self.correction.look_at,
            self.correction.decide,
        )
        ui.findingsFrame.layout().addWidget(self.findings.widget)
        self.lists = ListBox(ui.listBox, self.onList)
        self.scoring = ScoringPanel(prepare_scoring)
        self.scoring.set_scene(slicer.mrmlScene)
        ui.scoreFrame.layout().addWidget(self.scoring.widget)

    def closePanel(self):
        self.preview.close()
        self.correction.close()
        self.scoring.close()
        self.seeds.close()
        self.roi.watch(None)
        self.found.offer(None)
        super().closePanel()

    def exit(self):
        self.preview.stop()
        self.seeds.stop()
        self.correction.stop()
        self.found.offer(None)
        super().exit()

    def onSceneStartClose(self, caller=None, event=None):
        self.preview.stop()
        self.correction.forget()
        self.scoring.clear()
        self.seeds.close()
        self.roi.watch(None)
        self.found.offer(None)
        super().onSceneStartClose(caller, event)
        self.findings.changed()  # none are listed: the next list may have the same id

    def refresh(self):
        super().refresh()
        parameters, ui = self.parameters, self.ui
        self.raters.show(self.keptNodes(RATERS_ROLE))
        self.seeds.show()
        self.roi.watch(parameters.roi if parameters.region == BOX else None)
        show_inputs(ui, parameters, self.recipe(), self.shownPreset(), len(self.keptNodes(SEEDS_ROLE)))
        self.lists.show(parameters.resultTable)
        of_other = parameters.resultTable is not None and volume_of(parameters.resultTable) is not self.inputVolume()
        for widget in (ui.listLabel, ui.listBox):
            widget.visible = self.lists.count > 1 or of_other
        self.findings.changed()
        self.correction.changed()
        chain = (
            *(parameters.recipe, parameters.inputVolume, parameters.region, parameters.mask, parameters.maskSegment),
            *(parameters.roi, parameters.startFrom, parameters.reference, parameters.second, parameters.objects),
            *(tuple(self.keptNodes(role)) for role in (SEEDS_ROLE, RATERS_ROLE)),
        )
        if chain != self._shownChain:
            self._shownChain = chain
            self.run.inputs_changed()
            self.found.offer(None)
            self.preview.changed()

    def unlike(self, preset, volume):
        return self.logic.unlike(preset, volume)

    def missing(self):
        return missing_input(
            *(self.parameters, self.recipe(), bool(self.chain.steps)),
            *(len(self.keptNodes(role)) for role in (SEEDS_ROLE, RATERS_ROLE)),
        )

    def prepare(self):
        parameters = self.parameters
        self.correction.stop()
        self.seeds.stop()
        self.found.offer(None)
        self._before = before = []  # of this run: a worker that was given up may still find something
        task = self.logic.prepare(
            parameters.inputVolume,
            self.recipe(),
            *self.chosenRegion(),
            parameters.maskSegment,
            parameters.outputSegmentation,
            parameters.grouping,
            seeds=self.keptNodes(SEEDS_ROLE),
            objects=parameters.objects,
            startFrom=parameters.startFrom,
            reference=parameters.reference,
            raters=self.keptNodes(RATERS_ROLE),
            second=parameters.second,
        )

        def compute(progress):
            try:
                ready = task.compute(progress)
            except StepError as error:
                before.append(ready_found(error.before))
                raise
            if ready.outcome.is_empty:
                before.append(ready_found(ready.outcome.before))
            return ready

        def commitResult(ready):
            outcome = ready.outcome
            if outcome.is_empty:
                parameters.resultTable = None
                return outcome.message + " " + _("Nothing was added.")
            self.preview.stop()
            nodes = self.logic.commit(task, ready)
            parameters.resultTable = nodes.table
            count, name = len(outcome.candidates), nodes.segmentation.GetName()
            text = _("{count} findings in '{name}'.") if count > 1 else _("One finding in '{name}'.")
            text = text.format(count=count, name=name)
            return text if nodes.in_3d else text + " " + _("So many are not shown in 3D; the Segment Editor can.")

        return compute, commitResult

    def runEnded(self, outcome):
        self.found.offer(next(iter(self._before), None))
        self._before = []

    def chosenRegion(self):
        """Region and node of it, as logic.process takes them."""
        return chosen_region(self.parameters)

    def regionOperation(self):
        return region_operation(self.parameters)

    def previewSource(self, volume):
        """What the preview starts from. Raises InputError."""
        missing = self.missing()
        if missing:
            raise InputError(missing)
        kept = self.keptNodes(SEEDS_ROLE), self.keptNodes(RATERS_ROLE)
        return preview_source(volume, self.parameters, self.recipe(), *kept)

    def resultTable(self):
        return self.parameters.resultTable if self.parameters is not None else None

    def resultRows(self):
        return findings_of(self.resultTable())

    def reader(self):
        return self.parameters.reader if self.parameters is not None else ""

    def setReader(self, name):
        if self.parameters is not None:
            self.parameters.reader = name

    def keptNodes(self, role):
        return referenced_nodes(self.parameters.parameterNode, role) if self.parameters is not None else []

    def keepNodes(self, role, nodes):
        if self.parameters is not None:
            set_referenced_nodes(self.parameters.parameterNode, role, nodes)

    def onNewBox(self, node):
        """Put a new box where it can be seen and dragged: in the middle of the volume."""
        volume = self.inputVolume()
        if volume is not None:
            node.CreateDefaultDisplayNodes()
            place_roi(node, geometry_of_volume(volume))

    def onList(self, table):
        self.parameters.resultTable = table

    def onInputsMoved(self):
        """Seeds or the region moved."""
        if self.parameters is not None:
            self.run.inputs_changed()
            self.found.offer(None)
            self.preview.changed()

    def onCorrected(self):
        self.findings.changed()

    def use(self, preset):
        super().use(preset)
        if self.parameters.region in REGION_OPERATIONS:
            self.parameters.region = WHOLE  # a preset finds its own region


class MedProcSegmentationLogic(SegmentationLogic, ScriptedLoadableModuleLogic):
    """Delineate structures and find lesions from the Python console:

    logic = MedProcSegmentationLogic()
    segmentation, table = logic.process(slicer.util.getNode("FLAIR"))
    nodes = logic.process(ct, "ct_lungs")                          # a preset, by its name
    nodes = logic.process(t1, "mr_tissues", second=t2)             # steps that can look at two images
    nodes = logic.process(volume, recipe, region="Segment", mask=brain, maskSegment="Segment_1")
    nodes = logic.process(volume, recipe, region=roiNode, seeds=[tumorPoints, otherPoints])
    logic.decide(nodes.table, 0, "accepted", "A. Reader")
    result, scored = logic.score(reference, nodes.segmentation)
    """

    def getParameterNode(self):
        return MedProcSegmentationParameterNode(super().getParameterNode())


class MedProcSegmentationTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def makeVolume(self):
        """Noise with two bright blocks of 4 x 4 x 4 and 3 x 3 x 3 voxels of 1 mm."""
        values = np.random.default_rng(2).normal(100, 5, (20, 30, 40)).astype(np.float32)
        values[4:8, 5:9, 6:10] = 200
        values[12:15, 20:23, 30:33] = 200
        return slicer.util.addVolumeFromArray(values, name="Spots")

    def recipe(self):
        """Plain thresholds: the blocks come out to the voxel."""
        settings = {"low": 6, "high": 8, "smoothing_mm": 0, "background_mm": 0}
        return Recipe.of(create_operation("segmentation.bright_outliers", settings))

    def test_two_spots(self):
        volume = self.makeVolume()
        segmentation, table = MedProcSegmentationLogic().process(volume, self.recipe(), region=WHOLE)
        self.assertEqual(segmentation.GetSegmentation().GetNumberOfSegments(), 2)
        rows = findings_of(table)
        self.assertEqual([row["volume_mm3"] for row in rows], [64, 27])
        left, back, up = center_of(rows[0])
        for found, wanted in zip((-left, -back, up), (7.5, 6.5, 5.5), strict=True):
            self.assertLessEqual(abs(found - wanted), 0.5 + 1e-6)
        self.assertEqual(provenance_of(segmentation).inputs["image"], "Spots")
        self.assertTrue(segmentation.GetSegmentation().ContainsRepresentation("Closed surface"))

    def test_segments_that_are_there_stay(self):
        volume = self.makeVolume()
        logic = MedProcSegmentationLogic()
        segmentation, _table = logic.process(volume, self.recipe(), region=WHOLE)
        logic.process(volume, self.recipe(), region=WHOLE, output=segmentation, grouping=TOGETHER)
        names = [segmentation.GetSegmentation().GetNthSegment(n).GetName() for n in range(3)]
        self.assertEqual(names, ["Finding 1", "Finding 2", "Findings"])

    def test_a_mask_or_a_box_limits_the_search(self):
        volume = self.makeVolume()
        mask = np.zeros((20, 30, 40), np.uint8)
        mask[:, :, :20] = 1
        labels = slicer.util.addVolumeFromArray(mask, nodeClassName="vtkMRMLLabelMapVolumeNode")
        logic = MedProcSegmentationLogic()
        _segmentation, table = logic.process(volume, self.recipe(), region=SEGMENT, mask=labels)
        self.assertEqual([row["volume_mm3"] for row in findings_of(table)], [64])
        box = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Box")
        box.SetCenter(30, 21, 13)
        box.SetSize(18, 18, 14)
        _segmentation, table = logic.process(volume, self.recipe(), region=box)
        self.assertEqual([row["volume_mm3"] for row in findings_of(table)], [27])
        self.assertEqual(provenance_of(table).inputs["mask"], "Box")

    def test_decisions_make_segments_and_are_kept(self):
        logic = MedProcSegmentationLogic()
        _segmentation, table = logic.process(self.makeVolume(), self.recipe(), region=WHOLE)
        with self.assertRaises(InputError):
            logic.decide(table, 0, "accepted", " ")
        self.assertEqual(logic.decide(table, 1, "accepted", "A. Reader", "sure"), "Finding 2")
        logic.decide(table, 0, "rejected", "A. Reader")
        content = accepted_of(table).GetSegmentation()
        self.assertEqual([content.GetNthSegment(0).GetName()], ["Finding 2 (accepted)"])
        self.assertEqual([row["status"] for row in logic.findings(table)], ["rejected", "accepted"])
        self.assertFalse(proposals_of(table).GetDisplayNode().GetSegmentVisibility("Segment_1"))

    def test_a_seed_outside_the_image_is_named(self):
        volume = self.makeVolume()
        points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Tumor")
        points.AddControlPoint(500, 0, 0, "T-1")
        recipe = Recipe.of(
            create_operation("segmentation.bright_outliers"), create_operation("segmentation.keep_at_seeds")
        )
        with self.assertRaisesRegex(InputError, "T-1.*outside"):
            MedProcSegmentationLogic().process(volume, recipe, region=WHOLE, seeds=points)
