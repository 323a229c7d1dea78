"""Results of segmentation as nodes: names, terms, lists, maps and lines, all or none, and ten thousand of them."""

import numpy as np
import pytest
import SimpleITK as sitk
from samples import turned_grid

from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.findings import findings_of
from MedProcLib.scene.hierarchy import add_patient, add_study, hierarchy_of, place_under
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.ready_segments import world_to_node
from MedProcLib.scene.segmentation_scene import EACH, TOGETHER, add_outcome, ready_outcome
from MedProcLib.scene.segmentations import SegmentInfo, labels_of_segmentation
from MedProcLib.scene.terminology import terminology_of
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image
from MedProcLib.segmentation.common.triangles import Surface
from MedProcLib.segmentation.detection.listing import candidates_of_labels
from MedProcLib.segmentation.outcome import SegmentationOutcome
from MedProcLib.segmentation.structures import structure
from MedProcLib.segmentation.tube.branch import Branch

PROVENANCE = Provenance(Recipe(), {"image": "CT"})


def outcome_of(values, structures=None, **more):
    labels = turned_grid(values.shape[::-1]).image_of(values)
    structures = {value: structure(key) for value, key in (structures or {}).items()}
    return SegmentationOutcome(labels, structures, candidates_of_labels(labels), **more)


def blocks():
    values = np.zeros((20, 36, 40), np.uint8)
    values[2:8, 2:8, 2:8], values[10:14, 20:24, 20:24] = 1, 2
    return values


def place(scene):
    volume = volume_from_image(sitk.Cast(turned_grid((40, 36, 20)).empty_image(), sitk.sitkFloat32), "CT")
    place_under(volume, add_study(scene, add_patient(scene, "P"), "Study"))
    return volume


def added(outcome, volume, grouping=EACH, seeds=None, **where):
    """The nodes of a result."""
    return add_outcome(ready_outcome(outcome, grouping, seeds), volume, PROVENANCE, **where)


def test_segments_carry_name_color_terms_and_lie_in_the_study(scene):
    volume = place(scene)
    nodes = added(outcome_of(blocks(), {1: "lung_right", 2: "lung_left"}), volume, title="lungs")
    segmentation, table = nodes
    found = [segmentation.GetSegmentation().GetNthSegment(index) for index in range(2)]
    assert [segment.GetName() for segment in found] == ["Right lung", "Left lung"]
    assert terminology_of(found[1]).modifier.meaning == "Left"
    np.testing.assert_allclose(found[0].GetColor(), structure("lung_right").color)
    hierarchy = hierarchy_of(scene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(volume))
    for node in (segmentation, table):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
        assert provenance_of(node).inputs == {"image": "CT"}
    assert segmentation.GetSegmentation().ContainsRepresentation("Closed surface") and nodes.in_3d
    assert [row["name"] for row in findings_of(table)] == ["Right lung", "Left lung"]


@pytest.mark.parametrize(
    ("structures", "grouping", "segments", "names"),
    [
        ({}, EACH, ["Finding 1", "Finding 2"], ["Finding 1", "Finding 2"]),
        ({}, TOGETHER, ["Findings"], ["Finding 1", "Finding 2"]),
        ({0: "lesion"}, EACH, ["Lesion 1", "Lesion 2"], ["Lesion 1", "Lesion 2"]),
        ({0: "lesion"}, TOGETHER, ["Lesion"], ["Lesion 1", "Lesion 2"]),
        ({1: "bone"}, EACH, ["Bone", "Finding 2"], ["Bone", "Finding 2"]),
    ],
)
def test_names_of_segments_and_findings(scene, structures, grouping, segments, names):
    segmentation, table = added(outcome_of(blocks(), structures), place(scene), grouping=grouping)
    content = segmentation.GetSegmentation()
    assert [content.GetNthSegment(n).GetName() for n in range(content.GetNumberOfSegments())] == segments
    assert [row["name"] for row in findings_of(table)] == names
    assert {row["segment"] for row in findings_of(table)} == set(content.GetSegmentIDs())


def test_seeds_name_what_they_mark(scene):
    seeds = {1: SegmentInfo("Organ", (1.0, 0.0, 0.0)), 2: SegmentInfo("Rest", (0.0, 1.0, 0.0))}
    segmentation, _table = added(outcome_of(blocks()), place(scene), seeds=seeds)
    first = segmentation.GetSegmentation().GetNthSegment(0)
    assert first.GetName() == "Organ" and first.GetColor() == (1.0, 0.0, 0.0)
    lesions, _table = added(outcome_of(blocks(), {0: "lesion"}), place(scene), seeds=seeds)
    first = lesions.GetSegmentation().GetNthSegment(0)
    assert first.GetName() == "Organ" and terminology_of(first).type.meaning == "Lesion"
    pieces, table = added(outcome_of(blocks(), sources={1: 2, 2: 2}), place(scene), seeds=seeds)
    assert [row["name"] for row in findings_of(table)] == ["Rest 1", "Rest 2"]
    joined = added(outcome_of(blocks(), sources={1: 2, 2: 2}), place(scene), TOGETHER, seeds)
    assert [row["name"] for row in findings_of(joined.table)] == ["Rest 1", "Rest 2"]
    colors = [pieces.GetSegmentation().GetNthSegment(index).GetColor() for index in range(2)]
    assert colors[0] == (0.0, 1.0, 0.0) != colors[1]


def test_what_a_segmentation_holds_stays(scene):
    volume = place(scene)
    segmentation, _ = added(outcome_of(blocks()), volume)
    before = sitk.GetArrayFromImage(labels_of_segmentation(segmentation, volume, ["Segment_1"])[0])
    again = added(outcome_of(blocks()[::-1].copy()), volume, output=segmentation)
    assert again.segmentation is segmentation
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 4
    after = sitk.GetArrayFromImage(labels_of_segmentation(segmentation, volume, ["Segment_1"])[0])
    np.testing.assert_array_equal(before, after)
    assert {row["segment"] for row in findings_of(again.table)}.isdisjoint({"Segment_1", "Segment_2"})


def test_maps_lines_and_surface_come_along(scene):
    volume = place(scene)
    share = sitk.Cast(turned_grid((40, 36, 20)).empty_image(), sitk.sitkFloat32)
    line = Branch(1, np.array([[0, 0, 0], [3, 4, 0], [3, 4, 5.0]]), np.array([1, 2, 3.0]))
    surface = Surface(np.eye(3) * 5, np.array([[0, 1, 2]]), np.array([2]))
    nodes = added(outcome_of(blocks(), maps={"csf": share}, centerlines=(line,), surface=surface), volume)
    assert nodes.maps[0].GetName() == "CT cerebrospinal fluid"
    table, curve = nodes.centerlines
    row = findings_of(table)[0]
    assert row["length_mm"] == pytest.approx(10) and row["mean_radius_mm"] == pytest.approx(2)
    assert curve.GetCurveLengthWorld() == pytest.approx(10, rel=0.1)
    assert curve.GetNthControlPointPositionWorld(1) == pytest.approx((-3, -4, 0))
    assert nodes.surfaces[0].GetPolyData().GetPoint(0) == pytest.approx((-5, 0, 0))
    assert nodes.surfaces[0].GetName() == "Finding 2 surface"
    assert all(provenance_of(node) for node in (*nodes.maps, *nodes.centerlines, *nodes.surfaces))


def test_a_tree_of_many_branches_is_one_model(scene):
    branches = tuple(Branch(n, np.random.default_rng(n).random((3, 3)), np.ones(3)) for n in range(1, 61))
    nodes = added(outcome_of(blocks(), centerlines=branches), place(scene))
    table, model = nodes.centerlines
    assert table.GetNumberOfRows() == 60 and model.GetPolyData().GetNumberOfLines() == 60


def test_ten_thousand_components_share_a_segment_but_have_their_rows(scene):
    values = np.zeros((50, 100, 100), np.uint16)
    values[::2, ::5, ::5] = np.arange(1, 10001).reshape(25, 20, 20)
    labels = turned_grid((100, 100, 50)).image_of(values)
    volume = volume_from_image(sitk.Cast(labels, sitk.sitkFloat32), "CT")
    nodes = added(SegmentationOutcome(labels, {}, candidates_of_labels(labels)), volume)
    content = nodes.segmentation.GetSegmentation()
    assert content.GetNumberOfSegments() == 200 and nodes.table.GetNumberOfRows() == 10000 and not nodes.in_3d
    assert content.GetNthSegment(199).GetName() == "Other findings (9801)"
    from MedProcLib.scene.findings import accepted_of, decide

    decide(nodes.table, 9999, "accepted", "R")
    accepted = accepted_of(nodes.table)
    mask = sitk.GetArrayFromImage(labels_of_segmentation(accepted, volume)[0])
    assert np.argwhere(mask).tolist() == np.argwhere(values == 10000).tolist()
    assert accepted.GetSegmentation().GetNthSegment(0).GetName() == "Finding 10000 (accepted)"


def test_a_failure_adds_nothing(scene, monkeypatch):
    volume = place(scene)
    count = scene.GetNumberOfNodes()
    bad = Branch(1, np.zeros((2, 3)), None)
    with pytest.raises(TypeError):
        added(outcome_of(blocks(), centerlines=(bad,)), volume)
    assert scene.GetNumberOfNodes() == count


@pytest.mark.parametrize("harden", [False, True])
def test_a_node_that_is_moved_while_the_result_is_made_gets_it_at_its_place(scene, harden):
    volume = place(scene)
    output = added(outcome_of(blocks()), volume).segmentation
    transform = transform_node_from(sitk.Euler3DTransform((0, 0, 0), 0.1, 0.2, 0.0, (9.0, -3.0, 5.0)), "move")
    output.SetAndObserveTransformNodeID(transform.GetID())
    ready = ready_outcome(outcome_of(blocks()), to_node=world_to_node(output))
    if harden:
        output.HardenTransform()
    else:
        transform.Inverse()
    add_outcome(ready, volume, PROVENANCE, output=output)
    ids = output.GetSegmentation().GetSegmentIDs()[2:]
    found = sitk.GetArrayFromImage(labels_of_segmentation(output, volume, ids)[0])
    np.testing.assert_array_equal(found, blocks())
