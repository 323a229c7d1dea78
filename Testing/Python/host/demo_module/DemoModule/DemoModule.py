"""A small scripted module as an author would write it: thresholds a volume into a segment."""

import enum
from typing import Annotated

import numpy as np
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Side(enum.Enum):
    Above = "Above"
    Below = "Below"


class DemoModule(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Demo Module")
        self.parent.categories = ["MedProc"]


@parameterNodeWrapper
class DemoParameterNode:
    inputVolume: vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(-1000, 3000)] = 100
    side: Side = Side.Above
    smooth: bool = False
    iterations: Annotated[int, WithinRange(0, 5)] = 2
    label: str = "mask"
    outputSegmentation: vtkMRMLSegmentationNode


class DemoModuleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._guiTag = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/DemoModule.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = DemoModuleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.layout.addStretch(1)

    def enter(self):
        self.initializeParameterNode()

    def exit(self):
        self.setParameterNode(None)

    def cleanup(self):
        self.removeObservers()

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.updateApplyButton)
        self._parameterNode = parameterNode
        if parameterNode:
            named = {widget.property("SlicerParameterName"): widget for widget in vars(self.ui).values()}
            bound = {name: widget for name, widget in named.items() if name}
            self._guiTag = parameterNode.connectParametersToGui(bound)
            self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self.updateApplyButton)
        self.updateApplyButton()

    def updateApplyButton(self, caller=None, event=None):
        node = self._parameterNode
        self.ui.applyButton.enabled = bool(node and node.inputVolume and node.outputSegmentation)

    def onApply(self):
        with slicer.util.tryWithErrorDisplay(_("Failed to compute results."), waitCursor=True):
            node = self._parameterNode
            count = self.logic.process(node.inputVolume, node.outputSegmentation, node.threshold, node.side, node.label)
            self.ui.resultLabel.text = _("{count} voxels").format(count=count)


class DemoModuleLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return DemoParameterNode(super().getParameterNode())

    def process(self, volume, segmentation, threshold, side=Side.Above, name="mask"):
        if not volume or not segmentation:
            raise ValueError("Input or output is invalid")
        voxels = slicer.util.arrayFromVolume(volume)
        mask = voxels >= threshold if side is Side.Above else voxels < threshold
        segments = segmentation.GetSegmentation()
        segment_id = segments.GetSegmentIdBySegmentName(name) or segments.AddEmptySegment(name, name)
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        if not segmentation.GetDisplayNode():
            segmentation.CreateDefaultDisplayNodes()
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask.astype(np.uint8), segmentation, segment_id, volume)
        return int(mask.sum())


class DemoModuleTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_process(self):
        voxels = np.zeros((10, 12, 14), np.int16)
        voxels[2:5, 3:6, 4:8] = 200
        volume = slicer.util.addVolumeFromArray(voxels)
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        self.assertEqual(DemoModuleLogic().process(volume, segmentation, 100), 36)
        self.delayDisplay("Test passed")
