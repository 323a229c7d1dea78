"""Pictures without a depth are measured in 2D: Slicer gives a radiograph one slice of a thickness nobody stated."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from pet_series import header, save

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.scene.diameter_lines import lines_of
from MedProcLib.scene.features_scene import segment_features
from MedProcLib.scene.findings import add_findings_list, findings_of, finish_edits
from MedProcLib.scene.flat_volumes import is_flat
from MedProcLib.scene.hierarchy import add_patient, add_study, hierarchy_of, place_under
from MedProcLib.scene.measurement_input import measured_rows, measurement_input
from MedProcLib.scene.measurement_place import place_of_row
from MedProcLib.scene.measurement_scene import add_measurements
from MedProcLib.scene.ready_segments import put_segments, ready_segments
from MedProcLib.scene.segmentations import SegmentInfo, labels_of_segmentation, segmentation_from_labels
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.volumes import geometry_of_volume, volume_from_image
from MedProcLib.segmentation.detection.listing import candidates_of_labels

SPACING, ORIGIN = (0.2, 0.25, 1.0), (5.0, -7.0, 3.0)


def picture(direction=(1.0, 0, 0, 0, 1, 0, 0, 0, 1), slices=1):
    """(segmentation, volume): a rectangle of 30 x 20 pixels, 6 x 5 mm."""
    labels = np.zeros((slices, 60, 80), np.uint8)
    labels[0, 10:30, 20:50] = 1
    values = np.random.default_rng(2).normal(100, 10, labels.shape).astype(np.float32)
    grid = Geometry((80, 60, slices), SPACING, ORIGIN, tuple(map(float, direction)))
    volume = volume_from_image(grid.image_of(values), "Chest")
    return segmentation_from_labels(grid.image_of(labels), {1: SegmentInfo("Lung", (1, 0, 0))}, "S", volume), volume


def with_modality(volume, modality):
    scene = slicer.mrmlScene
    place_under(volume, add_study(scene, add_patient(scene, "P"), "Study"))
    hierarchy = hierarchy_of(scene)
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(volume), name, modality)


@pytest.mark.parametrize("modality, flat", [("DX", True), ("CR", True), ("MG", True), ("CT", False), ("", False)])
def test_the_modality_tells_of_what_is_not_from_dicom(scene, modality, flat):
    _segmentation, volume = picture()
    with_modality(volume, modality)
    assert is_flat(volume) is flat
    _segmentation, volume = picture(slices=2)
    with_modality(volume, modality)
    assert not is_flat(volume)
    _segmentation, volume = picture(direction=(1, 0, 0, 0, 0, 1, 0, -1, 0))  # a reformatted slice
    with_modality(volume, modality)
    assert not is_flat(volume)


@pytest.mark.parametrize(
    "stated, flat", [({}, True), ({"ImagePositionPatient": [1, 2, 3]}, False), ({"SliceThickness": 5}, False)]
)
def test_position_or_thickness_tell_of_dicom(scene, monkeypatch, tmp_path, stated, flat):
    save(header(SOPInstanceUID="1.2.3", **stated), tmp_path / "slice")

    class Database:
        def fileForInstance(self, instance):
            return str(tmp_path / "slice") if instance == "1.2.3" else ""

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    _segmentation, volume = picture()
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    assert is_flat(volume) is flat


@pytest.mark.parametrize("direction", [(1.0, 0, 0, 0, 1, 0, 0, 0, 1), (0.0, -1, 0, 1, 0, 0, 0, 0, 1)])
def test_a_radiograph_has_areas_and_no_volumes(scene, direction):
    segmentation, volume = picture(direction)
    with_modality(volume, "DX")
    given = measurement_input(segmentation, volume)
    (row, _part) = measured_rows(given, Measure(shape=True))
    assert row.value("area") == pytest.approx(600 * 0.05)
    assert row.value("long_diameter") == pytest.approx(np.hypot(6, 5), abs=0.5)
    assert not [m.column for m in row.measurements if "mm3" in m.column or "volume" in m.name]
    nodes = add_measurements([row], given, Recipe.of(Measure()), segmentation, volume, None, lines=True)
    assert nodes.drawn == 1
    shown = rows_of_table(nodes.table)[0]
    assert shown["area_mm2"] == pytest.approx(30) and not [name for name in shown if "mm3" in name]
    lengths = [line.GetMeasurement("length").GetValue() for line in lines_of(nodes.table)]
    assert sorted(lengths) == pytest.approx(sorted(row.value(f"{axis}_diameter") for axis in ("long", "short")))
    place = place_of_row(shown, nodes.table)
    axes = np.reshape(direction, (3, 3))
    assert place == pytest.approx((np.array(ORIGIN) + axes @ (np.array([34.5, 19.5, 0]) * SPACING)).tolist())


def test_features_of_a_radiograph_are_of_2d(scene):
    segmentation, volume = picture()
    settings = Radiomics(families="morphology,statistics,glcm")
    flat, deep = [], []
    for modality, found in (("DX", flat), ("CT", deep)):
        with_modality(volume, modality)
        found += segment_features(measurement_input(segmentation, volume), settings)
    assert any(f.tag == "morph_volume" for f in deep[0].features)
    assert not any(f.tag.startswith("morph") for f in flat[0].features) and any("2D" in note for note in flat[0].notes)


@pytest.mark.parametrize("score", [None, 7.5])
def test_findings_in_a_radiograph_have_areas(scene, score):
    segmentation, volume = picture()
    with_modality(volume, "DX")
    grid = geometry_of_volume(volume)
    (found,) = candidates_of_labels(labels_of_segmentation(segmentation, volume)[0])
    if score is not None:
        found = replace(found, score=score, reason=f"median 3, {found.reason}")
    (segment,) = segmentation.GetSegmentation().GetSegmentIDs()
    table = add_findings_list([found], {1: "A"}, {1: segment}, "List", volume, segmentation)
    (row,) = findings_of(table)
    assert row["area_mm2"] == pytest.approx(30) and "volume_mm3" not in row
    assert row["equivalent_diameter_mm"] == pytest.approx(2 * np.sqrt(30 / np.pi))
    assert row["score"] == pytest.approx(30 if score is None else score)
    assert row["reason"] == ("30 mm²" if score is None else "median 3, 30 mm²")
    labels = np.zeros((1, 60, 80), np.uint8)
    labels[0, 10:20, 20:50] = 1
    segmentation.GetSegmentation().RemoveSegment(segment)
    put_segments(segmentation, ready_segments(grid.image_of(labels), {1: SegmentInfo("A", id=segment)}))
    finish_edits(table, segmentation, [segment])
    (row,) = findings_of(table)
    assert row["area_mm2"] == pytest.approx(15)
    assert row["equivalent_diameter_mm"] == pytest.approx(2 * np.sqrt(15 / np.pi))
