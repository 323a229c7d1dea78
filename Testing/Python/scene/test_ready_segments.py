"""Segments made ready in a thread against what Slicer makes itself, and single segments read small."""

import threading

import numpy as np
import pytest
import SimpleITK as sitk
from samples import turned_grid

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.scene.ready_segments import put_segments, ready_segments, world_to_node
from MedProcLib.scene.segment_part import segment_part
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, labels_of_segmentation, segmentation_from_labels
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image

GRID = turned_grid((20, 18, 14), (1.0, 1.5, 2.0))
SURFACE = "Closed surface"


def two_blocks():
    labels = np.zeros(GRID.size[::-1], np.uint8)
    labels[2:6, 3:9, 4:9], labels[8:14, 10:15, 9:16] = 1, 2  # the second touches the image's border
    return GRID.image_of(labels)


def in_a_thread(action):
    made = []
    thread = threading.Thread(target=lambda: made.append(action()))
    thread.start()
    thread.join()
    return made[0]


def surfaces(node):
    content = node.GetSegmentation()
    return [content.GetNthSegment(n).GetRepresentation(SURFACE) for n in range(content.GetNumberOfSegments())]


def points(surface):
    return np.array([surface.GetPoint(n) for n in range(surface.GetNumberOfPoints())])


def test_surfaces_are_those_that_slicer_makes(scene):
    infos = {1: SegmentInfo("One"), 2: SegmentInfo("Two"), 3: SegmentInfo("Empty")}
    expected = segmentation_from_labels(two_blocks(), infos, "Slicer's")
    expected.CreateClosedSurfaceRepresentation()
    ready = in_a_thread(lambda: ready_segments(two_blocks(), infos, surfaces=True))
    node = segmentation_from_labels(ready, None, "Ours")
    for ours, theirs in zip(surfaces(node)[:2], surfaces(expected)[:2], strict=True):
        assert ours.GetNumberOfCells() == theirs.GetNumberOfCells() > 100
        np.testing.assert_allclose(points(ours), points(theirs), atol=1e-3)
    labels = [sitk.GetArrayFromImage(labels_of_segmentation(each, GRID)[0]) for each in (node, expected)]
    np.testing.assert_array_equal(*labels)
    kept = surfaces(node)[0]
    node.CreateClosedSurfaceRepresentation()
    assert surfaces(node)[0] is kept  # it is not made anew


@pytest.mark.parametrize("shown_in_3d", [False, True])
def test_segments_join_others_that_have_surfaces_or_have_none(scene, shown_in_3d):
    node = segmentation_from_labels(two_blocks() == 1, {1: SegmentInfo("There")}, "Mine")
    if shown_in_3d:
        node.CreateClosedSurfaceRepresentation()
    ids = put_segments(node, ready_segments(two_blocks() == 2, {1: SegmentInfo("New")}, surfaces=True))
    assert node.GetSegmentation().GetSegment(ids[0]).GetRepresentation(SURFACE).GetNumberOfPoints() > 100
    node.CreateClosedSurfaceRepresentation()
    assert all(surface.GetNumberOfPoints() > 100 for surface in surfaces(node))


def test_a_node_under_a_transform_gets_them_at_their_place(scene):
    node = segmentation_from_labels(two_blocks() == 1, {1: SegmentInfo("There")}, "Moved")
    move = sitk.Euler3DTransform((0, 0, 0), 0.1, -0.2, 0.3, (5.0, -7.0, 9.0))
    node.SetAndObserveTransformNodeID(transform_node_from(move, "move").GetID())
    ids = put_segments(node, ready_segments(two_blocks() == 2, {1: SegmentInfo("New")}, world_to_node(node), True))
    found = sitk.GetArrayFromImage(labels_of_segmentation(node, GRID, ids)[0])
    np.testing.assert_array_equal(found == 1, sitk.GetArrayFromImage(two_blocks()) == 2)
    plain = segmentation_from_labels(
        ready_segments(two_blocks() == 2, {1: SegmentInfo("New")}, surfaces=True), None, "Plain"
    )
    moved = points(node.GetSegmentation().GetSegment(ids[0]).GetRepresentation(SURFACE))
    matrix = np.linalg.inv(world_to_node(node))
    np.testing.assert_allclose(moved @ matrix[:3, :3].T + matrix[:3, 3], points(surfaces(plain)[0]), atol=0.05)


def test_cancel_and_values_that_cannot_be_segments(scene):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        ready_segments(two_blocks(), None, surfaces=True, progress=progress)
    with pytest.raises(InputError, match="cannot be segments"):
        ready_segments(sitk.Cast(two_blocks(), sitk.sitkInt16) * -1)


def whole(part: sitk.Image, grid: Geometry) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.Resample(part, grid.empty_image(), sitk.Transform(), sitk.sitkNearestNeighbor))


@pytest.mark.parametrize("move", [None, sitk.Euler3DTransform((0, 0, 0), 0.0, 0.4, 0.0, (3.0, 2.0, 1.0))])
def test_a_part_is_what_the_whole_label_map_says(scene, move):
    volume = volume_from_image(GRID.empty_image(), "V")
    node = segmentation_from_labels(two_blocks(), None, "Both", volume)
    add_segments(node, two_blocks() == 1, {1: SegmentInfo("Over the first")})
    if move is not None:
        node.SetAndObserveTransformNodeID(transform_node_from(move, "move").GetID())
    for segment_id in node.GetSegmentation().GetSegmentIDs():
        part = segment_part(node, segment_id, GRID)
        expected = sitk.GetArrayFromImage(labels_of_segmentation(node, GRID, [segment_id])[0])
        np.testing.assert_array_equal(whole(part, GRID), expected)
        assert np.prod(part.GetSize()) < 0.5 * expected.size or move is not None
    node.GetSegmentation().AddEmptySegment("none", "none")
    assert not sitk.GetArrayFromImage(segment_part(node, "none", GRID)).any()
    with pytest.raises(InputError, match="no segment 'gone'"):
        segment_part(node, "gone", GRID)
