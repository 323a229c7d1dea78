"""What the slice views show, through their MRML nodes; which views there are is the layout's matter, not ours."""

from collections.abc import Sequence

import numpy as np
import slicer

from MedProcLib.scene.coordinates import array_of_matrix, ras_of
from MedProcLib.scene.volumes import geometry_of_volume

STANDARD_VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}
VIEW_COLORS = {"Red": (0.953, 0.290, 0.200), "Green": (0.431, 0.690, 0.294), "Yellow": (0.929, 0.835, 0.298)}
NEW_VIEW_PIXELS = 400


def show_in_slices(background, foreground=None, foreground_opacity: float = 0.5, label=None, fit: bool = True) -> None:
    """Show volumes in all slice views, and fit the views to the background."""
    scene = background.GetScene()
    for composite in slice_composites(scene):
        composite.SetBackgroundVolumeID(background.GetID())
        composite.SetForegroundVolumeID(_id(foreground))
        composite.SetForegroundOpacity(foreground_opacity if foreground is not None else 0.0)
        composite.SetLabelVolumeID(_id(label))
    if fit:
        fit_slices(background)


def fit_slices(volume) -> None:
    """Center all slice views on a volume and zoom them so that it fits."""
    center = ras_of(geometry_of_volume(volume).center)
    zoom_slices(volume, slice_nodes(volume.GetScene()))
    for node in slice_nodes(volume.GetScene()):
        node.JumpSliceByCentering(*center)


def zoom_slices(volume, nodes: Sequence) -> None:
    """Zoom slice views, by their nodes, so that a volume fits; they stay where they are."""
    geometry = geometry_of_volume(volume)
    edges = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in geometry.size])).reshape(3, -1).T
    corners = ras_of(geometry.points(edges))
    for node in nodes:
        axes = array_of_matrix(node.GetSliceToRAS())[:3, :3]
        width, height, _ = np.ptp(corners @ axes, axis=0)
        pixels = node.GetDimensions()
        per_pixel = max(width / max(pixels[0], 1), height / max(pixels[1], 1))
        node.SetFieldOfView(per_pixel * max(pixels[0], 1), per_pixel * max(pixels[1], 1), node.GetFieldOfView()[2])


def jump_slices(scene, point: Sequence[float]) -> None:
    """Center all slice views on an LPS position (mm)."""
    for node in slice_nodes(scene):
        node.JumpSliceByCentering(*ras_of(point))


def jump_views(scene, point: Sequence[float]) -> None:
    """Center all slice views, the crosshair and the 3D views' cameras on an LPS position (mm)."""
    jump_slices(scene, point)
    target = ras_of(point)
    for crosshair in _nodes(scene, "vtkMRMLCrosshairNode"):
        crosshair.SetCrosshairRAS(*target)
    for camera in _nodes(scene, "vtkMRMLCameraNode"):
        shift = target - np.array(camera.GetFocalPoint())
        camera.SetPosition(*(np.array(camera.GetPosition()) + shift))
        camera.SetFocalPoint(*target)
        camera.ResetClippingRange()  # else what lies there may be cut away


def link_slices(scene, linked: bool = True) -> None:
    """Have all slice views follow each other, also while dragging."""
    for composite in slice_composites(scene):
        composite.SetLinkedControl(linked)
        composite.SetHotLinkedControl(linked)


def share_window_level(volumes: Sequence) -> None:
    """Show volumes in the window and level of the first, so that equal values look equal."""
    for volume in volumes:
        volume.CreateDefaultDisplayNodes()  # one that a script made may have none
    first = volumes[0].GetDisplayNode()
    for volume in volumes[1:]:
        display = volume.GetDisplayNode()
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(first.GetWindow(), first.GetLevel())


def slice_nodes(scene) -> list:
    """The scene's slice view nodes; makes Slicer's three standard ones in a scene that has none (without a window)."""
    nodes = _nodes(scene, "vtkMRMLSliceNode")
    return nodes or [_add_slice_node(scene, name, orientation) for name, orientation in STANDARD_VIEWS.items()]


def slice_composites(scene) -> list:
    """The nodes that say which volumes each slice view shows, one per slice view."""
    for node in slice_nodes(scene):
        _require_composite(scene, node.GetLayoutName())
    return _nodes(scene, "vtkMRMLSliceCompositeNode")


def _add_slice_node(scene, name: str, orientation: str):
    node = scene.CreateNodeByClass("vtkMRMLSliceNode")  # the scene knows the orientation presets
    node.UnRegister(None)  # CreateNodeByClass hands over a reference
    node.SetName(name)
    node.SetSingletonTag(name)  # with its tag the view takes it over when the scene is opened in Slicer
    node.SetLayoutName(name)
    node.SetLayoutLabel(name[0])
    node.SetLayoutColor(*VIEW_COLORS[name])
    scene.AddNode(node)
    node.SetOrientation(orientation)
    node.SetDimensions(NEW_VIEW_PIXELS, NEW_VIEW_PIXELS, 1)
    return node


def _require_composite(scene, layout_name: str) -> None:
    if any(node.GetLayoutName() == layout_name for node in _nodes(scene, "vtkMRMLSliceCompositeNode")):
        return
    node = slicer.vtkMRMLSliceCompositeNode()
    node.SetName(f"{layout_name} Composite")
    node.SetSingletonTag(layout_name)
    node.SetLayoutName(layout_name)
    scene.AddNode(node)


def _nodes(scene, class_name: str) -> list:
    return [scene.GetNthNodeByClass(index, class_name) for index in range(scene.GetNumberOfNodesByClass(class_name))]


def _id(node) -> str | None:
    return None if node is None else node.GetID()
