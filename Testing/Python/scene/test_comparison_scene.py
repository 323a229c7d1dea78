"""A comparison as a scene: everything in the first study's space, named, colored, saved and drawn."""

import dataclasses
import datetime

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import ball, bspline_transform, distances, turned_grid

from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.following import follow_pairs
from MedProcLib.comparison.result import (
    Change,
    Comparison,
    Finding,
    PairComparison,
    Registration,
    Verdict,
)
from MedProcLib.comparison.study import Study
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.recipe import Recipe
from MedProcLib.report.colors import LOOKS
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.commit import SceneChange
from MedProcLib.scene.comparison_scene import add_comparison
from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.offscreen import OffscreenSliceView
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.segmentations import labels_of_segmentation
from MedProcLib.scene.tables import rows_of_table, unit_of_column
from MedProcLib.scene.timeline_input import patients_with_studies
from MedProcLib.scene.timeline_nodes import (
    FINDINGS_TABLE,
    PLACES,
    images_at,
    patient_nodes,
    patient_of_node,
    segmentation_at,
    volume_at,
)
from MedProcLib.scene.timeline_scene import left_out_of, verdicts_of
from MedProcLib.scene.timeline_views import show_outlines
from MedProcLib.scene.views import slice_composites, slice_nodes
from MedProcLib.scene.volumes import geometry_of_volume, image_of_volume, volume_from_image

# first to other, LPS: what a registration of two visits looks like
RIGID = sitk.Euler3DTransform((0, 0, 0), 0.10, -0.15, 0.20, (8.0, -6.0, 4.0))
HALF = sitk.Euler3DTransform((0, 0, 0), -0.05, 0.07, -0.10, (-4.0, 3.0, -2.0))
FIRST = turned_grid((60, 60, 40), (1.0, 1.0, 1.5), (5, 0, 10))
OTHER = turned_grid((56, 60, 44), (1.1, 1.0, 1.4), (-10, 5, 0), (8.0, -6.0, 4.0))
HALFWAY = turned_grid((60, 60, 40), (1.0, 1.0, 1.5), (0, 0, 0))
GROWN, NEW, GONE = (10.0, 5.0, -6.0), (-14.0, 8.0, 4.0), (2.0, -18.0, 8.0)  # places in the first study


def comparison_of(transform: sitk.Transform, verdict: Verdict = Verdict.GOOD) -> Comparison:
    """A head-like ball with a finding that grew, one that is new and one that is gone."""

    def there(place):
        return transform.TransformPoint(place)

    fixed_labels = ball(FIRST, GROWN, 4.5) + 3 * ball(FIRST, GONE, 4)
    moving_labels = ball(OTHER, there(GROWN), 6) + 2 * ball(OTHER, there(NEW), 4)
    first = Study("Baseline", _image(FIRST, (0, 0, 0), fixed_labels), datetime.date(2020, 1, 2), source="a.nii.gz")
    other = Study("Follow-up", _image(OTHER, there((0, 0, 0)), moving_labels), datetime.date(2021, 1, 2))
    findings = (
        Finding(1, Change.GROWN, (268.0, 905.0), (GROWN, there(GROWN)), "volume grew by more than 50 %"),
        Finding(2, Change.NEW, (0.0, 268.0), (None, there(NEW)), "not there before"),
        Finding(3, Change.GONE, (268.0, 0.0), (GONE, None), "not there any more"),
    )
    half_image = sitk.Cast(ball(HALFWAY, (0, 0, 0), 25), sitk.sitkFloat32)
    pair = PairComparison(
        0,
        1,
        Registration(transform, HALF, HALF, verdict, ("sharp edges match",), (Measurement("overlap", 97.0, "%"),)),
        HALFWAY,
        half_image,
        half_image,
        HALFWAY.image_of((5 - distances(HALFWAY, (9.0, 5.0, -6.0))).astype(np.float32)),
        ball(HALFWAY, (0, 0, 0), 25),
        ball(FIRST, GROWN, 6) + 2 * ball(FIRST, GONE, 4),
        fixed_labels,
        moving_labels,
        findings,
    )
    recipe = Recipe.of(MatchFindings())
    followed = follow_pairs((first, other), (pair,), recipe)
    return Comparison((first, other), (pair,), recipe, followed=followed)


def _image(grid: Geometry, center, labels: sitk.Image) -> sitk.Image:
    head = sitk.GetArrayFromImage(ball(grid, center, 26)).astype(np.float32)
    return grid.image_of(100 * head + 80 * (sitk.GetArrayFromImage(labels) > 0))


def centroid(labels: sitk.Image, value: int) -> np.ndarray:
    indices = np.argwhere(sitk.GetArrayFromImage(labels) == value)[:, ::-1]
    return Geometry.of(labels).points(indices).mean(axis=0)


@pytest.mark.parametrize("transform", [RIGID, bspline_transform()], ids=["rigid", "B-spline"])
def test_the_other_study_lies_in_the_first_ones_space(scene, transform):
    nodes = add_comparison(comparison_of(transform))
    assert nodes.pairs[0].to_first.GetName() == "Follow-up to Baseline"
    # Slicer itself brings the points back to where they are in the first study
    for place in (GROWN, NEW):
        there = np.array(transform.TransformPoint(place)) * [-1, -1, 1]
        general = slicer.vtkMRMLTransformNode.GetTransformBetweenNodes
        back = _mapped(general, nodes.volumes[1].GetParentTransformNode(), there)
        assert back * [-1, -1, 1] == pytest.approx(place, abs=0.02)
    # and so are the voxels of image and segmentation
    labels, segments = labels_of_segmentation(segmentation_at(nodes.patient, "Follow-up"), FIRST)
    names = {info.name: value for value, info in segments.items()}
    assert set(names) == {"F001 grown", "F003 new"}
    assert centroid(labels, names["F001 grown"]) == pytest.approx(GROWN, abs=0.6)
    assert centroid(labels, names["F003 new"]) == pytest.approx(NEW, abs=0.6)
    shown = sitk.Resample(image_of_volume(nodes.volumes[1]), FIRST.empty_image(sitk.sitkFloat32))
    inside = sitk.GetArrayFromImage(ball(FIRST, NEW, 2)) > 0
    assert sitk.GetArrayFromImage(shown)[inside].mean() > 170


def _mapped(between, source, point) -> np.ndarray:
    import vtk

    general = vtk.vtkGeneralTransform()
    between(source, None, general)
    return np.array(general.TransformPoint(*point))


def test_the_half_way_difference_lies_in_the_first_ones_space(scene):
    nodes = add_comparison(comparison_of(RIGID))
    difference = image_of_volume(nodes.pairs[0].difference)
    brightest = np.argmax(sitk.GetArrayViewFromImage(difference))
    index = np.unravel_index(brightest, difference.GetSize()[::-1])[::-1]
    place = difference.TransformIndexToPhysicalPoint([int(i) for i in index])
    assert place == pytest.approx(HALF.TransformPoint((9.0, 5.0, -6.0)), abs=1.0)
    display = nodes.pairs[0].difference.GetDisplayNode()
    assert display.GetLevel() == 0
    assert display.GetWindow() > 0
    middle = [0.0] * 4
    display.GetColorNode().GetColor(127, middle)
    assert max(middle[:3]) < 0.1  # no difference is dark


def test_a_study_that_could_not_be_aligned_is_said_to_be_left_out(scene, tmp_path):
    found = comparison_of(RIGID)
    good, third = found.pairs[0], dataclasses.replace(found.studies[1], name="Third")
    apart = dataclasses.replace(good.registration, verdict=Verdict.FAILED, reasons=("no overlap",))
    bad = dataclasses.replace(good, moving=2, registration=apart, findings=())
    found = dataclasses.replace(found, studies=(*found.studies, third), pairs=(good, bad))
    assert left_out_of(add_comparison(found).patient) == {"Third": ("no overlap",)}
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    assert left_out_of(patient_nodes()[0]) == {"Third": ("no overlap",)}


def test_a_copy_of_a_study_is_no_study_to_compare(scene):
    found = comparison_of(RIGID)
    sources = [volume_from_image(study.image, study.name) for study in found.studies]
    nodes = add_comparison(found, sources=sources)
    assert nodes.volumes[0] is sources[0] and nodes.volumes[1] is not sources[1]
    (loose,) = patients_with_studies()
    assert {point.volume for point in loose.time_points} == set(sources)
    assert provenance_of(nodes.volumes[1]).inputs == {"image": "Follow-up"}


def test_segments_are_named_and_colored_by_their_change(scene):
    patient = add_comparison(comparison_of(RIGID)).patient
    for point, names in (("Baseline", {"F001 grown", "F002 gone"}), ("Follow-up", {"F001 grown", "F003 new"})):
        segmentation = segmentation_at(patient, point).GetSegmentation()
        found = {segmentation.GetNthSegment(i).GetName(): segmentation.GetNthSegment(i) for i in range(2)}
        assert set(found) == names
        for name, segment in found.items():
            rgb = LOOKS[Change(name.split()[1])].rgb
            assert segment.GetColor() == pytest.approx(np.array(rgb) / 255, abs=1e-6)
            assert "Lesion" in segment.GetTerminology()
            assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() > 0


def test_tables_places_and_change(scene):
    rows = [{"segment": "F1", "volume_mm3": 268.0}]
    nodes = add_comparison(comparison_of(RIGID), measurements=rows, units={"volume_mm3": "mm3"})
    pair, patient = nodes.pairs[0], nodes.patient
    table = patient.GetNodeReference(FINDINGS_TABLE)
    lines = {(row["track"], row["time_point"]): row for row in rows_of_table(table)}
    assert lines["F001", "Follow-up"]["class"] == "grown" and lines["F002", "Follow-up"]["class"] == "gone"
    volumes = [lines["F001", point]["volume_mm3"] for point in ("Baseline", "Follow-up")]
    assert lines["F001", "Follow-up"]["change_from_previous_mm3"] == pytest.approx(volumes[1] - volumes[0])
    assert unit_of_column(table, "volume_mm3") == "mm3"
    points = patient.GetNodeReference(PLACES)
    assert [points.GetNthControlPointLabel(i) for i in range(3)] == ["F001 grown", "F002 gone", "F003 new"]
    for number, place in enumerate((GROWN, GONE, NEW)):
        assert list(points.GetNthControlPointPosition(number)) == pytest.approx(
            np.multiply(place, (-1, -1, 1)), abs=0.6
        )
    assert geometry_of_volume(pair.change).same_grid(FIRST)
    assert pair.change.GetDisplayNode().GetColorNode().GetColorName(1) == "gained"
    assert rows_of_table(pair.figures)[0]["value"] == 97.0
    assert rows_of_table(nodes.measurements) == rows
    assert verdicts_of(patient) == {"Follow-up": (Verdict.GOOD, "sharp edges match")}


def test_the_readers_nodes_are_not_touched(scene):
    comparison = comparison_of(RIGID)
    sources = [volume_from_image(study.image, study.name) for study in comparison.studies]
    states = [(node.GetMTime(), node.GetImageData().GetMTime(), node.GetParentTransformNode()) for node in sources]
    voxels = [slicer.util.arrayFromVolume(node).tobytes() for node in sources]
    nodes = add_comparison(comparison, sources=sources)
    assert nodes.volumes[0] is sources[0]
    assert nodes.volumes[1] is not sources[1]
    assert nodes.volumes[1].GetName() == "Follow-up_1"
    assert states == [
        (node.GetMTime(), node.GetImageData().GetMTime(), node.GetParentTransformNode()) for node in sources
    ]
    assert voxels == [slicer.util.arrayFromVolume(node).tobytes() for node in sources]


def test_views_open_at_the_largest_change(scene):
    nodes = add_comparison(comparison_of(RIGID))
    for composite in slice_composites(scene):
        assert composite.GetBackgroundVolumeID() == nodes.volumes[0].GetID()
        assert composite.GetForegroundVolumeID() == nodes.volumes[1].GetID()
        assert composite.GetLinkedControl()
    for node in slice_nodes(scene):
        center = array_of_matrix(node.GetSliceToRAS())[:3, 3]
        assert center * [-1, -1, 1] == pytest.approx(GROWN, abs=0.2)


def test_a_failing_comparison_adds_nothing(scene):
    comparison = comparison_of(RIGID)
    broken = dataclasses.replace(comparison.pairs[0], change=sitk.Image([2, 2, 2, 2], sitk.sitkUInt8))
    before = scene.GetNumberOfNodes()
    change = SceneChange(scene)
    with pytest.raises(InputError, match="4D"):
        add_comparison(dataclasses.replace(comparison, pairs=(broken,)))
    assert change.nodes == []
    assert scene.GetNumberOfNodes() == before


def test_comparisons_without_findings_or_pairs(scene):
    comparison = comparison_of(RIGID)
    empty = FIRST.empty_image()
    pair = dataclasses.replace(
        comparison.pairs[0], findings=(), fixed_labels=empty, moving_labels=OTHER.empty_image(), change=empty
    )
    followed = follow_pairs(comparison.studies, (pair,), comparison.recipe)
    nodes = add_comparison(dataclasses.replace(comparison, pairs=(pair,), followed=followed))
    assert rows_of_table(nodes.patient.GetNodeReference(FINDINGS_TABLE)) == []
    assert nodes.patient.GetNodeReference(PLACES).GetNumberOfControlPoints() == 0
    nodes = add_comparison(dataclasses.replace(comparison, pairs=(), followed=None))
    assert (nodes.pairs, nodes.patient) == ((), None)


def test_three_studies_of_which_one_could_not_be_registered(scene):
    comparison = comparison_of(RIGID)
    third, fourth = (dataclasses.replace(comparison.studies[1], name=name) for name in ("Third", "Fourth"))
    failed = dataclasses.replace(comparison.pairs[0].registration, verdict=Verdict.FAILED)
    second = dataclasses.replace(comparison.pairs[0], moving=2, registration=failed)
    last = dataclasses.replace(comparison.pairs[0], moving=3)
    studies = (*comparison.studies, third, fourth)
    pairs = (*comparison.pairs, second, last)
    followed = follow_pairs(studies, pairs, comparison.recipe)
    nodes = add_comparison(Comparison(studies, pairs, comparison.recipe, followed=followed))
    assert nodes.volumes[3].GetParentTransformNode() is nodes.pairs[2].to_first
    assert [volume_at(nodes.patient, point) for point in ("Baseline", "Follow-up", "Fourth")] == [
        nodes.volumes[n] for n in (0, 1, 3)
    ]
    assert volume_at(nodes.patient, "Third") is None
    # one outline of then and one of now where both are seen in one view
    visible = {
        point: segmentation_at(nodes.patient, point).GetDisplayNode().GetVisibility()
        for point in ("Baseline", "Follow-up", "Fourth")
    }
    assert visible == {"Baseline": 1, "Follow-up": 0, "Fourth": 1}
    assert slice_composites(scene)[0].GetForegroundVolumeID() == nodes.volumes[3].GetID()


def test_further_images_are_shown_under_the_registration(scene):
    comparison = comparison_of(RIGID)
    sources = [volume_from_image(study.image, study.name) for study in comparison.studies]
    more = [volume_from_image(study.image, f"T1 {study.name}") for study in comparison.studies]
    nodes = add_comparison(comparison, sources=sources, images=[[more[0]], [more[1]]])
    assert images_at(nodes.patient, "Baseline") == [more[0]]
    (copy,) = images_at(nodes.patient, "Follow-up")
    assert copy is not more[1] and copy.GetParentTransformNode() is nodes.pairs[0].to_first
    assert more[1].GetParentTransformNode() is None


def test_the_saved_scene_opens_and_draws_what_changed(scene, tmp_path):
    add_comparison(comparison_of(RIGID))
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    get = slicer.util.getNode
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(get("Follow-up findings")))
    assert hierarchy.GetItemName(study) == "Follow-up (2021-01-02)"
    assert provenance_of(get("Follow-up findings")).inputs == {"study1": "a.nii.gz", "study2": "Follow-up"}
    assert get("Follow-up").GetParentTransformNode() is get("Follow-up to Baseline")
    assert get("Baseline to Follow-up change").GetDisplayNode().GetColorNode().GetName() == "Change"
    assert slice_composites(scene)[0].GetForegroundVolumeID() == get("Follow-up").GetID()

    (patient,) = patient_nodes()
    assert [track.id for track in patient_of_node(patient).tracks] == ["F001", "F002", "F003"]
    get("Baseline findings").GetDisplayNode().SetVisibility(False)
    with OffscreenSliceView((300, 300)) as view:
        show_outlines(patient, {}, ["Follow-up"])
        patient.GetNodeReference(PLACES).GetDisplayNode().SetVisibility(False)
        view.show(get("Baseline"), offset=NEW[2])
        picture = view.array().astype(int)
    orange = np.argwhere(picture[..., 0] - picture[..., 2] > 60)
    assert len(orange) > 20
    width, height, _ = view_extent(get("Baseline"))
    # pixel (row, column) to LPS in an axial view: right of the patient is left in the picture
    rows, columns = orange.mean(axis=0)
    scale = max(width, height) / 300
    assert (columns - 150) * scale == pytest.approx(NEW[0], abs=2.0)
    assert (rows - 150) * scale == pytest.approx(NEW[1], abs=2.0)


def view_extent(node) -> np.ndarray:
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    return np.array(bounds[1::2]) - bounds[::2]
