"""Studies as comparison takes them, from nodes; and places in the subject hierarchy."""

import datetime

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import ball, numbered, turned_grid

from MedProcLib.scene.hierarchy import (
    add_folder,
    add_patient,
    add_study,
    hierarchy_of,
    modality_of_volume,
    place_beside,
    place_under,
)
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
from MedProcLib.scene.studies import date_of_volume, study_of_volume
from MedProcLib.scene.volumes import volume_from_image

GRID = turned_grid((12, 10, 8))


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("FLAIR 2015-03-31", datetime.date(2015, 3, 31)),
        ("t2_19600413", datetime.date(1960, 4, 13)),
        ("2021.12.01 T1", datetime.date(2021, 12, 1)),
        ("2019_02_31 2019_03_01", datetime.date(2019, 3, 1)),  # 31 February is no date
        ("study1_FLAIR", None),
        ("series 120190331", None),
        ("2019-13-01", None),
        ("", None),
    ],
)
def test_a_date_in_the_name(scene, name, date):
    node = volume_from_image(numbered(GRID), "v")
    node.SetName(name)
    assert date_of_volume(node) == date


def test_the_hierarchy_knows_better_than_the_name(scene):
    node = volume_from_image(numbered(GRID), "FLAIR 2015-03-31")
    study = add_study(scene, add_patient(scene, "P"), "S", datetime.date(2014, 1, 2))
    place_under(node, add_folder(scene, study, "F"))
    hierarchy = hierarchy_of(scene)
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(node), constants.GetDICOMSeriesModalityAttributeName(), "MR")
    assert date_of_volume(node) == datetime.date(2014, 1, 2)
    assert modality_of_volume(node) == "MR"
    assert study_of_volume(node).modality == "MR"


def test_a_study_has_what_was_chosen(scene):
    volume = volume_from_image(numbered(GRID), "FLAIR")
    labels = ball(GRID, (-3, 0, 0), 2) + 2 * ball(GRID, (3, 0, 0), 2)
    segmentation = segmentation_from_labels(labels, None, "lesions", volume)
    mask = segmentation_from_labels(ball(GRID, (0, 0, 0), 5), {1: SegmentInfo("left")}, "brain", volume)
    add_segments(mask, ball(GRID, (2, 0, 0), 5), {1: SegmentInfo("right")})
    study = study_of_volume(volume, segmentation, mask, datetime.date(2020, 2, 3))
    assert (study.name, study.date, study.source) == ("FLAIR", datetime.date(2020, 2, 3), "FLAIR")
    assert np.array_equal(sitk.GetArrayFromImage(study.labels), sitk.GetArrayFromImage(labels))
    assert study.names == {1: "Segment 1", 2: "Segment 2"}
    either = sitk.GetArrayFromImage(ball(GRID, (0, 0, 0), 5) | ball(GRID, (2, 0, 0), 5))
    assert np.array_equal(sitk.GetArrayFromImage(study.mask), either)
    bare = study_of_volume(volume)
    assert bare.labels is None
    assert bare.mask is None


def test_results_lie_beside_their_input(scene):
    hierarchy = hierarchy_of(scene)
    first, result = (volume_from_image(numbered(GRID), name) for name in ("a", "b"))
    place_beside(result, first)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result)) == hierarchy.GetSceneItemID()
    study = add_study(scene, add_patient(scene, "P"), "S")
    place_under(first, study)
    place_beside(result, first)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result)) == study
    assert hierarchy.GetItemLevel(study) == "Study"
    assert hierarchy.GetItemLevel(hierarchy.GetItemParent(study)) == "Patient"
