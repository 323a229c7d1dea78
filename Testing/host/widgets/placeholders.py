"""Widgets too large to imitate: a visible frame that accepts every call Slicer has, and keeps nodes that are set."""

import slicer
from PySide6 import QtCore, QtGui, QtWidgets
from vtkmodules.vtkCommonCore import vtkIdList

from host.pythonqt.signals import emit
from host.standins import behavior, make_inside, standin


@behavior("qMRMLSegmentEditorWidget", accept_all=True)
class SegmentEditorWidget:
    """Keeps the editor node, segmentation, source volume, current segment and active effect; effects do nothing.

    As in Slicer the effect follows the editor node when that is changed or the scene was closed; not while it closes,
    and not without an editor node: what is active then stays so, with its pointer in the views.

    As in Slicer its hidden selector of segmentations knows no "none": when a batch ends, an editor node without a
    segmentation gets the scene's first one, and the slice views show the volume that it was drawn on.
    """

    def _setup(self):
        self._editor_node = None
        self._scene, self._tags = None, []
        self._shortcuts = False
        self._effect = None
        _frame(self, "Segment Editor", 160)

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        if scene is not None:
            self._tags = [
                scene.AddObserver(slicer.vtkMRMLScene.EndBatchProcessEvent, self._on_batch_ended),
                scene.AddObserver(slicer.vtkMRMLScene.EndCloseEvent, lambda caller, event: self.updateWidgetFromMRML()),
            ]

    def activeEffect(self):
        return self._effect

    def setActiveEffect(self, effect):
        if self._editor_node is not None:
            self._editor_node.SetActiveEffectName(effect.name if effect is not None else "")
        self.updateWidgetFromMRML()

    def setActiveEffectByName(self, name):
        effect = make_inside("qSlicerSegmentEditorAbstractEffect")
        effect._values["name"] = name
        self.setActiveEffect(effect)

    def updateWidgetFromMRML(self):
        if self._scene is None or self._scene.IsClosing() or self._scene.IsBatchProcessing():
            return
        if self._editor_node is not None:
            name = self._editor_node.GetActiveEffectName()
            self._effect = make_inside("qSlicerSegmentEditorAbstractEffect") if name else None
            if name:
                self._effect._values["name"] = name

    def _on_batch_ended(self, scene, event):
        first = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
        if self._editor_node is None or self.segmentationNode() is not None or first is None:
            return
        self.setSegmentationNode(first)
        role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
        self.setSourceVolumeNode(first.GetNodeReference(role))
        if self.sourceVolumeNode() is not None:
            for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
                composite = scene.GetNthNodeByClass(number, "vtkMRMLSliceCompositeNode")
                composite.SetBackgroundVolumeID(self.sourceVolumeNode().GetID())

    def installKeyboardShortcuts(self, parent=None):
        self._shortcuts = True

    def uninstallKeyboardShortcuts(self):
        self._shortcuts = False

    def mrmlSegmentEditorNode(self):
        return self._editor_node

    def setMRMLSegmentEditorNode(self, node):
        self._editor_node = node

    def segmentationNode(self):
        return self._editor_node.GetSegmentationNode() if self._editor_node is not None else None

    def setSegmentationNode(self, node):
        self._editor_node.SetAndObserveSegmentationNode(node)
        emit(self, "segmentationNodeChanged(vtkMRMLSegmentationNode*)", node)

    def sourceVolumeNode(self):
        return self._editor_node.GetSourceVolumeNode() if self._editor_node is not None else None

    def setSourceVolumeNode(self, node):
        self._editor_node.SetAndObserveSourceVolumeNode(node)
        emit(self, "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)", node)

    def currentSegmentID(self):
        return (self._editor_node.GetSelectedSegmentID() or "") if self._editor_node is not None else ""

    def setCurrentSegmentID(self, segment_id):
        self._editor_node.SetSelectedSegmentID(segment_id)
        emit(self, "currentSegmentIDChanged(QString)", segment_id)


@behavior("qMRMLSubjectHierarchyTreeView", accept_all=True)
class SubjectHierarchyTreeView:
    """Lists the items of the scene's subject hierarchy when the scene is set; keeps the current item."""

    def _setup(self):
        self._scene = None
        self._current = 0
        self._root = 0
        self._items = QtGui.QStandardItemModel(self)
        QtWidgets.QTreeView.setModel(self, self._items)
        self.setMinimumHeight(80)

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        self._scene = scene
        self._items.clear()
        self._items.setHorizontalHeaderLabels(["Node"])
        hierarchy = self.subjectHierarchyNode()
        if hierarchy is not None:
            self._root = hierarchy.GetSceneItemID()
            self._add_children(hierarchy, self._root, self._items.invisibleRootItem())
            self.expandAll()

    def subjectHierarchyNode(self):
        if self._scene is None:
            return None
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)

    def rootItem(self):
        return self._root

    def setRootItem(self, item):
        self._root = item

    def currentItem(self):
        return self._current

    def setCurrentItem(self, item):
        if item != self._current:
            self._current = item
            emit(self, "currentItemChanged(vtkIdType)", item)
            emit(self, "currentNodeChanged(vtkMRMLNode*)", self.currentNode())

    def currentNode(self):
        hierarchy = self.subjectHierarchyNode()
        return hierarchy.GetItemDataNode(self._current) if hierarchy is not None and self._current else None

    def setCurrentNode(self, node):
        hierarchy = self.subjectHierarchyNode()
        self.setCurrentItem(hierarchy.GetItemByDataNode(node) if hierarchy is not None and node is not None else 0)

    def displayedItemCount(self):
        return self._items.rowCount()

    def _add_children(self, hierarchy, item, row):
        children = vtkIdList()
        hierarchy.GetItemChildren(item, children, False)
        for index in range(children.GetNumberOfIds()):
            child = QtGui.QStandardItem(hierarchy.GetItemName(children.GetId(index)))
            row.appendRow(child)
            self._add_children(hierarchy, children.GetId(index), child)


@behavior("qMRMLPlotView", accept_all=True)
class PlotView:
    """A frame; what a chart shows is asserted on its plot nodes."""

    def _setup(self):
        _frame(self, "Plot", 160)


@behavior("qMRMLPlotWidget")
class PlotWidget:
    """A plot view of a layout."""

    def _setup(self):
        self._node = None
        self._view = standin("qMRMLPlotView")(self)

    def plotView(self):
        return self._view

    viewWidget = plotView

    def mrmlPlotViewNode(self):
        return self._node

    mrmlAbstractViewNode = mrmlPlotViewNode

    def setMRMLPlotViewNode(self, node):
        self._node = node
        self._view.setMRMLPlotViewNode(node)

    setMRMLAbstractViewNode = setMRMLPlotViewNode


def _frame(widget, text: str, height: int) -> None:
    label = QtWidgets.QLabel(text, widget)
    label.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
    label.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
    label.setMinimumHeight(height)
    layout = QtWidgets.QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(label)
