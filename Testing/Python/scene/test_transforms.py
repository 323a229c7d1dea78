"""Transforms both ways, judged by SimpleITK's resampling, Slicer's point mapping and Slicer's file reader."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from hypothesis import given
from samples import bspline_transform, displacement_transform, in_one_scene, rigid_transforms, turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.transforms import points_to_world, transform_node_from, transform_of_node
from MedProcLib.scene.volumes import image_of_volume, volume_from_image

FLIP = np.array([-1.0, -1.0, 1.0])
AFFINE = sitk.AffineTransform([1.1, 0.2, 0, -0.1, 0.9, 0.05, 0, 0.1, 1.2], [5.0, -6.0, 7.0], [1.0, 2.0, 3.0])
NONLINEAR = {
    "B-spline": bspline_transform(),
    "grid": displacement_transform(),
    "composite": sitk.CompositeTransform([AFFINE, bspline_transform()]),
}
# VTK interpolates a displacement grid by cubes where ITK does linearly; what is in between differs by that
TOLERANCE = {"B-spline": 1e-9, "grid": 0.05, "composite": 1e-9}


def slicer_maps(point_lps, source, target) -> np.ndarray:
    """Where Slicer says an LPS point of a node's space is in another's."""
    general = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(source, target, general)
    return np.array(general.TransformPoint(*(np.asarray(point_lps) * FLIP))) * FLIP


def points(count: int = 40) -> np.ndarray:
    return np.random.default_rng(5).uniform(-15, 15, (count, 3))


@in_one_scene
@given(transform=rigid_transforms())
def test_world_points_go_where_the_transform_says(scene, transform):
    node = transform_node_from(transform, "t")
    assert node.IsA("vtkMRMLLinearTransformNode")
    for point in points(5):
        expected = transform.TransformPoint(point)
        assert slicer_maps(point, None, node) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert transform_of_node(node).TransformPoint(point) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert points_to_world(node, expected)[0] == pytest.approx(point, rel=1e-9, abs=1e-6)
    scene.RemoveNode(node)


def test_linear_transforms_are_exact(scene):
    node = transform_node_from(AFFINE, "t")
    for point in points():
        assert np.abs(slicer_maps(point, None, node) - AFFINE.TransformPoint(point)).max() < 1e-12


@pytest.mark.parametrize("kind", NONLINEAR)
def test_nonlinear_transforms(scene, kind):
    transform = NONLINEAR[kind]
    node = transform_node_from(transform, "t")
    assert not node.IsLinear()
    moved = 0.0
    for point in points():
        expected = np.array(transform.TransformPoint(point))
        assert slicer_maps(point, None, node) == pytest.approx(expected, abs=TOLERANCE[kind])
        assert slicer_maps(slicer_maps(point, None, node), node, None) == pytest.approx(point, abs=0.01)
        assert transform_of_node(node).TransformPoint(point) == pytest.approx(expected, abs=1e-9)
        moved = max(moved, float(np.abs(expected - point).max()))
    assert moved > 1


def test_slicer_shows_the_moving_image_as_sitk_resamples_it(scene):
    fixed = turned_grid((30, 28, 26), (1.1, 1.0, 1.2), (5, 10, 15))
    moving = turned_grid((40, 36, 30), (0.9, 1.1, 1.0), (-10, 20, 5), (3, 4, 5))
    points_of_moving = moving.points(np.indices(moving.size).reshape(3, -1).T)
    wave = np.sin(points_of_moving / 4).sum(axis=1).reshape(moving.size).T.astype(np.float32)
    image = moving.image_of(wave)
    transform = sitk.Euler3DTransform((1, 2, 3), 0.1, -0.2, 0.15, (2, -3, 4))
    node = volume_from_image(image, "moving")
    node.SetAndObserveTransformNodeID(transform_node_from(transform, "t").GetID())
    identity = sitk.Transform(3, sitk.sitkIdentity)
    seen = sitk.Resample(image_of_volume(node), fixed.empty_image(), identity, sitk.sitkLinear, 0.0)
    expected = sitk.Resample(image, fixed.empty_image(), transform, sitk.sitkLinear, 0.0)
    assert sitk.GetArrayFromImage(seen) == pytest.approx(sitk.GetArrayFromImage(expected), abs=1e-4)
    assert sitk.GetArrayFromImage(expected).std() > 0.5


def test_a_chain_of_transforms(scene):
    outer = transform_node_from(AFFINE, "outer")
    inner = transform_node_from(bspline_transform(), "inner")
    inner.SetAndObserveTransformNodeID(outer.GetID())
    chain = transform_of_node(inner)
    for point in points():
        assert chain.TransformPoint(point) == pytest.approx(slicer_maps(point, None, inner), abs=1e-6)
    rigid = transform_node_from(sitk.Euler3DTransform((0, 0, 0), 0.1, 0.2, 0.3, (4, 5, 6)), "rigid")
    rigid.SetAndObserveTransformNodeID(outer.GetID())
    for point in points():
        assert transform_of_node(rigid).TransformPoint(point) == pytest.approx(
            slicer_maps(point, None, rigid), abs=1e-9
        )


@pytest.mark.parametrize("name", ["t.tfm", "t.h5"])
@pytest.mark.parametrize("transform", [AFFINE, bspline_transform()], ids=["affine", "B-spline"])
def test_slicer_reads_the_file_alike(scene, tmp_path, name, transform):
    sitk.WriteTransform(transform, str(tmp_path / name))
    read = slicer.modules.transforms.logic().AddTransform(str(tmp_path / name), scene)
    ours = transform_node_from(transform, "ours")
    for point in points():
        assert slicer_maps(point, None, read) == pytest.approx(slicer_maps(point, None, ours), abs=1e-9)
    linear = transform is AFFINE
    if linear:
        a, b = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
        read.GetMatrixTransformToParent(a)
        ours.GetMatrixTransformToParent(b)
        assert array_of_matrix(a) == pytest.approx(array_of_matrix(b), abs=1e-9)


def test_none_is_the_identity():
    assert transform_of_node(None).TransformPoint((1.0, 2.0, 3.0)) == (1.0, 2.0, 3.0)
    assert points_to_world(None, [[1, 2, 3]]).tolist() == [[1, 2, 3]]


def test_refusals(scene):
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="2D"):
        transform_node_from(sitk.Euler2DTransform(), "t")
    assert scene.GetNumberOfNodes() == count
    spline = vtk.vtkThinPlateSplineTransform()
    for placed, target in ((spline.SetSourceLandmarks, 0.0), (spline.SetTargetLandmarks, 1.0)):
        landmarks = vtk.vtkPoints()
        for x, y, z in ((0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (9, 9, 9 + 3 * target)):
            landmarks.InsertNextPoint(x + target, y, z)
        placed(landmarks)
    spline.SetBasisToR()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "landmarks")
    node.SetAndObserveTransformFromParent(spline)
    with pytest.raises(InputError, match="'landmarks' has no counterpart"):
        transform_of_node(node)
