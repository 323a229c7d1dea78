"""Markups and painted segments as seeds, and ROIs as masks, wherever transforms put them."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from hypothesis import given
from samples import geometries, in_one_scene, rigid_transforms, turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.rois import RoiBox, place_roi
from MedProcLib.scene.seeds import BY_LABEL, content_key_of_seeds, seeds_of_nodes
from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image


def point_list(grid, indices, labels=None, name="Seeds"):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    for number, index in enumerate(indices):
        label = labels[number] if labels else f"{name}-{number + 1}"
        node.AddControlPoint(ras_of(grid.points(np.array([index]))[0]).tolist(), label)
    return node


@in_one_scene
@given(grid=geometries(3), rigid=rigid_transforms())
def test_a_point_marks_its_voxel_under_a_transform(scene, grid, rigid):
    volume = volume_from_image(grid.empty_image(), "v")
    node = point_list(grid, [(0, 1, 2), (2, 2, 0)])
    transform = transform_node_from(rigid, "t")
    for moved in (volume, node):
        moved.SetAndObserveTransformNodeID(transform.GetID())
    seeds, infos = seeds_of_nodes([node], volume)
    assert np.argwhere(sitk.GetArrayFromImage(seeds)).tolist() == [[0, 2, 2], [2, 1, 0]]
    assert {value: info.name for value, info in infos.items()} == {1: "Seeds"}
    for added in (volume, node, transform):
        scene.RemoveNode(added)


def test_each_list_or_each_label_is_an_object(scene):
    grid = turned_grid((10, 10, 10))
    organ = point_list(grid, [(1, 1, 1), (2, 2, 2)], name="Organ")
    rest = point_list(grid, [(5, 5, 5)], name="Rest")
    seeds, infos = seeds_of_nodes([organ, rest], grid)
    values = sitk.GetArrayFromImage(seeds)
    assert (values[1, 1, 1], values[2, 2, 2], values[5, 5, 5]) == (1, 1, 2)
    assert [info.name for info in infos.values()] == ["Organ", "Rest"]
    mixed = point_list(grid, [(1, 1, 1), (5, 5, 5), (2, 2, 2)], ["left", "right", "left"], "Both")
    seeds, infos = seeds_of_nodes([mixed], grid, BY_LABEL)
    values = sitk.GetArrayFromImage(seeds)
    assert (values[1, 1, 1], values[2, 2, 2], values[5, 5, 5]) == (1, 1, 2)
    assert [info.name for info in infos.values()] == ["left", "right"]


def test_painted_segments_and_points_together(scene):
    grid = turned_grid((10, 10, 10))
    drawn = np.zeros((10, 10, 10), np.uint8)
    drawn[2, 2, 2:5], drawn[7, 7, 7] = 1, 2
    painted = segmentation_from_labels(grid.image_of(drawn), {1: SegmentInfo("a"), 2: SegmentInfo("b")}, "Painted")
    points = point_list(grid, [(2, 2, 2), (0, 0, 0)], name="More")
    key = content_key_of_seeds([painted, points])
    seeds, infos = seeds_of_nodes([painted, points], grid)
    values = sitk.GetArrayFromImage(seeds)
    assert [info.name for info in infos.values()] == ["a", "b", "More"]
    assert values[2, 2, 2] == 3 and values[2, 2, 3] == 1 and values[7, 7, 7] == 2 and values[0, 0, 0] == 3
    points.SetNthControlPointPosition(1, *ras_of(grid.points(np.array([(1, 0, 0)]))[0]))
    assert content_key_of_seeds([painted, points]) != key


def test_painted_seeds_that_are_moved_or_recolored_are_others(scene):
    grid = turned_grid((10, 10, 10))
    drawn = np.zeros((10, 10, 10), np.uint8)
    drawn[2, 2, 2:5] = 1
    painted = segmentation_from_labels(grid.image_of(drawn), None, "Painted")
    still = transform_node_from(sitk.TranslationTransform(3), "t")
    keys = [content_key_of_seeds([painted])]
    painted.SetAndObserveTransformNodeID(still.GetID())
    keys.append(content_key_of_seeds([painted]))
    moved = vtk.vtkMatrix4x4()
    moved.SetElement(0, 3, 2.0)
    still.SetMatrixTransformToParent(moved)
    keys.append(content_key_of_seeds([painted]))
    painted.GetSegmentation().GetNthSegment(0).SetColor(1.0, 0.0, 0.0)
    keys.append(content_key_of_seeds([painted]))
    assert len(set(keys)) == 4 and content_key_of_seeds([painted]) == keys[-1]


def test_more_objects_than_a_byte_holds_keep_their_numbers(scene):
    grid = turned_grid((12, 12, 6))
    drawn = np.zeros(grid.size[::-1], np.uint8)
    drawn[0].flat[:130], drawn[3].flat[:130] = np.arange(1, 131), np.arange(1, 131)
    every = [segmentation_from_labels(grid.image_of(np.roll(drawn, n, axis=0)), None, f"{n}") for n in range(3)]
    seeds, infos = seeds_of_nodes(every, grid)
    values = sitk.GetArrayFromImage(seeds)
    assert len(infos) == 390
    for number in range(3):
        expected = np.arange(1, 131) + 130 * number
        np.testing.assert_array_equal(values[number].flat[:130], expected)
        np.testing.assert_array_equal(values[3 + number].flat[:130], expected)


def test_what_is_wrong_with_seeds_is_said(scene):
    grid = turned_grid((10, 10, 10))
    with pytest.raises(InputError, match="no seed"):
        seeds_of_nodes([], grid)
    with pytest.raises(InputError, match="no seed"):
        seeds_of_nodes([point_list(grid, [])], grid)
    with pytest.raises(InputError, match="'T-2' of 'Tumor' lies outside the image"):
        seeds_of_nodes([point_list(grid, [(1, 1, 1), (30, 1, 1)], ["T-1", "T-2"], "Tumor")], grid)
    with pytest.raises(InputError, match="holds no seeds"):
        seeds_of_nodes([volume_from_image(grid.empty_image(), "V")], grid)


def roi(center_lps, size, degrees=0.0):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
    matrix = vtk.vtkTransform()
    matrix.Translate(*ras_of(center_lps))
    matrix.RotateZ(degrees)
    node.SetSize(*size)
    node.SetAndObserveObjectToNodeMatrix(matrix.GetMatrix())
    return node


def test_a_box_has_its_volume_wherever_it_is_turned(scene):
    grid = turned_grid((80, 80, 80), (1.0, 1.1, 0.9))
    center = grid.center + np.array([3, -4, 2])
    for degrees in (0, 30):
        box = sitk.GetArrayFromImage(RoiBox.of(roi(center, (30, 20, 40), degrees)).mask(grid))
        assert box.sum() * grid.voxel_volume == pytest.approx(24000, rel=0.03)
        place = np.argwhere(box)[:, ::-1].mean(axis=0)
        np.testing.assert_allclose(grid.points(place[None])[0], center, atol=0.5)


def test_a_box_takes_the_voxels_whose_centers_are_in_it(scene):
    grid = Geometry((10, 10, 10), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    values = sitk.GetArrayFromImage(RoiBox.of(roi((4, 5, 6), (2.2, 4.2, 0.5))).mask(grid))
    assert np.argwhere(values).min(axis=0).tolist() == [6, 3, 3] and np.argwhere(values).max(axis=0).tolist() == [
        6,
        7,
        5,
    ]


def test_a_box_elsewhere_is_refused(scene):
    grid = turned_grid((10, 10, 10))
    with pytest.raises(InputError, match="outside the volume"):
        RoiBox.of(roi((500, 0, 0), (5, 5, 5))).mask(grid)
    with pytest.raises(InputError, match="no size"):
        RoiBox.of(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode"))


@in_one_scene
@given(grid=geometries(8, 12))
def test_a_new_box_lies_in_the_middle_of_the_volume(scene, grid):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
    place_roi(node, grid, 0.5)
    mask = sitk.GetArrayFromImage(RoiBox.of(node).mask(grid))
    place = np.argwhere(mask)
    np.testing.assert_allclose(place[:, ::-1].mean(axis=0), (np.array(grid.size) - 1) / 2, atol=1e-6)
    assert 0.05 < mask.mean() < 0.3
    scene.RemoveNode(node)
