"""`slicer.app.layoutManager()`: slice and 3D widgets whose nodes and logics are real; nothing is drawn in them."""

import slicer
from PySide6 import QtCore

from host.pythonqt.signals import emit
from host.standins import behavior, standin

SLICE_VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}


@behavior("qMRMLLayoutManager")
class LayoutManager:
    """The conventional layout: three slice views, one 3D view, one table and one plot view."""

    def _setup(self):
        self._application_logic = None  # set by make_application, before the scene
        self._layout_logic = None
        self._slice_widgets = {}
        self._three_d_widget = None

    def setMRMLScene(self, scene):
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLScene(scene)
        application_logic = self._application_logic
        for name, orientation in SLICE_VIEWS.items():
            widget = standin("qMRMLSliceWidget")()
            _attach(widget, _make_slice_logic(scene, application_logic, name, orientation))
            QtCore.QObject.setObjectName(widget, f"qMRMLSliceWidget{name}")
            self._slice_widgets[name] = widget
        self._three_d_widget = standin("qMRMLThreeDWidget")()
        _attach(self._three_d_widget, _make_view_logic(scene, application_logic))
        scene.AddObserver(slicer.vtkMRMLScene.EndCloseEvent, self._on_scene_closed)

    def _on_scene_closed(self, scene, event):
        """View nodes are singletons, which a closing scene keeps but resets."""
        for name, widget in self._slice_widgets.items():
            widget.mrmlSliceNode().SetOrientation(SLICE_VIEWS[name])

    def mrmlScene(self):
        return self._layout_logic.GetMRMLScene()

    def layoutLogic(self):
        return self._layout_logic

    def get_layout(self):
        return self._layout_logic.GetLayoutNode().GetViewArrangement()

    def set_layout(self, arrangement):
        if arrangement != self.layout:
            self._layout_logic.GetLayoutNode().SetViewArrangement(arrangement)
            emit(self, "layoutChanged(int)", arrangement)

    def sliceViewNames(self):
        return list(self._slice_widgets)

    def sliceWidget(self, name):
        return self._slice_widgets.get(name)

    def mrmlSliceLogics(self):
        return self._application_logic.GetSliceLogics()

    def mrmlViewLogics(self):
        return self._application_logic.GetViewLogics()

    def get_threeDViewCount(self):
        return 1

    def threeDWidget(self, name_or_index):
        return self._three_d_widget if name_or_index in (0, "1", "View1") else None

    def activeMRMLThreeDViewNode(self):
        return self._three_d_widget.mrmlViewNode()

    def resetSliceViews(self):
        for widget in self._slice_widgets.values():
            widget.fitSliceToBackground()

    def resetThreeDViews(self):
        """No camera to reset."""

    def pauseRender(self):
        """Nothing renders by itself here."""

    def resumeRender(self):
        """Nothing renders by itself here."""

    def setRenderPaused(self, paused):
        """Nothing renders by itself here."""


@behavior("qMRMLSliceWidget")
class SliceWidget:
    """One slice view: node, composite node and logic."""

    def _setup(self):
        self._controller = standin("qMRMLSliceControllerWidget")(self)
        self._view = standin("qMRMLSliceView")(self)

    def sliceLogic(self):
        return self._host_logic

    logic = sliceLogic

    def mrmlSliceNode(self):
        return self._host_logic.GetSliceNode()

    mrmlAbstractViewNode = mrmlSliceNode

    def mrmlSliceCompositeNode(self):
        return self._host_logic.GetSliceCompositeNode()

    def get_sliceOrientation(self):
        return self.mrmlSliceNode().GetOrientation()

    def set_sliceOrientation(self, orientation):
        self.mrmlSliceNode().SetOrientation(orientation)

    def get_sliceViewName(self):
        return self.mrmlSliceNode().GetLayoutName()

    def fitSliceToBackground(self):
        self._host_logic.FitSliceToBackground()

    def sliceController(self):
        return self._controller

    controllerWidget = sliceController

    def sliceView(self):
        return self._view

    viewWidget = sliceView


@behavior("qMRMLSliceControllerWidget", accept_all=True)
class SliceController:
    """The bar above a slice view."""

    def mrmlSliceNode(self):
        return self._host_logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._host_logic.GetSliceCompositeNode()

    def sliceLogic(self):
        return self._host_logic

    def fitSliceToBackground(self):
        self._host_logic.FitSliceToBackground()

    def setSliceOffsetValue(self, offset):
        self._host_logic.SetSliceOffset(offset)


@behavior("qMRMLSliceView", accept_all=True)
class SliceView:
    """The picture of a slice view, which is not drawn."""

    def mrmlSliceNode(self):
        return self._host_logic.GetSliceNode()


@behavior("qMRMLThreeDWidget")
class ThreeDWidget:
    """The 3D view: node and logic."""

    def _setup(self):
        self._controller = None
        self._view = standin("qMRMLThreeDView")(self)

    def viewLogic(self):
        return self._host_logic

    logic = viewLogic

    def mrmlViewNode(self):
        return self._host_logic.GetViewNode()

    mrmlAbstractViewNode = mrmlViewNode

    def threeDView(self):
        return self._view

    viewWidget = threeDView


@behavior("qMRMLThreeDView", accept_all=True)
class ThreeDView:
    """The picture of the 3D view, which is not drawn."""

    def mrmlViewNode(self):
        return self._host_logic.GetViewNode()


@behavior("ctkVTKAbstractView", accept_all=True)
class AbstractView:
    """Base of views; nothing is drawn."""


@behavior("ctkVTKRenderView", accept_all=True)
class RenderView:
    """Base of 3D views; nothing is drawn."""


def _attach(widget, logic) -> None:
    for part in (widget, widget._view, widget._controller):
        if part is not None:
            part._host_logic = logic


def _make_slice_logic(scene, application_logic, name: str, orientation: str):
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application_logic)
    application_logic.GetSliceLogics().AddItem(logic)
    logic.SetMRMLScene(scene)
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")  # made by the layout logic
    logic.SetSliceNode(node)
    node.SetOrientation(orientation)
    logic.ResizeSliceNode(400, 400)
    return logic


def _make_view_logic(scene, application_logic):
    logic = slicer.vtkMRMLViewLogic()
    logic.SetName("1")  # by its name it finds the view node again after the scene is closed
    logic.SetMRMLApplicationLogic(application_logic)
    application_logic.GetViewLogics().AddItem(logic)
    logic.SetMRMLScene(scene)
    return logic
