"""What is no image says so in one line, with what to do about it."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import require_scalar
from MedProcLib.scene.volumes import geometry_of_volume, image_of_volume, volume_from_image


def test_no_node():
    with pytest.raises(InputError, match="No volume is selected"):
        image_of_volume(None)


@pytest.mark.parametrize(
    ("class_name", "message"),
    [
        ("vtkMRMLScalarVolumeNode", "'x' has no voxels"),
        ("vtkMRMLLabelMapVolumeNode", "'x' has no voxels"),
        ("vtkMRMLDiffusionTensorVolumeNode", "'x' has no voxels"),
        ("vtkMRMLSequenceNode", "'x' is a sequence"),
        ("vtkMRMLSequenceBrowserNode", "'x' is a sequence"),
        ("vtkMRMLModelNode", "'x' is not a volume"),
    ],
)
def test_nodes_without_an_image(scene, class_name, message):
    node = scene.AddNewNodeByClass(class_name, "x")
    for read in (image_of_volume, geometry_of_volume):
        with pytest.raises(InputError, match=message):
            read(node)


def test_an_image_of_no_voxels(scene):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "x")
    data = vtk.vtkImageData()
    data.SetDimensions(0, 3, 3)
    data.AllocateScalars(vtk.VTK_SHORT, 1)
    node.SetAndObserveImageData(data)
    with pytest.raises(InputError, match="no voxels"):
        image_of_volume(node)


@pytest.mark.parametrize(
    ("diagonal", "message"),
    [((1, 0, 1), "spacing"), ((1, np.nan, 1), "spacing"), ((1, np.inf, 1), "spacing")],
)
def test_grids_that_place_nothing(scene, diagonal, message):
    node = volume_from_image(sitk.Image(2, 2, 2, sitk.sitkUInt8), "x")
    matrix = vtk.vtkMatrix4x4()
    for axis in range(3):
        matrix.SetElement(axis, axis, diagonal[axis])
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "t")
    transform.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(InputError, match=message):
        image_of_volume(node)


def test_axes_in_one_plane(scene):
    node = volume_from_image(sitk.Image(2, 2, 2, sitk.sitkUInt8), "x")
    node.SetIJKToRASDirections(1, 0, 0, 0, 1, 1, 0, 0, 0)
    with pytest.raises(InputError, match="plane"):
        image_of_volume(node)


def test_vector_volumes_are_refused_by_what_needs_scalars(scene):
    node = volume_from_image(sitk.Image([2, 2, 2], sitk.sitkVectorUInt8, 3), "rgb")
    with pytest.raises(InputError, match="convert it to a scalar image"):
        require_scalar(image_of_volume(node))


def test_images_that_no_volume_holds(scene):
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="4D"):
        volume_from_image(sitk.Image([2, 2, 2, 2], sitk.sitkInt16), "x")
    with pytest.raises(InputError, match="no voxels"):
        volume_from_image(sitk.Image([2, 0, 2], sitk.sitkInt16), "x")
    with pytest.raises(InputError, match="fit no type"):
        volume_from_image(sitk.GetImageFromArray(np.array([[[2**63 + 5]]], np.uint64)), "x")
    assert scene.GetNumberOfNodes() == count


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.array([[[-5, 7]]], np.int64), np.int32),
        (np.array([[[5, 2**32 - 1]]], np.uint32), np.uint32),
        (np.array([[[5, 2**40]]], np.uint64), np.float64),
    ],
)
def test_wide_integers_get_a_type_that_holds_them(scene, array, dtype):
    node = volume_from_image(sitk.GetImageFromArray(array), "x")
    stored = slicer.util.arrayFromVolume(node)
    assert stored.dtype == dtype
    assert stored.astype(object).tolist() == array.tolist()
