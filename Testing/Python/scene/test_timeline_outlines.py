"""Outlines drawn anew in a time point's segmentation: measured in its own space, undone with their voxels."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import timelines
from samples import ball, bspline_transform
from timelines import COMES, GROWS, MOVES, NAMES

from MedProcLib.comparison.tracks.model import Status
from MedProcLib.comparison.tracks.relinking import merge_tracks
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.segmentations import SegmentInfo, add_segments
from MedProcLib.scene.timeline_display import segments_by_label
from MedProcLib.scene.timeline_edits import edit_patient, put_patient, undo_edit
from MedProcLib.scene.timeline_masks import OutlineHistory, draw_mask, masks_of
from MedProcLib.scene.timeline_nodes import patient_nodes, patient_of_node, segmentation_at, volume_at
from MedProcLib.scene.timeline_outlines import (
    claim_segments,
    erased_labels,
    outlines_of,
    unmeasured,
    unmeasured_outlines,
)

READER = "Dr. Reader"


def volume(radius):
    return 4 / 3 * np.pi * radius**3


def draw(node, point, label, move, place, radius):
    """A reader's stroke: the label's segment becomes a ball at a place of the common space."""
    to = move or sitk.Transform(3, sitk.sitkIdentity)
    grid = timelines.mirrored(to.TransformPoint((0.0, 0.0, 0.0)))
    mask = ball(grid, to.TransformPoint(place), radius) if radius else grid.empty_image()
    segmentation = segmentation_at(node, point)
    segment = segments_by_label(segmentation)[label]
    draw_mask(segmentation.GetSegmentation(), segment, mask)
    return segment


def apply(node, point, segment_ids, history=None, before=None):
    labels = [*claim_segments(node, point, segment_ids), *erased_labels(node, point)]
    put_patient(node, outlines_of(node, point, labels).redrawn(labels, READER))
    if history is not None:
        history.remember(node, point, {label: before.get(label) for label in labels})


def test_a_stroke_is_measured_where_it_was_drawn_and_taken_back_with_its_voxels(scene):
    node, history = timelines.add_to(scene), OutlineHistory()
    before = masks_of(segmentation_at(node, NAMES[2]))
    old = patient_of_node(node)
    label = old.track("F001").at(NAMES[2]).labels[0]
    segment = draw(node, NAMES[2], label, MOVES[2], GROWS, 6.0)
    apply(node, NAMES[2], [segment], history, before)
    seen = patient_of_node(node).track("F001").at(NAMES[2])
    assert (seen.status, seen.reader) == (Status.EDITED, READER)
    assert seen.volume.value == pytest.approx(volume(6), rel=0.03)
    assert seen.volume.low < volume(6) < seen.volume.high
    assert seen.place.common_center == pytest.approx(GROWS, abs=0.3)
    name = segmentation_at(node, NAMES[2]).GetSegmentation().GetSegment(segment).GetName()
    assert name == "F001 shrunk"  # 7 to 6 mm: the class follows at once

    drawn = history.require(node)
    undo_edit(node, READER)
    history.restore(node, drawn)
    assert patient_of_node(node).tracks == old.tracks
    after = masks_of(segmentation_at(node, NAMES[2]))
    assert {v: sitk.GetArrayFromImage(m).sum() for v, m in after.items()} == {
        v: sitk.GetArrayFromImage(m).sum() for v, m in before.items()
    }
    again = outlines_of(node, NAMES[2], [label])
    assert set(np.unique(sitk.GetArrayFromImage(again.label_map())).tolist()) == {0, label}
    assert history.require(node) is None


def test_a_new_segment_is_a_new_finding_and_a_removed_one_is_rejected(scene):
    node, history = timelines.add_to(scene), OutlineHistory()
    segmentation = segmentation_at(node, NAMES[1])
    before = masks_of(segmentation)
    to_world = MOVES[1].GetInverse()
    there = timelines.mirrored(MOVES[1].TransformPoint((0.0, 0.0, 0.0)))
    mask = ball(there, MOVES[1].TransformPoint(COMES), 4.0)
    (new,) = add_segments(segmentation, moved_to_world(mask, to_world), {1: SegmentInfo("drawn")})
    gone = segments_by_label(segmentation)[patient_of_node(node).track("F002").at(NAMES[1]).labels[0]]
    segmentation.GetSegmentation().RemoveSegment(gone)
    apply(node, NAMES[1], [new], history, before)
    patient = patient_of_node(node)
    assert patient.track("F002").at(NAMES[1]).status is Status.REJECTED
    assert patient.track("F004").at(NAMES[1]).place.common_center == pytest.approx(COMES, abs=0.5)
    assert patient.track("F004").at(NAMES[1]).volume.value == pytest.approx(volume(4), rel=0.1)
    assert segmentation.GetSegmentation().GetSegment(new).GetName() == "F004 new"
    drawn = history.require(node)
    undo_edit(node, READER)
    history.restore(node, drawn)
    assert segmentation.GetSegmentation().GetSegment(new) is None  # it was not there before
    assert [t.id for t in patient_of_node(node).tracks] == ["F001", "F002", "F003"]


def moved_to_world(mask, to_world):
    """A mask of a time point's own space in world space: its grid moved by the rigid registration."""
    rotation = np.reshape(to_world.GetMatrix(), (3, 3))
    moved = sitk.Image(mask)
    moved.SetOrigin(to_world.TransformPoint(mask.GetOrigin()))
    moved.SetDirection((rotation @ np.reshape(mask.GetDirection(), (3, 3))).ravel().tolist())
    return moved


def test_under_a_deformable_registration_outlines_are_those_of_the_time_point_itself(scene):
    moves = (None, bspline_transform(), MOVES[2])
    node = timelines.add_to(scene, moves)
    patient = patient_of_node(node)
    label = patient.track("F001").at(NAMES[1]).labels[0]
    outlines = outlines_of(node, NAMES[1], [label])
    new = outlines.redrawn([label], READER).track("F001").at(NAMES[1])
    old = patient.track("F001").at(NAMES[1])
    assert new.volume.value == pytest.approx(old.volume.value, rel=1e-9)
    assert new.place.center == pytest.approx(old.place.center, abs=1e-6)
    assert new.place.common_center == pytest.approx(old.place.common_center, abs=0.05)


def test_what_a_join_made_is_measured_again(scene):
    node = timelines.add_to(scene)
    edit_patient(node, lambda p, who, when: merge_tracks(p, "F001", "F002", who, when), READER)
    assert unmeasured(patient_of_node(node)) == list(NAMES[:2])
    for point in NAMES[:2]:
        put_patient(node, unmeasured_outlines(node, point).measured())
    patient = patient_of_node(node)
    assert unmeasured(patient) == []
    assert patient.track("F001").at(NAMES[0]).volume.value == pytest.approx(volume(6) + volume(5), rel=0.03)


def test_what_is_not_there_is_said(scene):
    node = timelines.add_to(scene)
    label = patient_of_node(node).track("F001").at(NAMES[2]).labels[0]
    apply(node, NAMES[2], [draw(node, NAMES[2], label, MOVES[2], GROWS, 5.0)])
    with pytest.raises(InputError, match="Draw it again"):  # as after loading: the old outline is not known
        OutlineHistory().require(node)
    volume_at(node, NAMES[1]).SetAndObserveImageData(None)  # as of a scene whose image file is gone
    with pytest.raises(InputError, match="has no voxels"):
        outlines_of(node, NAMES[1], [label])
    slicer.mrmlScene.RemoveNode(segmentation_at(node, NAMES[2]))
    with pytest.raises(InputError, match="not in the scene"):
        outlines_of(node, NAMES[2], [label])


def test_what_was_hardened_or_lost_its_registration_is_refused_and_measured_once_it_is_back(scene):
    """The registration would count twice, or not at all, without a word."""
    node = timelines.add_to(scene)
    patient = patient_of_node(node)
    for point in NAMES[1:]:
        moved, labels = volume_at(node, point), patient.track("F001").at(point).labels
        before = sitk.GetArrayFromImage(outlines_of(node, point, labels).label_map())
        transform = moved.GetParentTransformNode()
        moved.SetAndObserveTransformNodeID(None)
        outlines_of(node, point, labels)  # as it was in its own space
        moved.SetAndObserveTransformNodeID(transform.GetID())
        moved.HardenTransform()
        with pytest.raises(InputError, match="hardened"):
            outlines_of(node, point, labels)
        transform.Inverse()
        moved.SetAndObserveTransformNodeID(transform.GetID())
        moved.HardenTransform()
        transform.Inverse()
        assert np.array_equal(sitk.GetArrayFromImage(outlines_of(node, point, labels).label_map()), before)
    first, labels = volume_at(node, NAMES[0]), patient.track("F001").at(NAMES[0]).labels
    first.SetAndObserveTransformNodeID(transform.GetID())  # no registration of it
    with pytest.raises(InputError, match="place back that it had"):
        outlines_of(node, NAMES[0], labels)
    first.SetAndObserveTransformNodeID(None)
    outlines_of(node, NAMES[0], labels)
    scene.RemoveNode(transform)
    with pytest.raises(InputError, match=f"registration of 'MR {NAMES[2]}' was deleted"):
        outlines_of(node, NAMES[2], labels)


def test_outlines_that_were_hardened_alone_are_refused(scene):
    """They lie right in the common space, and would be taken for those of the study's own."""
    moves = (None, MOVES[1], bspline_transform())
    node = timelines.add_to(scene, moves)
    for point in NAMES[1:]:
        segmentation, labels = segmentation_at(node, point), patient_of_node(node).track("F001").at(point).labels
        before = sitk.GetArrayFromImage(outlines_of(node, point, labels).label_map())
        transform = segmentation.GetParentTransformNode()
        segmentation.SetAndObserveTransformNodeID(None)  # looked at in its own space
        assert np.array_equal(sitk.GetArrayFromImage(outlines_of(node, point, labels).label_map()), before)
        segmentation.SetAndObserveTransformNodeID(transform.GetID())
        segmentation.HardenTransform()
        with pytest.raises(InputError, match=f"put it under '{transform.GetName()}' again"):
            outlines_of(node, point, labels)


def test_a_saved_scene_has_the_outlines_voxel_by_voxel(scene, tmp_path):
    """Registered ones were saved on the grid that the volume has in the common space."""

    def inside(node):
        found = {}
        for point in NAMES:
            labels = [v for t in patient_of_node(node).tracks if (o := t.at(point)) is not None for v in o.labels]
            image = outlines_of(node, point, labels).label_map()
            places = np.argwhere(sitk.GetArrayFromImage(image) > 0)[:, ::-1]
            found[point] = sorted(np.round(Geometry.of(image).points(places), 3).tolist())  # slices may be turned round
        return found

    before = inside(timelines.add_to(scene))
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    after = inside(patient_nodes()[0])
    for point in NAMES:
        np.testing.assert_allclose(after[point], before[point], atol=2e-3)
