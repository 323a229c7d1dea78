"""MedProc Enhancement: noise, shading, intensities and detail of volumes, mended by a chain of steps."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Union

import numpy as np
import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
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
from MedProcLib.enhancement.presets.presets import PRESETS, preset_of_recipe
from MedProcLib.scene.nodes import referenced_nodes, set_referenced_nodes
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.region_input import is_resampled, region_source
from MedProcLib.scene.views import show_in_slices
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.enhancement_logic import EnhancementLogic
from MedProcLib.widgets.enhancement_task import needs_reference, takes_reference
from MedProcLib.widgets.inputs import with_way_for_color
from MedProcLib.widgets.preset_module import PresetModuleWidget
from MedProcLib.widgets.preview_panel import PreviewPanel
from MedProcLib.widgets.quality_panel import QualityPanel
from MedProcLib.widgets.region_choice import is_there, names_of
from MedProcLib.widgets.volume_choice import (
    HIERARCHY_EVENTS,
    BranchBox,
    CheckedVolumes,
    hierarchy_node,
    volumes_of_branch,
)

ONE, SEVERAL, BRANCH = "One volume", "Several volumes", "A study or folder"
SEVERAL_ROLE = "severalVolumes"  # in which the parameter node refers to them


class MedProcEnhancement(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Enhancement"),
            summary=_("Correct, denoise, standardize and sharpen volumes of any modality, with presets to start from."),
        )


@parameterNodeWrapper
class MedProcEnhancementParameterNode:
    """outputVolume: where the next result goes, None for a new volume; result: the last one; resultOf: of this volume.

    branch: path of the study or folder in the subject hierarchy; chainByUser: whether the user changed the chain or
    chose its preset, so that no other one takes its place when another volume is chosen.
    """

    applyTo: Annotated[str, Choice([ONE, SEVERAL, BRANCH])] = ONE
    inputVolume: vtkMRMLScalarVolumeNode
    branch: str = ""
    mask: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007 - Slicer knows no A | B
    maskSegment: str = ""
    reference: vtkMRMLScalarVolumeNode
    recipe: str = ""
    chainByUser: bool = False
    outputVolume: vtkMRMLScalarVolumeNode
    result: vtkMRMLScalarVolumeNode
    resultOf: vtkMRMLScalarVolumeNode


class MedProcEnhancementWidget(PresetModuleWidget):
    run_tip = _("Enhance the input; it is not modified")
    presets, preset_of = PRESETS, staticmethod(preset_of_recipe)

    def makeLogic(self):
        return MedProcEnhancementLogic()

    def connectPanel(self):
        super().connectPanel()
        self._chainShown = None
        self._hierarchy = None
        self.volumes = CheckedVolumes(self.ui.volumesBox, self.onVolumesChecked)
        self.branches = BranchBox(self.ui.branchBox, self.onBranch)
        self.preview = PreviewPanel(self.inputVolume, self.recipe, self.previewMask, self.previewReference)
        self.ui.previewLayout.addWidget(self.preview.widget)
        self.quality = QualityPanel(self.inputVolume, self.enhancedVolume, self.previewMask)
        self.ui.qualityLayout.addWidget(self.quality.widget)
        self.ui.showInputButton.connect("clicked()", lambda: show_in_slices(self.parameters.inputVolume, fit=False))
        self.ui.showOutputButton.connect("clicked()", lambda: show_in_slices(self.parameters.result, fit=False))

    def initializeParameterNode(self):
        super().initializeParameterNode()
        self._observeHierarchy(hierarchy_node())

    def closePanel(self):
        self.preview.close()
        self.quality.close()
        super().closePanel()

    def exit(self):
        self.preview.stop()
        super().exit()

    def onSceneStartClose(self, caller=None, event=None):
        self.preview.stop()
        self.quality.clear()
        self._observeHierarchy(None)
        super().onSceneStartClose(caller, event)

    def refresh(self):
        super().refresh()
        parameters = self.parameters
        self.volumes.show(referenced_nodes(parameters.parameterNode, SEVERAL_ROLE))
        self.branches.show(parameters.branch)
        self.ui.inputLabel.text = _("Input volume:") if parameters.applyTo == ONE else _("Preview on:")
        for shown, widgets in (
            (parameters.applyTo == SEVERAL, (self.ui.volumesLabel, self.ui.volumesBox)),
            (parameters.applyTo == BRANCH, (self.ui.branchLabel, self.ui.branchBox)),
            (parameters.applyTo == ONE, (self.ui.outputLabel, self.ui.outputSelector)),
            (bool(names_of(parameters.mask)), (self.ui.maskSegmentLabel, self.ui.maskSegmentBox)),
            (takes_reference(self.recipe()), (self.ui.referenceLabel, self.ui.referenceSelector)),
        ):
            for widget in widgets:
                widget.visible = shown
        self.ui.showInputButton.enabled = parameters.inputVolume is not None
        self.ui.showOutputButton.enabled = self.enhancedVolume() is not None
        chain = (
            *(parameters.recipe, parameters.inputVolume, parameters.reference),
            *(parameters.mask, parameters.maskSegment),
        )
        if chain != self._chainShown:
            self._chainShown = chain
            self.run.inputs_changed()
            self.preview.changed()
        self.quality.changed()

    def missing(self):
        parameters = self.parameters
        if parameters.applyTo == ONE and parameters.inputVolume is None:
            return with_way_for_color(_("Choose an input volume (load one first, if there is none)."))
        if parameters.applyTo == SEVERAL and not self.chosenVolumes():
            return _("Choose the volumes: check at least one.")
        if parameters.applyTo == BRANCH and not self.chosenVolumes():
            return _("Choose a patient, study or folder that holds volumes (make one in the Data module).")
        if parameters.applyTo == ONE and parameters.outputVolume is parameters.inputVolume:
            return _("Choose another output: the input volume is not modified.")
        if not is_there(parameters.mask, parameters.maskSegment):
            return _("Choose a segment of the mask: the one chosen before is not there.")
        if not self.recipe().enabled_steps:
            return _("Switch on at least one step.") if self.chain.steps else _("Add at least one step.")
        if needs_reference(self.recipe()) and parameters.reference is None:
            return _("Choose a reference volume: a step needs one.")
        return ""

    def prepare(self):
        parameters = self.parameters
        task = self.logic.prepareAll(
            self.chosenVolumes(),
            self.recipe(),
            parameters.mask,
            parameters.maskSegment,
            parameters.reference,
            parameters.outputVolume if parameters.applyTo == ONE else None,
        )

        resampled = any(is_resampled(parameters.mask, each.volume) for each in task.parts)
        note = " " + _("The mask has other voxels and was resampled (nearest neighbor).") if resampled else ""

        def commitResults(images):
            nodes = self.logic.commit(task, images)
            volumes = [each.volume for each in task.parts]
            shown = {volume.GetID(): node for volume, node in zip(volumes, nodes, strict=True)}
            previewed = parameters.inputVolume if parameters.inputVolume in volumes else volumes[0]
            parameters.resultOf, parameters.result = previewed, shown[previewed.GetID()]
            self.preview.stop()
            show_in_slices(parameters.result, fit=False)
            if len(nodes) == 1:
                return _("Done: '{name}'.").format(name=nodes[0].GetName()) + note
            return _("Done: {count} new volumes, each beside its input.").format(count=len(nodes)) + note

        return task.compute, commitResults

    def chosenVolumes(self):
        """The volumes that the chain is to be applied to."""
        parameters = self.parameters
        if parameters.applyTo == SEVERAL:
            return referenced_nodes(parameters.parameterNode, SEVERAL_ROLE)
        if parameters.applyTo == BRANCH:
            return volumes_of_branch(parameters.branch)
        return [parameters.inputVolume] if parameters.inputVolume is not None else []

    def enhancedVolume(self):
        """The last result where it was made of the chosen input; scenes of earlier versions do not say of which."""
        parameters = self.parameters
        if parameters is None or parameters.resultOf not in (None, parameters.inputVolume):
            return None
        return parameters.result

    def previewMask(self):
        """The mask, as the steps get it; None without one."""
        return region_source(self.parameters.mask, self.parameters.maskSegment)

    def previewReference(self):
        return self.parameters.reference if takes_reference(self.recipe()) else None

    def onVolumesChecked(self, nodes):
        if self.parameters is not None:
            set_referenced_nodes(self.parameters.parameterNode, SEVERAL_ROLE, nodes)

    def onBranch(self, path):
        self.parameters.branch = path

    def onHierarchyChanged(self, caller=None, event=None):
        scene = slicer.mrmlScene
        if self.parameters is None or scene.IsImporting() or scene.IsBatchProcessing() or scene.IsClosing():
            return
        if self.parameters.applyTo == BRANCH:
            self._on_parameters_changed()

    def _observeHierarchy(self, node):
        if node is self._hierarchy:
            return
        for event in HIERARCHY_EVENTS:
            if self._hierarchy is not None:
                self.removeObserver(self._hierarchy, event, self.onHierarchyChanged)
            if node is not None:
                self.addObserver(node, event, self.onHierarchyChanged)
        self._hierarchy = node


class MedProcEnhancementLogic(EnhancementLogic, ScriptedLoadableModuleLogic):
    """Enhance volumes from the Python console:

    logic = MedProcEnhancementLogic()
    enhanced = logic.process(slicer.util.getNode("FLAIR"))
    enhanced = logic.process(volume, "mr_brain_flair")             # a preset, by its name
    enhanced = logic.process(volume, NonLocalMeans(search_radius_mm=4))
    several = logic.processAll([first, second], Recipe.load("recipe.json"))
    preset, reason = logic.propose(volume); enhanced = logic.process(volume, preset.recipe())
    """

    def getParameterNode(self):
        return MedProcEnhancementParameterNode(super().getParameterNode())


class MedProcEnhancementTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_noise_is_reduced_and_the_input_kept(self):
        values = np.full((16, 24, 24), 100, np.float32)
        values[4:12, 6:18, 6:18] = 200
        values += np.random.default_rng(1).normal(0, 10, values.shape)
        volume = slicer.util.addVolumeFromArray(values, name="Noisy")
        before = slicer.util.arrayFromVolume(volume).copy()
        recipe = Recipe.of(create_operation("enhancement.curvature_diffusion"))
        result = MedProcEnhancementLogic().process(volume, recipe)
        inner = slicer.util.arrayFromVolume(result)[6:10, 8:16, 8:16]
        self.assertLess(inner.std(), 0.6 * before[6:10, 8:16, 8:16].std())
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), before)
        self.assertEqual(provenance_of(result).inputs["image"], "Noisy")

    def test_error_leaves_the_scene(self):
        volume = slicer.util.addVolumeFromArray(np.full((8, 8, 8), 7, np.int16))
        count = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(InputError):
            MedProcEnhancementLogic().process(volume, Recipe.of(create_operation("enhancement.n4")))
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
