"""Volume nodes as SimpleITK images and back; images come out in world space, whatever transform the node is under."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node, require_nodes
from MedProcLib.scene.voxel_grid import geometry_of_grid, ijk_to_ras_of, image_of_vtk, upright_grid, vtk_of_image

# Percentiles of the values that a new volume shows from black to white, of at most so many voxels.
SHOWN_PERCENTILES = (0.1, 99.9)
SAMPLED_VOXELS = 100_000


def image_of_volume(node) -> sitk.Image:
    """Image of a volume node in world space (LPS, mm). Copies the voxels once; the node is not modified.

    A linear parent transform moves the grid, voxels untouched, unless it shears: then, and under a non-linear one,
    the image is resampled (linear; nearest neighbor for label maps) as Slicer's own hardening does.
    Vector and color volumes give vector images. Of a sequence's proxy node the current frame is taken.
    Raises InputError without a node, without voxels, for a sequence or an unusable grid.
    """
    require_volume(node)
    if _under_nonlinear(node):
        node = _hardened_copy(node)
    geometry = _geometry(node)
    image = image_of_vtk(node.GetImageData(), geometry)
    grid = upright_grid(geometry)
    if grid is geometry:
        return image
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return resample(image, grid, interpolator=sitk.sitkNearestNeighbor)
    return resample(image, grid, default_value=float(np.nanmin(sitk.GetArrayViewFromImage(image))))


def geometry_of_volume(node) -> Geometry:
    """World geometry (LPS, mm) of a volume node, the same as its image's. Copies no voxels where no resampling is.

    Raises InputError like image_of_volume.
    """
    require_volume(node)
    if _under_nonlinear(node):
        node = _hardened_copy(node)
    return upright_grid(_geometry(node))


def is_copied_as_it_is(node) -> bool:
    """Whether the image of a scalar volume node has its voxels as they are, and none is computed anew.

    Raises InputError like image_of_volume.
    """
    require_volume(node)
    if _under_nonlinear(node) or node.GetImageData().GetNumberOfScalarComponents() > 1:
        return False
    grid = _geometry(node)
    return upright_grid(grid) is grid


def sample_of_volume(node, most_voxels: int = 1_000_000) -> sitk.Image | None:
    """Some whole slices of a volume node, evenly spread, with its spacing: enough to see what kind of image it is.

    At least three, so that a 3D image stays one. None for colors, which tell nothing of the kind. Raises InputError
    like require_volume.
    """
    require_volume(node)
    data = node.GetImageData()
    if data.GetNumberOfScalarComponents() > 1:
        return None
    columns, rows, slices = data.GetDimensions()
    wanted = min(slices, max(3, most_voxels // (columns * rows)))
    chosen = np.unique(np.linspace(0, slices - 1, 2 * wanted + 1)[1::2].round().astype(int))  # the ends tell least
    array = vtk_to_numpy(data.GetPointData().GetScalars()).reshape(slices, rows, columns)[chosen]
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(node.GetSpacing())
    return image


def size_of_volume(node) -> tuple[float, ...]:
    """Size (mm) of a volume node from left to right, from back to front, and from feet to head, transforms aside."""
    toward = [[0.0] * 3 for _ in range(3)]
    node.GetIJKToRASDirections(toward)
    size = node.GetImageData().GetDimensions()
    return Geometry(size, node.GetSpacing(), (0.0,) * 3, tuple(np.ravel(toward).tolist())).patient_extent


@dataclass(frozen=True)
class ReadyImage:
    """An image as VTK voxels, ready to be a volume's without a copy. display: window and level, None for color."""

    grid: Geometry
    data: vtk.vtkImageData
    components: int
    display: tuple[float, float] | None


def ready_image(image: sitk.Image) -> ReadyImage:
    """Copy an image's voxels for a volume node; in any thread. Raises InputError when it cannot be one."""
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    if image.GetDimension() != 3:
        raise InputError(f"The image is {image.GetDimension()}D; a volume holds one 2D or 3D image.")
    if min(image.GetSize()) == 0:
        raise InputError("The image has no voxels.")
    components = image.GetNumberOfComponentsPerPixel()
    display = window_and_level(image) if components == 1 else None
    return ReadyImage(Geometry.of(image), vtk_of_image(image), components, display)


def volume_from_image(
    image: sitk.Image | ReadyImage, name: str, scene=None, like=None, labels: bool = False, hidden: bool = False
):
    """Add a volume node with this image (2D or 3D; LPS, mm), ready to display, in world space. Copies the voxels once.

    A 2D image becomes a volume of one slice, a vector image a vector volume. 64-bit and 8-bit signed integers get a
    type Slicer can save. Window and level come from a sample of the values.
    image: or one made ready in another thread, which is copied no more. scene: slicer.mrmlScene by default; like: the
    volume node it was computed from, beside which it is put in the subject hierarchy and whose color table it is shown
    in; labels: make a label map volume; hidden: offered in no list and not saved (Slicer asks when a node is added).
    """
    scene = scene or slicer.mrmlScene
    ready = image if isinstance(image, ReadyImage) else ready_image(image)
    kind = "LabelMapVolume" if labels else "VectorVolume" if ready.components > 1 else "ScalarVolume"
    node = new_node(f"vtkMRML{kind}Node", name, scene)
    _fill(node, ready)
    node.SetHideFromEditors(hidden)
    node.SetSaveWithScene(not hidden)
    scene.AddNode(node)
    _add_display(node, ready, scene, like, f"vtkMRML{kind}DisplayNode")
    node.GetDisplayNode().SetSaveWithScene(not hidden)
    if like is not None:
        place_beside(node, like)
    return node


def update_volume(node, image: sitk.Image | ReadyImage) -> None:
    """Replace the voxels and grid of a volume node that MedProc made. Copies the voxels once.

    Window and level stay as they are; the node keeps no parent transform, since images are in world space.
    """
    ready = image if isinstance(image, ReadyImage) else ready_image(image)
    was_modifying = node.StartModify()
    try:
        node.SetAndObserveTransformNodeID(None)
        _fill(node, ready)
    finally:
        node.EndModify(was_modifying)


def require_volume(node) -> None:
    """Raise InputError unless this is a volume node with voxels."""
    if node is None:
        raise InputError("No volume is selected.")
    require_nodes(node)
    what = f"'{node.GetName()}'"
    if node.IsA("vtkMRMLSequenceNode") or node.IsA("vtkMRMLSequenceBrowserNode"):
        raise InputError(f"{what} is a sequence: choose the volume that shows one time point of it.")
    if not node.IsA("vtkMRMLVolumeNode"):
        raise InputError(f"{what} is not a volume.")
    data = node.GetImageData()
    if data is None or data.GetPointData().GetScalars() is None or data.GetNumberOfPoints() == 0:
        raise InputError(f"Volume {what} has no voxels: load or compute its image first.")


def window_and_level(image: sitk.Image) -> tuple[float, float]:
    """Window and level that show a scalar image from its 0.1th to its 99.9th percentile, from a sample of voxels."""
    values = sitk.GetArrayViewFromImage(image).reshape(-1)
    values = values[:: max(1, values.size // SAMPLED_VOXELS)].astype(np.float64)
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, SHOWN_PERCENTILES) if values.size else (0.0, 1.0)
    if not high > low:  # constant, or all but a few voxels: show the whole range
        low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
    return float(high - low) or 1.0, float(high + low) / 2


def _geometry(node) -> Geometry:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    ijk_to_ras = array_of_matrix(matrix)
    parent = node.GetParentTransformNode()
    if parent is not None:
        to_world = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToWorld(to_world)
        ijk_to_ras = array_of_matrix(to_world) @ ijk_to_ras
    return geometry_of_grid(ijk_to_ras, node.GetImageData().GetExtent(), f"Volume '{node.GetName()}'")


def _under_nonlinear(node) -> bool:
    parent = node.GetParentTransformNode()
    return parent is not None and not parent.IsTransformToWorldLinear()


def _hardened_copy(node):
    """A copy outside the scene with the transform to world applied to its voxels."""
    copy = slicer.mrmlScene.CreateNodeByClass(node.GetClassName())
    copy.UnRegister(None)  # CreateNodeByClass hands over a reference
    copy.SetName(node.GetName())
    copy.CopyContent(node)
    to_world = vtk.vtkGeneralTransform()
    node.GetParentTransformNode().GetTransformToWorld(to_world)
    copy.ApplyTransform(to_world)
    return copy


def _fill(node, ready: ReadyImage) -> None:
    node.SetIJKToRASMatrix(matrix_of_array(ijk_to_ras_of(ready.grid)))
    node.SetAndObserveImageData(ready.data)


def _add_display(node, ready: ReadyImage, scene, like, class_name: str) -> None:
    display = getattr(slicer, class_name)()
    if display.IsA("vtkMRMLScalarVolumeDisplayNode") and ready.display is not None:
        display.SetAutoWindowLevel(False)  # Slicer's own goes through every voxel: a second for a large CT
        display.SetWindowLevel(*ready.display)
    scene.AddNode(display)
    display.SetDefaultColorMap()
    source = like.GetDisplayNode() if like is not None else None
    if source is not None and source.GetColorNodeID() and source.GetClassName() == class_name:
        display.SetAndObserveColorNodeID(source.GetColorNodeID())
    node.SetAndObserveDisplayNodeID(display.GetID())
