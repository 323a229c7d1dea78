"""Segmentations as label maps in a named geometry, and back."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from hypothesis import given
from hypothesis import strategies as st
from samples import ball, bspline_transform, distances, geometries, in_one_scene, rigid_transforms, turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.segmentations import (
    SegmentInfo,
    add_segments,
    labels_of_segmentation,
    segmentation_from_labels,
)
from MedProcLib.scene.terminology import LESION
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image


def array_of(labels: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(labels)


@in_one_scene
@given(geometry=geometries(), rigid=rigid_transforms(), seed=st.integers(0, 99), under=st.booleans())
def test_labels_come_back_voxel_by_voxel(scene, geometry, rigid, seed, under):
    labels = np.random.default_rng(seed).integers(0, 4, geometry.size[::-1]).astype(np.uint8)
    image = geometry.image_of(labels)
    volume = volume_from_image(image, "reference")
    node = segmentation_from_labels(image, {n: SegmentInfo(f"s{n}") for n in (1, 2, 3)}, "seg", volume)
    transform = transform_node_from(rigid, "t")
    if under:  # both are moved alike
        for moved in (node, volume):
            moved.SetAndObserveTransformNodeID(transform.GetID())
    back, segments = labels_of_segmentation(node, volume)
    assert np.array_equal(array_of(back), labels)
    assert [segments[n].name for n in (1, 2, 3)] == ["s1", "s2", "s3"]
    for added in (node, volume, transform):
        scene.RemoveNode(added)


@pytest.mark.parametrize("radians", [(0, 1e-312, 1e-311), (1e-300, 0, 1e-305)])
def test_a_turn_by_next_to_nothing_loses_no_label(scene, radians):
    """ITK's inverse of a matrix with elements that are hardly a number is none."""
    grid = Geometry((1, 2, 1), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), tuple(np.eye(3).ravel()))
    labels = grid.image_of(np.array([[[3], [2]]], np.uint8))
    volume = volume_from_image(labels, "reference")
    node = segmentation_from_labels(labels, {2: SegmentInfo("a"), 3: SegmentInfo("b")}, "seg", volume)
    transform = transform_node_from(sitk.Euler3DTransform((400, -200, -300), *radians), "t")
    for moved in (node, volume):
        moved.SetAndObserveTransformNodeID(transform.GetID())
    assert array_of(labels_of_segmentation(node, volume)[0]).ravel().tolist() == [2, 1]


def test_slicer_measures_the_same_voxels_at_the_same_place(scene):
    """Slicer's own export as the judge of geometry and values."""
    grid = turned_grid()
    image = sitk.Cast(ball(grid, (3, 4, 5), 9), sitk.sitkUInt8) * 2
    volume = volume_from_image(image, "reference")
    node = segmentation_from_labels(image, None, "seg", volume)
    export = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "export")
    ids = vtk.vtkStringArray()
    ids.InsertNextValue(node.GetSegmentation().GetNthSegmentID(0))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(node, ids, export, volume)
    assert np.array_equal(slicer.util.arrayFromVolume(export) > 0, array_of(image) > 0)


def test_what_is_said_of_a_segment_stays(scene):
    labels = ball(turned_grid(), (0, 0, 0), 5)
    info = SegmentInfo("F1 grown", (0.25, 0.5, 0.75), id="F1", terminology=LESION)
    node = segmentation_from_labels(labels, {1: info}, "seg")
    assert labels_of_segmentation(node, Geometry.of(labels))[1] == {1: info}
    assert "52988006" in node.GetSegmentation().GetSegment("F1").GetTerminology()


def test_unnamed_values_and_empty_segments(scene):
    labels = ball(turned_grid(), (0, 0, 0), 5) * 7
    node = segmentation_from_labels(labels, {3: SegmentInfo("none there")}, "seg")
    back, segments = labels_of_segmentation(node, Geometry.of(labels))
    assert {value: info.name for value, info in segments.items()} == {1: "none there", 2: "Segment 7"}
    assert np.array_equal(array_of(back) == 2, array_of(labels) == 7)
    assert not (array_of(back) == 1).any()


def test_a_label_map_of_nothing(scene):
    labels = turned_grid().empty_image()
    node = segmentation_from_labels(labels, {1: SegmentInfo("lesion")}, "seg")
    back, segments = labels_of_segmentation(node, Geometry.of(labels))
    assert array_of(back).max() == 0
    assert list(segments) == [1]


def test_more_labels_than_a_byte_holds(scene):
    grid = Geometry((20, 20, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
    labels = grid.image_of(np.arange(400, dtype=np.uint16).reshape(1, 20, 20))
    node = segmentation_from_labels(labels, None, "seg")
    back, segments = labels_of_segmentation(node, grid)
    assert len(segments) == 399
    assert np.array_equal(array_of(back), array_of(labels))


def test_another_geometry_than_its_own(scene):
    """A ball drawn on a fine oblique grid, asked for on a coarse one turned otherwise."""
    center, radius = np.array([4.0, -6.0, 8.0]), 12.0
    fine = turned_grid((70, 70, 70), (0.6, 0.6, 0.6), (10, 20, 30), center)
    node = segmentation_from_labels(ball(fine, center, radius), None, "seg")
    coarse = turned_grid((40, 40, 20), (1.5, 1.3, 3.0), (-40, 5, 80), (7.0, -4.0, 9.0))
    back, _ = labels_of_segmentation(node, coarse)
    judge = sitk.Resample(ball(fine, center, radius), coarse.empty_image(), sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.array_equal(array_of(back), array_of(judge))
    assert Geometry.of(back) == coarse
    expected = distances(coarse, center) <= radius
    assert np.mean(np.abs(array_of(back).astype(int) - expected)) < 0.01


@pytest.mark.parametrize("shift", [(3, -2, 1), (-11, 0, 4), (100, 0, 0), (0.5, 0, 0), (-40, -40, -40)])
def test_a_reference_that_shows_a_part_of_it(scene, shift):
    """On the same lattice or half a voxel off it, partly or wholly beside it."""
    grid = turned_grid()
    mask = ball(grid, (0, 0, 0), 9)
    node = segmentation_from_labels(mask, None, "seg")
    moved = Geometry((20, 25, 10), grid.spacing, tuple(grid.points(np.array(shift))[0].tolist()), grid.direction)
    back, segments = labels_of_segmentation(node, moved)
    judge = sitk.Resample(mask, moved.empty_image(), sitk.Transform(), sitk.sitkNearestNeighbor)
    differs = array_of(back) != array_of(judge)
    assert differs.mean() < (0.02 if shift[0] == 0.5 else 1e-9)  # half-way either neighbor is the nearest
    assert list(segments) == [1]


def test_a_thick_slice_on_thin_ones(scene):
    axes = tuple(np.eye(3).ravel())
    thick = Geometry((4, 4, 1), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), axes)
    thin = Geometry((4, 4, 5), (1.0, 1.0, 1.0), (0.0, 0.0, -2.0), axes)
    node = segmentation_from_labels(thick.image_of(np.ones((1, 4, 4), np.uint8)), None, "seg")
    assert array_of(labels_of_segmentation(node, thin)[0]).max(axis=(1, 2)).tolist() == [0, 1, 1, 1, 0]


def test_overlapping_segments_are_refused_or_the_later_wins(scene):
    grid = turned_grid()
    node = segmentation_from_labels(ball(grid, (0, 0, 0), 8), {1: SegmentInfo("organ")}, "seg")
    add_segments(node, ball(grid, (3, 0, 0), 5), {1: SegmentInfo("tumor")})
    with pytest.raises(InputError, match="'organ' and 'tumor' overlap"):
        labels_of_segmentation(node, grid)
    both = labels_of_segmentation(node, grid, later_wins=True)[0]
    assert np.array_equal(array_of(both) == 2, array_of(ball(grid, (3, 0, 0), 5)) == 1)
    organ_id, tumor_id = node.GetSegmentation().GetSegmentIDs()
    organ = labels_of_segmentation(node, grid, [organ_id])[0]
    assert np.array_equal(array_of(organ), array_of(ball(grid, (0, 0, 0), 8)))
    swapped, segments = labels_of_segmentation(node, grid, [tumor_id, organ_id], later_wins=True)
    assert segments[1].name == "tumor"
    assert np.array_equal(array_of(swapped) == 2, array_of(organ) == 1)


def test_added_segments_leave_what_was_there(scene):
    grid = turned_grid()
    node = segmentation_from_labels(ball(grid, (0, 0, 0), 8), {1: SegmentInfo("a", id="x")}, "seg")
    before = array_of(labels_of_segmentation(node, grid, ["x"])[0])
    added = add_segments(node, ball(grid, (2, 0, 0), 8), {1: SegmentInfo("a", id="x")})
    assert added != ["x"]
    assert node.GetSegmentation().GetNumberOfSegments() == 2
    assert np.array_equal(array_of(labels_of_segmentation(node, grid, ["x"])[0]), before)


def test_segments_added_under_a_transform_are_in_world_space(scene):
    grid = turned_grid()
    node = segmentation_from_labels(grid.empty_image(), None, "seg")
    node.SetAndObserveTransformNodeID(
        transform_node_from(sitk.Euler3DTransform((1, 2, 3), 0.3, 0.2, 0.1, (4, 5, 6)), "t").GetID()
    )
    add_segments(node, ball(grid, (1, 2, 3), 7))
    assert np.array_equal(array_of(labels_of_segmentation(node, grid)[0]), array_of(ball(grid, (1, 2, 3), 7)))
    for transform in (sitk.AffineTransform([1, 0.5, 0, 0, 1, 0, 0, 0, 1], [0] * 3), bspline_transform()):
        node.SetAndObserveTransformNodeID(transform_node_from(transform, "t").GetID())
        with pytest.raises(InputError, match="harden it first"):
            add_segments(node, ball(grid, (1, 2, 3), 7))


def test_under_a_nonlinear_transform(scene):
    spline = bspline_transform()
    grid = turned_grid((50, 50, 50), (1.0, 1.0, 1.0))
    mask = ball(grid, (1, 2, 3), 10)
    node = segmentation_from_labels(mask, None, "seg")
    node.SetAndObserveTransformNodeID(transform_node_from(spline, "t").GetID())
    back, _ = labels_of_segmentation(node, grid)
    expected = sitk.Resample(mask, mask, spline, sitk.sitkNearestNeighbor)
    assert np.array_equal(array_of(back), array_of(expected))
    assert not np.array_equal(array_of(back), array_of(mask))


def test_closed_surfaces_are_converted_on_a_copy(scene):
    sphere = vtk.vtkSphereSource()
    sphere.SetRadius(10)
    sphere.SetCenter(-3, -4, 5)  # RAS
    sphere.SetThetaResolution(60)
    sphere.SetPhiResolution(60)
    sphere.Update()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "seg")
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), "ball", [1, 0, 0])
    assert not node.GetSegmentation().ContainsRepresentation("Binary labelmap")
    grid = turned_grid((60, 60, 60), (0.7, 0.7, 0.7), (20, 0, 30), (3, 4, 5))
    labels, segments = labels_of_segmentation(node, grid)
    assert not node.GetSegmentation().ContainsRepresentation("Binary labelmap")
    assert segments[1].name == "ball"
    indices = np.argwhere(array_of(labels) == 1)[:, ::-1]
    assert grid.points(indices).mean(axis=0) == pytest.approx((3, 4, 5), abs=0.1)
    assert len(indices) * grid.voxel_volume == pytest.approx(4 / 3 * np.pi * 1000, rel=0.03)


def test_the_node_is_only_read(scene):
    grid = turned_grid()
    node = segmentation_from_labels(ball(grid, (0, 0, 0), 8), None, "seg")
    data = node.GetSegmentation().GetNthSegment(0).GetRepresentation("Binary labelmap")
    before = (node.GetMTime(), node.GetSegmentation().GetMTime(), data.GetMTime(), scene.GetNumberOfNodes())
    labels_of_segmentation(node, turned_grid((10, 10, 10)))
    assert (node.GetMTime(), node.GetSegmentation().GetMTime(), data.GetMTime(), scene.GetNumberOfNodes()) == before


def test_refusals(scene):
    grid = turned_grid()
    empty = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "seg")
    with pytest.raises(InputError, match="No segmentation is selected"):
        labels_of_segmentation(None, grid)
    with pytest.raises(InputError, match="'seg' has no segment"):
        labels_of_segmentation(empty, grid)
    with pytest.raises(InputError, match="is not a segmentation"):
        labels_of_segmentation(scene.AddNewNodeByClass("vtkMRMLModelNode", "m"), grid)
    node = segmentation_from_labels(ball(grid, (0, 0, 0), 8), None, "other")
    with pytest.raises(InputError, match="no segment 'nobody'"):
        labels_of_segmentation(node, grid, ["nobody"])
    with pytest.raises(InputError, match="cannot be segments"):
        add_segments(node, sitk.Cast(ball(grid, (0, 0, 0), 8), sitk.sitkInt16) * -1)


def test_the_segment_editor_gets_the_reference(scene):
    grid = turned_grid()
    volume = volume_from_image(sitk.Cast(ball(grid, (0, 0, 0), 8), sitk.sitkInt16), "CT")
    node = segmentation_from_labels(ball(grid, (0, 0, 0), 8), None, "seg", volume)
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is volume
    assert node.GetDisplayNode() is not None
