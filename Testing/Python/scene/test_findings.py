"""The list of findings: decisions reach the segments, can be taken back, and survive the scene file."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import turned_grid
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedProcLib.core.errors import InputError
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.edits import EditWatch
from MedProcLib.scene.findings import (
    accepted_of,
    add_findings_list,
    decide,
    decide_together,
    findings_lists,
    findings_of,
    finish_edits,
    proposals_of,
    record_edit,
    volume_of,
)
from MedProcLib.scene.provenance import provenance_of, write_provenance
from MedProcLib.scene.segmentations import SegmentInfo, labels_of_segmentation, segmentation_from_labels
from MedProcLib.scene.volumes import volume_from_image
from MedProcLib.segmentation.detection.listing import candidates_of_labels


class Case:
    """Three cubes on an oblique grid; each a segment of its own, or all in one."""

    def __init__(self, together=False):
        values = np.zeros((20, 36, 40), np.uint8)
        values[2:8, 2:8, 2:8], values[10:14, 20:24, 20:24], values[15:17, 30:32, 30:32] = 1, 2, 3
        self.labels = turned_grid().image_of(values)
        self.volume = volume_from_image(sitk.Cast(self.labels, sitk.sitkFloat32), "MR")
        shown = self.labels != 0 if together else self.labels
        infos = {n: SegmentInfo(f"Finding {n}") for n in ((1,) if together else (1, 2, 3))}
        self.proposals = segmentation_from_labels(shown, infos, "MR findings", self.volume)
        ids = self.proposals.GetSegmentation().GetSegmentIDs()
        self.table = add_findings_list(
            candidates_of_labels(self.labels),
            {n: f"Finding {n}" for n in (1, 2, 3)},
            {n: ids[0] if together else ids[n - 1] for n in (1, 2, 3)},
            "MR findings list",
            self.volume,
            self.proposals,
        )
        for node in (self.table, self.proposals):
            write_provenance(node, Provenance(Recipe(), {"image": "MR"}))

    def accepted(self, index=0):
        node = accepted_of(self.table)
        segment = node.GetSegmentation().GetNthSegmentID(index)
        return sitk.GetArrayFromImage(labels_of_segmentation(node, self.volume, [segment])[0])

    def visible(self, node=None):
        node = node or self.proposals
        return [node.GetDisplayNode().GetSegmentVisibility(i) for i in node.GetSegmentation().GetSegmentIDs()]


@pytest.mark.parametrize("together", [False, True])
def test_an_accepted_finding_becomes_a_segment_of_its_own(scene, together):
    case = Case(together)
    assert decide(case.table, 1, "accepted", " A. Reader ", 'says "sure"\tindeed') == "Finding 2"
    node = accepted_of(case.table)
    assert [node.GetSegmentation().GetNthSegment(0).GetName()] == ["Finding 2 (accepted)"]
    np.testing.assert_array_equal(case.accepted() > 0, sitk.GetArrayFromImage(case.labels) == 2)
    row = findings_of(case.table)[1]
    assert (row["status"], row["reader"], row["comment"]) == ("accepted", "A. Reader", "says 'sure' indeed")
    assert row["decided"].count(":") >= 2
    assert provenance_of(case.table).edits[0].startswith("Finding 2 accepted by A. Reader on ")
    assert provenance_of(node).inputs == {"image": "MR"}
    assert case.visible() == ([True] if together else [True, False, True])


def test_rejected_hides_and_undo_brings_everything_back(scene):
    case = Case()
    decide(case.table, 0, "rejected", "R")
    assert case.visible() == [False, True, True] and accepted_of(case.table) is None
    decide(case.table, 0, "accepted", "R")
    assert accepted_of(case.table).GetSegmentation().GetNumberOfSegments() == 1
    decide(case.table, 0, "proposed", "R")
    assert accepted_of(case.table).GetSegmentation().GetNumberOfSegments() == 0
    assert case.visible() == [True, True, True] and findings_of(case.table)[0]["status"] == "proposed"


def test_several_are_decided_together_or_not_at_all(scene):
    case = Case()
    assert decide_together(case.table, [2, 0], "accepted", "R") == ["Finding 3", "Finding 1"]
    content = accepted_of(case.table).GetSegmentation()
    names = [content.GetNthSegment(n).GetName() for n in range(2)]
    assert names == ["Finding 3 (accepted)", "Finding 1 (accepted)"] and case.visible() == [False, True, False]
    assert all(content.GetNthSegment(n).GetRepresentation("Closed surface") for n in range(2))
    decide_together(case.table, [0, 1, 2], "proposed", "R")
    assert content.GetNumberOfSegments() == 0
    case.proposals.GetSegmentation().RemoveSegment("Segment_2")
    with pytest.raises(InputError, match="not there anymore"):
        decide_together(case.table, [0, 1], "accepted", "R")
    assert content.GetNumberOfSegments() == 0
    assert {row["status"] for row in findings_of(case.table)} == {"proposed"}


def test_several_that_cannot_be_accepted_leave_the_scene_as_it_was(scene):
    case = Case()
    case.proposals.GetSegmentation().RemoveSegment("Segment_2")
    nodes = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="not there anymore"):
        decide_together(case.table, [0, 1], "accepted", "R")
    assert scene.GetNumberOfNodes() == nodes and accepted_of(case.table) is None


def test_an_accepted_one_stays_where_another_cannot_be_copied(scene):
    case = Case()
    decide(case.table, 0, "accepted", "R")
    before = case.accepted()
    transform = slicer.vtkMRMLBSplineTransformNode()
    scene.AddNode(transform)
    accepted_of(case.table).SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(InputError, match="non-linear"):
        decide_together(case.table, [0, 1], "edited", "R")
    accepted_of(case.table).SetAndObserveTransformNodeID(None)
    assert np.array_equal(case.accepted(), before)


def test_a_decision_needs_a_reader_and_a_segment(scene):
    case = Case()
    with pytest.raises(InputError, match="reader"):
        decide(case.table, 0, "accepted", " ")
    with pytest.raises(InputError, match="Select"):
        decide(case.table, 3, "accepted", "R")
    case.proposals.GetSegmentation().RemoveSegment("Segment_1")
    with pytest.raises(InputError, match="not there anymore"):
        decide(case.table, 0, "accepted", "R")
    assert findings_of(case.table)[0]["status"] == "proposed"
    decide(case.table, 0, "rejected", "R")


def edit(node, segment_id, change):
    """As an effect of the Segment Editor does it."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    single = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment_id, single)
    values = vtk_to_numpy(single.GetPointData().GetScalars())
    change(values)
    single.Modified()
    assert logic.SetBinaryLabelmapToSegment(single, node, segment_id, logic.MODE_REPLACE)


def halve(values):
    """Take the first half of the voxels away."""
    values[np.flatnonzero(values)[: np.count_nonzero(values) // 2]] = 0


def test_an_edit_is_seen_recorded_once_and_measured(scene):
    case = Case()
    watch = EditWatch(case.proposals)
    assert watch.changed() == []
    case.proposals.GetSegmentation().GetSegment("Segment_1").SetName("Big one")
    case.proposals.CreateClosedSurfaceRepresentation()
    assert watch.changed() == []
    edit(case.proposals, "Segment_2", halve)
    assert watch.changed() == ["Segment_2"] and watch.changed() == []
    before = findings_of(case.table)[1]["volume_mm3"]
    record_edit(case.table, case.proposals, "Segment_2", "A. Reader")
    finish_edits(case.table, case.proposals, ["Segment_2"])
    row = findings_of(case.table)[1]
    assert row["status"] == "edited" and row["volume_mm3"] == pytest.approx(before / 2)
    assert provenance_of(case.proposals).edits[0].startswith("Finding 2 edited by A. Reader on ")
    node = accepted_of(case.table)
    assert node.GetSegmentation().GetNthSegment(0).GetName() == "Finding 2 (edited)"
    assert (case.accepted() > 0).sum() == 32
    # accepting it afterwards keeps what the reader made
    decide(case.table, 1, "accepted", "A. Reader")
    assert (case.accepted() > 0).sum() == 32


def test_a_list_saved_before_the_diameter_was_named_by_its_kind(scene):
    case = Case()
    case.table.GetTable().GetColumnByName("equivalent_diameter_mm").SetName("diameter_mm")
    before = findings_of(case.table)[1]["equivalent_diameter_mm"]
    edit(case.proposals, "Segment_2", halve)
    record_edit(case.table, case.proposals, "Segment_2", "R")
    finish_edits(case.table, case.proposals, ["Segment_2"])
    assert findings_of(case.table)[1]["equivalent_diameter_mm"] == pytest.approx(before / 2 ** (1 / 3))


def test_an_accepted_one_can_be_edited_too(scene):
    case = Case()
    decide(case.table, 0, "accepted", "R")
    node = accepted_of(case.table)
    watch = EditWatch(node)
    edit(node, "Finding_1", halve)
    assert watch.changed() == ["Finding_1"]
    record_edit(case.table, node, "Finding_1", "R")
    finish_edits(case.table, node, ["Finding_1"])
    assert findings_of(case.table)[0]["status"] == "edited"
    assert node.GetSegmentation().GetNthSegment(0).GetName() == "Finding 1 (edited)"
    decide(case.table, 0, "accepted", "R")
    assert (case.accepted() > 0).sum() == 108


def test_the_list_survives_save_and_load(scene, tmp_path):
    case = Case()
    decide(case.table, 0, "accepted", "A. Reader", "12")
    decide(case.table, 2, "rejected", "A. Reader")
    before = findings_of(case.table)
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    (table,) = findings_lists(scene)
    after = findings_of(table)
    for old, new in zip(before, after, strict=True):
        for key, value in old.items():
            if isinstance(value, float):
                assert new[key] == pytest.approx(value, rel=1e-5, nan_ok=True), key
            else:
                assert str(new[key]) == str(value), key
    assert proposals_of(table).GetName() == "MR findings" and volume_of(table).GetName() == "MR"
    assert accepted_of(table).GetSegmentation().GetNumberOfSegments() == 1
    # and the reader goes on
    decide(table, 1, "accepted", "Another", "fine")
    decide(table, 0, "proposed", "Another")
    assert [row["status"] for row in findings_of(table)] == ["proposed", "accepted", "rejected"]
    assert accepted_of(table).GetSegmentation().GetNthSegment(0).GetName() == "Finding 2 (accepted)"
