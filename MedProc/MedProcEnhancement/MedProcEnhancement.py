"""MedProc Enhancement: bias correction, denoising and intensity standardization of a volume, as a chain of steps."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy as np
import SimpleITK as sitk
import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

if importlib.util.find_spec("MedProcLib") is None:  # a source checkout: it lies beside MedProc/
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe, Step
from MedProcLib.core.registry import create_operation
from MedProcLib.scene.commit import commit
from MedProcLib.scene.provenance import provenance_of, write_provenance
from MedProcLib.scene.views import show_in_slices
from MedProcLib.scene.volumes import image_of_volume, update_volume, volume_from_image
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.inputs import propose_volume, require_present
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.region_choice import SegmentBox, region_image, segment_ids


class MedProcEnhancement(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Enhancement"),
            summary=_("Correct, denoise and standardize the intensities of a volume, so that studies read alike."),
        )


@parameterNodeWrapper
class MedProcEnhancementParameterNode:
    """outputVolume: where the next result goes, None for a new volume; result: the last one."""

    inputVolume: vtkMRMLScalarVolumeNode
    mask: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007 - Slicer knows no A | B
    maskSegment: str = ""
    recipe: str = ""
    outputVolume: vtkMRMLScalarVolumeNode
    result: vtkMRMLScalarVolumeNode


class MedProcEnhancementWidget(ModuleWidget):
    run_tip = _("Enhance the input volume; it is not modified")

    def makeLogic(self):
        return MedProcEnhancementLogic()

    def connectPanel(self):
        self.maskSegments = SegmentBox(self.ui.maskSegmentBox, self.onMaskSegment)
        self.ui.maskSelector.connect("nodeActivated(vtkMRMLNode*)", lambda node: self.onMaskSegment(""))
        self.ui.showInputButton.connect("clicked()", lambda: show_in_slices(self.parameters.inputVolume, fit=False))
        self.ui.showOutputButton.connect("clicked()", lambda: show_in_slices(self.parameters.result, fit=False))

    def proposeInputs(self):
        self.parameters.inputVolume = self.parameters.inputVolume or propose_volume()

    def refresh(self):
        self.maskSegments.show(self.parameters.mask, self.parameters.maskSegment)
        self.ui.showInputButton.enabled = self.parameters.inputVolume is not None
        self.ui.showOutputButton.enabled = self.parameters.result is not None

    def missing(self):
        if self.parameters.inputVolume is None:
            return _("Choose an input volume (load one first, if there is none).")
        if self.parameters.outputVolume is self.parameters.inputVolume:
            return _("Choose another output: the input volume is not modified.")
        if self.parameters.maskSegment not in segment_ids(self.parameters.mask):
            return _("Choose a segment of the mask: the one chosen before is not there.")
        return "" if self.recipe().enabled_steps else _("Switch on at least one step.")

    def prepare(self):
        parameters = self.parameters
        task = self.logic.prepare(
            parameters.inputVolume, self.recipe(), parameters.mask, parameters.maskSegment, parameters.outputVolume
        )

        def commitResult(image):
            parameters.result = self.logic.commit(task, image)
            show_in_slices(parameters.result, fit=False)
            return _("Done: '{name}'.").format(name=parameters.result.GetName())

        return task.compute, commitResult

    def onMaskSegment(self, segmentId):
        self.parameters.maskSegment = segmentId


@dataclass(frozen=True)
class EnhancementTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread."""

    volume: Any
    output: Any
    image: sitk.Image
    mask: sitk.Image | None
    recipe: Recipe
    inputs: dict[str, str]

    def compute(self, progress: Progress = SILENT) -> sitk.Image:
        return self.recipe.run(progress, image=self.image, mask=self.mask)["image"]


class MedProcEnhancementLogic(ScriptedLoadableModuleLogic):
    """Enhance volumes from the Python console:

    logic = MedProcEnhancementLogic()
    enhanced = logic.process(slicer.util.getNode("FLAIR"))
    enhanced = logic.process(volume, Recipe.of(NonLocalMeans(search_radius_mm=4)))
    """

    def getParameterNode(self):
        return MedProcEnhancementParameterNode(super().getParameterNode())

    def defaultRecipe(self) -> Recipe:
        """Bias correction, denoising, standardization."""
        return Recipe(
            (
                Step(create_operation("enhancement.n4")),
                Step(create_operation("enhancement.non_local_means")),
                Step(create_operation("enhancement.curvature_diffusion"), enabled=False),
                Step(create_operation("enhancement.standardize")),
            )
        )

    def process(self, volume, recipe=None, mask=None, maskSegment="", output=None, progress=SILENT):
        """Enhance a volume node and return the node of the result, a new one unless `output` is given.

        recipe: core.recipe.Recipe, the default chain without; mask: segmentation node (maskSegment: id of the
        segment, '' for all) or label map node. Raises InputError, Cancelled; then the scene is as it was.
        """
        task = self.prepare(volume, recipe or self.defaultRecipe(), mask, maskSegment, output)
        return self.commit(task, task.compute(progress))

    def prepare(self, volume, recipe, mask=None, maskSegment="", output=None) -> EnhancementTask:
        """Read the nodes (main thread). Raises InputError."""
        if output is not None and output is volume:
            raise InputError("The output is the input volume: choose another, since inputs are not modified.")
        if not recipe.enabled_steps:
            raise InputError("No step is switched on: switch on at least one.")
        image = image_of_volume(volume)
        inputs = {"image": volume.GetName()} | ({"mask": mask.GetName()} if mask is not None else {})
        return EnhancementTask(volume, output, image, region_image(mask, maskSegment, volume), recipe, inputs)

    def commit(self, task: EnhancementTask, image: sitk.Image):
        """Write the result to the scene (main thread) and return its node."""
        require_present(task.volume, task.output)
        with commit():
            node = task.output
            if node is None:
                node = volume_from_image(image, f"{task.volume.GetName()} enhanced", like=task.volume)
            else:
                update_volume(node, image)
            write_provenance(node, Provenance(task.recipe, task.inputs))
        return node


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
