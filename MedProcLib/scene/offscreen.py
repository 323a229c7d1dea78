"""Slice and 3D views drawn without a window, by the displayable managers that draw them in Slicer."""

import itertools

import numpy as np
import slicer
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkImageMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkRenderWindowInteractor,
    vtkWindowToImageFilter,
)

from MedProcLib.core.errors import InputError
from MedProcLib.scene.headless import HeadlessSlicer, start_headless_scene
from MedProcLib.scene.opengl import ensure_offscreen_opengl

SLICE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
)
THREE_D_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLVolumeRenderingDisplayableManager",
)
AXIS_OF_ORIENTATION = {"Sagittal": 0, "Coronal": 1, "Axial": 2}  # index into R, A, S
_numbers = itertools.count(1)


class _OffscreenView:
    """A render window with a group of displayable managers; use as a context manager, or call close()."""

    def __init__(
        self,
        factory_class,
        managers: tuple[str, ...],
        size: tuple[int, int],
        slicer_core: HeadlessSlicer,
        image_actor: vtkActor2D | None = None,
    ):
        ensure_offscreen_opengl()
        self.size = size
        self._core = slicer_core
        self._renderer = vtkRenderer()
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.ShowWindowOff()
        self._window.SetMultiSamples(0)
        self._window.SetSize(*size)
        self._window.AddRenderer(self._renderer)
        self._interactor = vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.Initialize()
        if image_actor is not None:
            self._renderer.AddViewProp(image_actor)  # first, so that what the managers draw blends over the image
        factory = factory_class.GetInstance()
        factory.SetMRMLApplicationLogic(slicer_core.application_logic)
        for name in managers:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.SetRenderer(self._renderer)
        self._managers.Initialize(factory, self._renderer)

    def array(self) -> np.ndarray:
        """Draw the view: (height, width, 3) uint8, RGB, first row on top."""
        image = self._draw()
        width, height, _ = image.GetDimensions()
        pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)
        return pixels[::-1].copy()

    def close(self) -> None:
        """Let go of the scene and the graphics memory."""
        self._managers.SetMRMLDisplayableNode(None)
        self._window.Finalize()

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def _remove(self, nodes: list) -> None:
        for node in nodes:
            if node is not None and self._core.scene.IsNodePresent(node):
                self._core.scene.RemoveNode(node)

    def _draw(self):
        self._window.Render()
        grabber = vtkWindowToImageFilter()
        grabber.SetInput(self._window)
        grabber.ReadFrontBufferOff()
        grabber.SetInputBufferTypeToRGB()
        grabber.Update()
        return grabber.GetOutput()


class OffscreenSliceView(_OffscreenView):
    """One slice through volumes, with segmentations and markups where they meet it."""

    def __init__(self, size: tuple[int, int] = (500, 500), core: HeadlessSlicer | None = None):
        """size: (width, height) in pixels."""
        core = core or start_headless_scene()
        self._image_actor = _make_image_actor()
        super().__init__(
            slicer.vtkMRMLSliceViewDisplayableManagerFactory, SLICE_MANAGERS, size, core, self._image_actor
        )
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(core.application_logic)
        core.application_logic.GetSliceLogics().AddItem(self._logic)
        self._logic.SetMRMLScene(core.scene)
        self.node = self._logic.AddSliceNode(_unique_name())
        self._managers.SetMRMLDisplayableNode(self.node)
        self._logic.ResizeSliceNode(*size)

    def show(
        self,
        background=None,
        foreground=None,
        label=None,
        *,
        orientation: str = "Axial",
        offset: float | None = None,
        foreground_opacity: float = 0.5,
        label_opacity: float = 1.0,
    ) -> None:
        """Set what is seen. Volumes are nodes or None (nothing there).

        orientation: Axial, Sagittal or Coronal. offset: the slice's S, R or A coordinate in mm; None: the middle.
        Visible segmentations and markups of the scene are drawn as well.
        """
        if orientation not in AXIS_OF_ORIENTATION:
            raise InputError(f"Unknown orientation {orientation!r}: use one of {', '.join(AXIS_OF_ORIENTATION)}.")
        self.node.SetOrientation(orientation)
        composite = self._logic.GetSliceCompositeNode()
        composite.SetBackgroundVolumeID(_id(background))
        composite.SetForegroundVolumeID(_id(foreground))
        composite.SetForegroundOpacity(foreground_opacity)
        composite.SetLabelVolumeID(_id(label))
        composite.SetLabelOpacity(label_opacity)
        self._logic.FitSliceToBackground()
        if offset is not None:
            normal = self.node.GetSliceToRAS().GetElement(AXIS_OF_ORIENTATION[orientation], 2)
            self._logic.SetSliceOffset(offset * normal)  # a sagittal slice's normal points to the left
        self._image_actor.GetMapper().SetInputConnection(self._logic.GetImageDataConnection())
        self._image_actor.SetVisibility(any(volume is not None for volume in (background, foreground, label)))

    def close(self) -> None:
        logic = self._logic
        own_nodes = [
            logic.GetSliceCompositeNode(),
            logic.GetSliceModelNode(),
            logic.GetSliceModelTransformNode(),
            logic.GetSliceModelDisplayNode(),
            self.node,
        ]
        self._core.application_logic.GetSliceLogics().RemoveItem(logic)
        super().close()
        logic.SetMRMLScene(None)  # first: a logic that still watches makes the nodes anew
        self._remove(own_nodes)


class OffscreenThreeDView(_OffscreenView):
    """The 3D view: models, closed surfaces of segmentations, volume rendering, markups."""

    def __init__(self, size: tuple[int, int] = (500, 500), core: HeadlessSlicer | None = None):
        """size: (width, height) in pixels."""
        core = core or start_headless_scene()
        super().__init__(slicer.vtkMRMLThreeDViewDisplayableManagerFactory, THREE_D_MANAGERS, size, core)
        self._logic = slicer.vtkMRMLViewLogic()
        self._logic.SetMRMLApplicationLogic(core.application_logic)
        core.application_logic.GetViewLogics().AddItem(self._logic)
        self._logic.SetMRMLScene(core.scene)
        self.node = self._logic.AddViewNode(_unique_name())
        self._managers.SetMRMLDisplayableNode(self.node)

    def reset(self, *, box_visible: bool = True, azimuth: float = 0.0, elevation: float = 0.0) -> None:
        """Put everything that is visible into the middle, seen from the front, or turned from there (degrees)."""
        self.node.SetBoxVisible(box_visible)
        self.node.SetAxisLabelsVisible(box_visible)  # they count as visible things
        camera = self._renderer.GetActiveCamera()
        camera.SetPosition(0, 500, 0)  # from anterior, superior up (RAS)
        camera.SetFocalPoint(0, 0, 0)
        camera.SetViewUp(0, 0, 1)
        camera.Azimuth(azimuth)
        camera.Elevation(elevation)
        self._renderer.ResetCamera()

    def close(self) -> None:
        self._core.application_logic.GetViewLogics().RemoveItem(self._logic)
        camera = self._core.logics["Cameras"].GetViewActiveCameraNode(self.node)
        super().close()
        self._logic.SetMRMLScene(None)
        self._remove([camera, self.node])


def _make_image_actor() -> vtkActor2D:
    mapper = vtkImageMapper()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    actor.SetVisibility(False)
    return actor


def _unique_name() -> str:
    """Views of one name would share their node."""
    return f"Offscreen{next(_numbers)}"


def _id(node) -> str | None:
    return None if node is None else node.GetID()
