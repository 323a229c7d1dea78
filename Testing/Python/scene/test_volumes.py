"""Volume nodes and images: every voxel at its place, with its value, and the reader's node untouched."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from hypothesis import given
from hypothesis import strategies as st
from samples import ball, bspline_transform, geometries, in_one_scene, numbered, rigid_transforms, turned_grid

from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import geometry_of_volume, image_of_volume, update_volume, volume_from_image

TYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.float32, np.float64)


def ras_of_voxel(node, index) -> np.ndarray:
    """Where Slicer itself puts a voxel: its matrices, none of ours."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(node.GetParentTransformNode(), None, to_world)
    return np.array(to_world.TransformPoint(matrix.MultiplyPoint((*map(float, index), 1.0))[:3]))


def corner_indices(size) -> list:
    return [(x, y, z) for x in {0, size[0] - 1} for y in {0, size[1] - 1} for z in {0, size[2] - 1}]


@in_one_scene
@given(geometry=geometries())
def test_every_corner_is_where_slicer_and_itk_say(scene, geometry):
    node = volume_from_image(numbered(geometry), "v")
    back = image_of_volume(node)
    size = max(1.0, np.abs(geometry.corners()).max())
    for index in corner_indices(geometry.size):
        lps = np.array(back.TransformIndexToPhysicalPoint(index))
        assert np.abs(lps - geometry.points([index])[0]).max() <= 1e-6 * size
        assert np.abs(ras_of_voxel(node, index) - lps * [-1, -1, 1]).max() <= 1e-6 * size
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(numbered(geometry)))
    assert geometry_of_volume(node) == Geometry.of(back)
    scene.RemoveNode(node)


@in_one_scene
@given(geometry=geometries(), rigid=rigid_transforms())
def test_a_linear_transform_moves_the_image_as_hardening_does(scene, geometry, rigid):
    node = volume_from_image(numbered(geometry), "v")
    transform = transform_node_from(rigid, "t")
    node.SetAndObserveTransformNodeID(transform.GetID())
    image = image_of_volume(node)
    hardened = slicer.vtkSlicerVolumesLogic.CloneVolume(scene, node, "hardened")
    hardened.SetAndObserveTransformNodeID(transform.GetID())
    hardened.HardenTransform()
    for index in corner_indices(geometry.size):
        lps = np.array(image.TransformIndexToPhysicalPoint(index))
        assert ras_of_voxel(hardened, index) == pytest.approx(lps * [-1, -1, 1], abs=1e-6, rel=1e-6)
    assert np.array_equal(sitk.GetArrayViewFromImage(image), slicer.util.arrayFromVolume(hardened))
    for added in (node, hardened, transform):
        scene.RemoveNode(added)


@in_one_scene
@given(dtype=st.sampled_from(TYPES), seed=st.integers(0, 1000))
def test_values_survive(scene, dtype, seed):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        array = random.normal(scale=1e30, size=(3, 4, 5)).astype(dtype)
        array[0, 0, :3] = np.nan, np.inf, -np.inf
    else:
        limits = np.iinfo(dtype)
        array = random.integers(limits.min, limits.max, (3, 4, 5), dtype=dtype, endpoint=True)
        array[0, 0, :2] = limits.min, limits.max
    node = volume_from_image(sitk.GetImageFromArray(array), "v")
    back = sitk.GetArrayFromImage(image_of_volume(node))
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")
    assert back.dtype == (np.int16 if dtype is np.int8 else dtype)  # Slicer cannot save signed 8-bit volumes
    scene.RemoveNode(node)


def test_a_signed_char_volume_of_slicers_own_is_read(scene):
    node = slicer.util.addVolumeFromArray(np.array([[[-128, 0, 127]]], np.int8))
    assert sitk.GetArrayFromImage(image_of_volume(node)).tolist() == [[[-128, 0, 127]]]


@pytest.mark.parametrize("degrees", [(0, 0, 0), (10, -20, 35), (90, 0, 0), (171, 60, -77)])
@pytest.mark.parametrize("mirror", [1, -1])
def test_centroid_and_volume_of_a_ball_do_not_depend_on_orientation(scene, degrees, mirror):
    center = (12.0, -34.0, 56.0)
    grid = turned_grid((50, 60, 40), (1.0, 0.8, 1.3), degrees, center)
    axes = np.reshape(grid.direction, (3, 3)) * [mirror, 1, 1]
    origin = np.asarray(center) - axes @ (np.asarray(grid.spacing) * (np.asarray(grid.size) - 1) / 2)
    grid = Geometry(grid.size, grid.spacing, tuple(origin.tolist()), tuple(axes.ravel().tolist()))
    node = volume_from_image(ball(grid, center, 15.0), "ball", labels=True)
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(image_of_volume(node))
    assert statistics.GetCentroid(1) == pytest.approx(center, abs=0.05)
    assert statistics.GetPhysicalSize(1) == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.01)


def test_the_node_is_only_read(scene):
    node = volume_from_image(numbered(turned_grid()), "v")
    transform = transform_node_from(sitk.AffineTransform([1, 0.3, 0, 0, 1, 0, 0, 0, 1.1], [1, 2, 3]), "t")
    node.SetAndObserveTransformNodeID(transform.GetID())
    before = (node.GetMTime(), node.GetImageData().GetMTime(), scene.GetNumberOfNodes())
    checksum = slicer.util.arrayFromVolume(node).tobytes()
    image = image_of_volume(node)
    image[0, 0, 0] = 30000  # the image has voxels of its own
    assert (node.GetMTime(), node.GetImageData().GetMTime(), scene.GetNumberOfNodes()) == before
    assert slicer.util.arrayFromVolume(node).tobytes() == checksum
    assert node.GetParentTransformNode() is transform


def test_an_image_outlives_its_node(scene):
    node = volume_from_image(numbered(turned_grid()), "v")
    image = image_of_volume(node)
    scene.RemoveNode(node)
    del node
    assert sitk.GetArrayFromImage(image).ravel()[-1] == 40 * 36 * 20 - 1


def test_a_shearing_transform_resamples_onto_perpendicular_axes(scene):
    geometry = turned_grid((40, 40, 40), (1.0, 1.0, 1.0), (0, 0, 0))
    node = volume_from_image(sitk.Cast(ball(geometry, (2.0, -3.0, 4.0), 8.0), sitk.sitkFloat32), "ball")
    shear = sitk.AffineTransform([1, 0.4, 0, 0, 1, 0, 0, 0, 1], [5.0, 0.0, 0.0])
    node.SetAndObserveTransformNodeID(transform_node_from(shear, "shear").GetID())
    image = image_of_volume(node)
    axes = np.reshape(image.GetDirection(), (3, 3))
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-9)
    assert geometry_of_volume(node) == Geometry.of(image)
    values = sitk.GetArrayFromImage(image)
    indices = np.argwhere(values > 0.5)[:, ::-1]
    center = Geometry.of(image).points(indices).mean(axis=0)
    assert center == pytest.approx(shear.GetInverse().TransformPoint((2.0, -3.0, 4.0)), abs=0.1)
    volume = values.sum() * Geometry.of(image).voxel_volume
    assert volume == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.02)  # this shear keeps volumes


@pytest.mark.parametrize("labels", [False, True])
def test_a_nonlinear_transform_resamples_as_hardening_does(scene, labels):
    spline = bspline_transform()
    geometry = turned_grid((40, 40, 40), (1.0, 1.0, 1.0), (0, 0, 15))
    mask = ball(geometry, (1.0, 2.0, 3.0), 10.0)
    node = volume_from_image(mask if labels else sitk.Cast(mask, sitk.sitkFloat32), "ball", labels=labels)
    node.SetAndObserveTransformNodeID(transform_node_from(spline, "t").GetID())
    checksum = slicer.util.arrayFromVolume(node).tobytes()
    image = image_of_volume(node)
    assert slicer.util.arrayFromVolume(node).tobytes() == checksum
    assert geometry_of_volume(node).same_grid(Geometry.of(image))
    # SimpleITK as the judge: the transform maps fixed (world) points to moving (voxel) points
    method = sitk.sitkNearestNeighbor if labels else sitk.sitkLinear
    expected = sitk.GetArrayFromImage(sitk.Resample(mask, image, spline, method, 0.0, sitk.sitkFloat32))
    found = sitk.GetArrayFromImage(image).astype(float)
    assert np.mean(np.abs(found - expected) > 0.01) < 1e-4
    assert np.mean(np.abs(found - sitk.GetArrayFromImage(mask)) > 0.5) > 0.001  # and it did move
    assert set(np.unique(found)) == {0, 1} or not labels


def test_single_slices_and_2d_images(scene):
    flat = sitk.GetImageFromArray(np.arange(12, dtype=np.int16).reshape(3, 4))
    flat.SetSpacing((0.5, 2.0))
    flat.SetOrigin((7.0, -8.0))
    node = volume_from_image(flat, "slice")
    image = image_of_volume(node)
    assert image.GetSize() == (4, 3, 1)
    assert image.GetSpacing() == (0.5, 2.0, 1.0)
    assert image.TransformIndexToPhysicalPoint((1, 1, 0)) == (7.5, -6.0, 0.0)
    assert np.array_equal(sitk.GetArrayFromImage(image)[0], sitk.GetArrayFromImage(flat))


def test_color_images_become_vector_volumes_and_come_back(scene):
    array = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 3), dtype=np.uint8)
    node = volume_from_image(sitk.GetImageFromArray(array, isVector=True), "rgb")
    assert node.IsA("vtkMRMLVectorVolumeNode")
    image = image_of_volume(node)
    assert image.GetNumberOfComponentsPerPixel() == 3
    assert np.array_equal(sitk.GetArrayFromImage(image), array)


def test_a_volume_without_display_node_and_one_whose_extent_does_not_start_at_zero(scene):
    node = slicer.vtkMRMLScalarVolumeNode()
    scene.AddNode(node)
    data = vtk.vtkImageData()
    data.SetExtent(2, 4, 3, 6, 0, 0)
    data.AllocateScalars(vtk.VTK_SHORT, 1)
    data.GetPointData().GetScalars().Fill(5)
    node.SetAndObserveImageData(data)
    assert node.GetDisplayNode() is None
    image = image_of_volume(node)
    assert image.GetSize() == (3, 4, 1)
    assert image.GetOrigin() == (-2.0, -3.0, 0.0)  # RAS index (2, 3, 0)
    assert sitk.GetArrayFromImage(image).min() == 5


def test_the_frame_a_sequence_shows_is_taken(scene):
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "cine")
    for value in range(3):
        frame = volume_from_image(sitk.Image(2, 2, 2, sitk.sitkInt16) + value, "frame")
        sequence.SetDataNodeAtValue(frame, str(value))
        scene.RemoveNode(frame)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.SetSelectedItemNumber(2)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    proxy = browser.GetProxyNode(sequence)
    assert sitk.GetArrayFromImage(image_of_volume(proxy)).max() == 2


def test_update_replaces_voxels_and_grid_but_not_the_window(scene):
    node = volume_from_image(numbered(turned_grid()), "preview")
    node.GetDisplayNode().SetWindowLevel(77, 33)
    node.SetAndObserveTransformNodeID(transform_node_from(sitk.TranslationTransform(3, (1, 2, 3)), "t").GetID())
    small = numbered(turned_grid((5, 6, 7)), np.float32)
    update_volume(node, small)
    assert Geometry.of(image_of_volume(node)).same_grid(Geometry.of(small))
    assert np.array_equal(sitk.GetArrayFromImage(image_of_volume(node)), sitk.GetArrayFromImage(small))
    assert (node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()) == (77, 33)


def test_window_shows_the_bulk_of_the_values(scene):
    array = np.random.default_rng(0).uniform(100, 200, (30, 40, 50)).astype(np.float32)
    array[0, 0, :5] = 1e6, -1e6, np.nan, np.inf, -np.inf
    display = volume_from_image(sitk.GetImageFromArray(array), "v").GetDisplayNode()
    assert display.GetWindow() == pytest.approx(100, abs=2)
    assert display.GetLevel() == pytest.approx(150, abs=2)
    constant = volume_from_image(sitk.Image(3, 3, 3, sitk.sitkInt16) + 40, "c").GetDisplayNode()
    assert constant.GetLevel() == 40
    assert constant.GetWindow() > 0
    nothing = np.full((2, 2, 2), np.nan, np.float32)
    assert volume_from_image(sitk.GetImageFromArray(nothing), "n").GetDisplayNode().GetWindow() > 0


def test_a_result_looks_and_lies_like_its_input(scene):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "study")
    source = volume_from_image(numbered(turned_grid()), "FLAIR")
    source.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeIron")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(source), study)
    result = volume_from_image(numbered(turned_grid()), "FLAIR", like=source)
    assert result.GetName() == "FLAIR_1"
    assert result.GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeIron"
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result)) == study
