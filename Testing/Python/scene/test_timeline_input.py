"""The time points to compare: proposed from the subject hierarchy, kept on a node, saved with the scene."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import ball, numbered, turned_grid

from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.hierarchy import add_patient, add_study, place_under
from MedProcLib.scene.markups import named_points, points_node_from
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.segment_snapshot import SegmentInfo
from MedProcLib.scene.segmentations import segmentation_from_labels
from MedProcLib.scene.timeline_input import (
    MOST,
    TimePointInput,
    next_time_point,
    patients_with_studies,
    read_time_points,
    time_point_of,
    with_alike_findings,
    with_time_points,
    write_time_points,
)
from MedProcLib.scene.volumes import volume_from_image

GRID = turned_grid((4, 5, 6))


def volume(name, item=None):
    node = volume_from_image(numbered(GRID), name)
    if item is not None:
        place_under(node, item)
    return node


def holder(scene):
    node = slicer.vtkMRMLScriptedModuleNode()
    node.SetName("holder")
    return scene.AddNode(node)


def test_studies_of_a_patient_are_its_time_points(scene):
    doe, roe = add_patient(scene, "Doe"), add_patient(scene, "Roe")
    dates = [datetime.date(2022, 5, 1), datetime.date(2020, 5, 1), datetime.date(2021, 5, 1)]
    for number, date in enumerate(dates):
        study = add_study(scene, doe, f"Study {number}", date)
        if number:
            volume(f"T1 {number}", study)
        flair = volume(f"FLAIR {number}", study)
        if number == 2:
            volume("dwi", study)
            result = volume("FLAIR enhanced", study)
            write_provenance(result, Provenance(Recipe(), {"image": flair.GetName()}))
    volume("CT", add_study(scene, roe, "only one", dates[0]))
    loose = [volume("FLAIR_2019-03-01"), volume("FLAIR_20180301")]
    found = {patient.name: patient.time_points for patient in patients_with_studies(scene)}
    assert set(found) == {"Doe", ""}
    assert [(p.volume.GetName(), p.date) for p in found["Doe"]] == [
        ("FLAIR 1", "2020-05-01"),
        ("FLAIR 2", "2021-05-01"),
        ("FLAIR 0", "2022-05-01"),
    ]
    assert [[image.GetName() for image in p.images] for p in found["Doe"]] == [["T1 1"], ["T1 2", "dwi"], []]
    assert [p.volume for p in found[""]] == [loose[1], loose[0]]


def test_at_most_twenty_are_proposed_and_an_empty_scene_has_none(scene):
    assert patients_with_studies(scene) == []
    doe = add_patient(scene, "Doe")
    for number in range(MOST + 2):
        volume(f"CT {number}", add_study(scene, doe, f"{number}", datetime.date(2000 + number, 1, 1)))
    (found,) = patients_with_studies(scene)
    assert len(found.time_points) == MOST and found.time_points[-1].date == "2019-01-01"


def test_they_are_kept_in_time_order_and_saved(scene, tmp_path):
    later, earlier, more = volume("b"), volume("a"), volume("t1")
    outlines = segmentation_from_labels(ball(GRID, (0, 0, 0), 3), None, "outlines", later)
    node = holder(scene)
    marked = points_node_from([[1.0, 2, 3], [4, 5, 6]], ["ear", "nose"], "marked")
    points = [TimePointInput(later, "2021-05-01", outlines, (more,), marked), TimePointInput(earlier, "2020-05-01")]
    write_time_points(node, points)
    assert read_time_points(node) == points[::-1]
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    node = scene.GetFirstNodeByName("holder")
    first, second = read_time_points(node)
    assert (first.volume.GetName(), first.date, first.segmentation, first.images) == ("a", "2020-05-01", None, ())
    assert (second.volume.GetName(), second.segmentation.GetName()) == ("b", "outlines")
    assert [image.GetName() for image in second.images] == ["t1"] and first.landmarks is None
    assert named_points(second.landmarks) == (((1, 2, 3), "ear"), ((4, 5, 6), "nose"))
    write_time_points(node, [second])
    assert read_time_points(node) == [second]
    for gone in (second.volume, second.landmarks):
        scene.RemoveNode(gone)
    assert read_time_points(node)[0].volume is read_time_points(node)[0].landmarks is None


def test_findings_like_those_chosen_of_one_time_point_are_taken_of_the_others(scene):
    volumes = [volume(f"CT {n}") for n in range(5)]

    def drawn(on, *names):
        labels = {number: SegmentInfo(name, (1.0, 0, 0)) for number, name in enumerate(names, 1)}
        image = sitk.GetImageFromArray(np.array(sorted(labels) * 4, np.uint8).reshape(4, 1, -1))
        return segmentation_from_labels(image, labels, f"{names} of {on.GetName()}", on)

    first, second, last = (drawn(volumes[n], "Lesion", "Node") for n in (0, 1, 4))
    drawn(volumes[1], "Liver")
    for _again in range(2):  # two fit, so none is taken
        drawn(volumes[2], "Node", "Lesion")
    drawn(volumes[3], "Lesion")
    points = [TimePointInput(each) for each in volumes]
    points[0] = replace(points[0], segmentation=first)
    found = with_alike_findings(points, first)
    assert [point.segmentation for point in found] == [first, second, None, None, last]
    assert with_alike_findings(found[:2], second) == found[:2]  # another one was chosen before
    assert with_time_points(points[:1], points[1:2]) == [found[1]]


def test_the_next_time_point_is_of_the_same_patient(scene):
    """And what was chosen of the others stays when their patient's list is taken again."""
    roe, doe = add_patient(scene, "Roe"), add_patient(scene, "Doe")
    studies = [add_study(scene, who, "Study", datetime.date(2020 + n, 1, 1)) for n, who in enumerate([roe, doe] * 3)]
    volumes = [volume(f"FLAIR {n}", study) for n, study in enumerate(studies)]
    further = volume("T1", studies[5])
    chosen = [replace(time_point_of(volumes[1]), date="2019-01-01"), TimePointInput()]
    added = next_time_point(chosen)
    assert (added.volume, added.date) == (volumes[3], "2023-01-01")
    last = next_time_point([*chosen, added])
    assert (last.volume, last.images) == (volumes[5], (further,))
    assert next_time_point([*chosen, added, last]).volume is None  # though another patient has more
    assert next_time_point([]).volume is volumes[0]
    (of_doe,) = (p.time_points for p in patients_with_studies() if p.name == "Doe")
    assert with_time_points(chosen, of_doe) == [chosen[0], added, last]


@pytest.mark.parametrize("text", ["", "31.5.2020", "2020-13-01"])
def test_without_all_dates_the_order_is_the_readers(scene, text):
    points = [TimePointInput(volume("b"), "2021-05-01"), TimePointInput(volume("a"), text)]
    node = holder(scene)
    write_time_points(node, points)
    assert read_time_points(node) == points


def test_a_date_is_proposed_from_study_or_name(scene):
    study = add_study(scene, add_patient(scene, "Doe"), "Study", datetime.date(2015, 3, 31))
    assert time_point_of(volume("CT", study)).date == "2015-03-31"
    assert time_point_of(volume("CT_20160229")).date == "2016-02-29"
    assert time_point_of(volume("CT")).date == ""
