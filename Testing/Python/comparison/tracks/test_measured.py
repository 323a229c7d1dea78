"""Observations measured on their label maps; the table of findings; the case of response criteria."""

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.growth.change import Changed
from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.response.model import Status as Seen
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.edits import accept, describe, edit_measurement, mark, reject
from MedProcLib.comparison.tracks.follow import follow_findings
from MedProcLib.comparison.tracks.measuring import measure_observations, usual_settings
from MedProcLib.comparison.tracks.patient_file import patient_of as read_text
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.comparison.tracks.relinking import merge_tracks
from MedProcLib.comparison.tracks.table import findings_table
from MedProcLib.core.csv_text import csv_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.measurement import Measurement
from MedProcLib.quantification.measure import Measure

from .samples import WHEN, WHO, labelled, patient_of, point_at, volume

LEFT, RIGHT = (-15.0, 0.0, 0.0), (15.0, 5.0, 3.0)
IN_HU = Measure(components=False, intensity_unit="HU")


def image_of(labels: sitk.Image) -> sitk.Image:
    values = np.where(sitk.GetArrayFromImage(labels) > 0, 60.0, -20.0).astype(np.float32)
    return Geometry.of(labels).image_of(values)


@pytest.fixture
def followed():
    return follow_findings([labelled(1, (LEFT, 6), (RIGHT, 4)), labelled(2, (LEFT, 8))])


@pytest.fixture
def measured(followed):
    patient = followed.patient
    for point, labels in zip(("T1", "T2"), followed.label_maps, strict=True):
        patient = measure_observations(patient, point, image_of(labels), labels, IN_HU)
    return patient


def test_observations_have_the_figures_of_their_voxels(measured, followed):
    seen = measured.track("F001").at("T1")
    counted = np.count_nonzero(sitk.GetArrayFromImage(followed.label_maps[0]) == seen.labels[0])
    assert seen.estimate("voxel_volume").measurement.value == counted
    assert seen.estimate("long_diameter").measurement.value == pytest.approx(12, abs=1)
    mean = seen.estimate("mean").measurement
    assert (mean.value, mean.unit, mean.code.value) == (60.0, "HU", "Q4LE")
    assert all(np.isfinite(e.measurement.value) for e in seen.estimates)
    assert read_text(patient_text(measured)) == measured


def test_intervals_hold_the_ball_that_was_drawn_and_tell_growth_from_error():
    # in no special place: 1 in 20 misses its interval, those about a voxel's corner among them
    place = (-15.2, 0.3, 0.1)
    followed = follow_findings([labelled(1, (place, 6), (RIGHT, 4)), labelled(2, (place, 8))])
    patient = followed.patient
    for point, labels in zip(("T1", "T2"), followed.label_maps, strict=True):
        patient = measure_observations(patient, point, image_of(labels), labels)
    for point, radius in (("T1", 6), ("T2", 8)):
        volume_seen = patient.track("F001").at(point).volume
        assert volume_seen.low < volume(radius) < volume_seen.high
        assert volume_seen.high - volume_seen.low == pytest.approx(
            0.3 * 4 * np.pi * radius**2 * np.sqrt(2), rel=0.15
        )  # of a difference of two, the surface times 0.3 mm either way
        long = patient.track("F001").at(point).estimate("long_diameter")
        assert long.low <= long.measurement.value <= long.high and long.low < 2 * radius < long.high
    names = [e.measurement.name for e in patient.track("F001").at("T1").estimates]
    assert "voxel_volume_low" not in names and len(names) == len(set(names))
    assert intervals(patient)["F001"][0].size(25).changed is Changed.YES
    again = follow_findings([labelled(1, (LEFT, 6)), labelled(2, (LEFT, 6.05))])
    same = again.patient
    for point, labels in zip(("T1", "T2"), again.label_maps, strict=True):
        same = measure_observations(same, point, image_of(labels), labels)
    assert intervals(same)["F001"][0].size(25).changed is Changed.NO


def test_the_true_volume_is_less_sure_than_what_is_compared(followed):
    """By the border's error times the surface, which is that of a ball of 6 mm, and that from study to study."""
    labels = followed.label_maps[0]
    measured = measure_observations(followed.patient, "T1", image_of(labels), labels)
    seen = measured.track("F001").at("T1")
    assert replace(seen, border_mm=0.0).true_volume == seen.volume
    wider = replace(seen, border_mm=0.5).true_volume
    shared = math.log(wider.high / wider.value)
    repeated = math.log(seen.volume.high / seen.volume.value)
    assert math.sqrt(shared**2 - repeated**2) == pytest.approx(0.5 * 3 / 6, rel=0.1)
    below, known = math.log(wider.value / wider.low), math.log(seen.volume.value / seen.volume.low)
    assert math.sqrt(below**2 - known**2) == pytest.approx(math.sqrt(shared**2 - repeated**2))  # alike in the logarithm
    assert seen.border_mm is None and seen.true_volume.limits is None  # of which nothing is said nothing is known
    edited = edit_measurement(measured, "F001", "T1", Measurement("voxel_volume", 900.0, "mm3"), WHO, WHEN, 800, 950)
    assert replace(edited.track("F001").at("T1"), border_mm=0.5).true_volume == Measured(900, 800, 950)


def test_what_reaches_the_border_of_the_image_is_marked(followed):
    """Of the balls one ends in the first column that is there, one 3 columns before voxels without a number."""
    labels = followed.label_maps[0]
    first = int(np.flatnonzero(sitk.GetArrayFromImage(labels).any(axis=(0, 1)))[0])
    tight = labels[first:]
    patient = measure_observations(followed.patient, "T1", image_of(tight), tight)
    assert [patient.track(name).at("T1").cut for name in ("F001", "F002")] == [True, False]
    assert patient.track("F001").at("T1").true_volume.limits is None
    middle = labels[:, :, labels.GetSize()[2] // 2 : labels.GetSize()[2] // 2 + 1]
    patient = measure_observations(followed.patient, "T1", image_of(middle), middle)
    assert not patient.track("F001").at("T1").cut
    values = sitk.GetArrayFromImage(image_of(labels))
    last = int(np.flatnonzero(sitk.GetArrayFromImage(labels).any(axis=(0, 1)))[-1])
    for gap, cut in ((3, False), (1, True)):
        values[:, :, last + gap] = np.nan
        patient = measure_observations(followed.patient, "T1", Geometry.of(labels).image_of(values), labels)
        assert [patient.track(name).at("T1").cut for name in ("F001", "F002")] == [False, cut]


def test_values_too_high_for_suv_leave_out_uptake_alone(followed):
    labels = followed.label_maps[0]
    settings = usual_settings(followed.patient, "SUV")
    names = []
    for factor in (0.1, 10):
        patient = measure_observations(followed.patient, "T1", image_of(labels) * factor, labels, settings)
        names.append({e.measurement.name for e in patient.track("F001").at("T1").estimates})
    assert {"peak_uptake", "voxel_volume"} <= names[0]
    assert "peak_uptake" not in names[1] and {"voxel_volume", "mean", "long_diameter"} <= names[1]


def test_a_readers_own_value_stays_when_measured_again(measured, followed):
    length = Measurement("long_diameter", 11.0, "mm")
    edited = edit_measurement(measured, "F001", "T1", length, WHO, WHEN)
    edited = edit_measurement(edited, "F001", "T1", Measurement("mean_diffusivity", 0.8, ""), WHO, WHEN)
    again = measure_observations(edited, "T1", image_of(followed.label_maps[0]), followed.label_maps[0], IN_HU)
    assert again == edited


def test_joined_labels_are_measured_as_one(measured, followed):
    joined = merge_tracks(measured, "F001", "F002", WHO, WHEN)
    assert joined.track("F001").at("T1").estimates == ()
    labels = followed.label_maps[0]
    again = measure_observations(joined, "T1", image_of(labels), labels, IN_HU)
    assert again.track("F001").at("T1").volume.value == np.count_nonzero(sitk.GetArrayFromImage(labels))


def test_labels_that_are_missing_and_other_grids_are_refused(measured, followed):
    labels = followed.label_maps[0]
    with pytest.raises(InputError, match="no label 1"):
        measure_observations(measured, "T1", image_of(labels), labels * 5)
    other = sitk.Image(labels)
    other.SetOrigin((1, 2, 3))
    with pytest.raises(InputError, match="geometry"):
        measure_observations(measured, "T1", image_of(labels), other)
    with pytest.raises(InputError, match="T9"):
        measure_observations(measured, "T9", image_of(labels), labels)


def test_a_time_point_without_observations_stays_as_it_is():
    followed = follow_findings([labelled(1, (LEFT, 6)), labelled(2)])
    empty = followed.label_maps[1]
    assert measure_observations(followed.patient, "T2", image_of(empty), empty) == followed.patient


def rows_of(patient):
    columns, lines = findings_table(patient)
    return list(csv.DictReader(io.StringIO(csv_text(columns, lines))))


def test_the_table_has_a_line_for_each_track_and_time_point(measured):
    patient = describe(accept(measured, "F001", WHO, WHEN, "T1"), "F001", WHO, WHEN, name="=1+1", organ="liver")
    for point, value in (("T1", 900.0), ("T2", 2100.0)):
        edited = Measurement("voxel_volume", value, "mm3")
        patient = edit_measurement(patient, "F001", point, edited, WHO, WHEN, 0.95 * value, 1.05 * value)
    rows = rows_of(patient)
    assert [(r["track"], r["time_point"], r["class"]) for r in rows] == [
        ("F001", "T1", "baseline"),
        ("F001", "T2", "grown"),
        ("F002", "T1", "baseline"),
        ("F002", "T2", "gone"),
    ]
    grown, gone = rows[1], rows[3]
    assert grown["name"] == "'=1+1" and grown["date"] == "2025-03-02"
    assert float(grown["change_from_previous_mm3"]) == 1200
    assert float(grown["change_from_baseline_percent"]) == pytest.approx(133.333, abs=1e-3)
    assert 132.9 < float(grown["change_unbiased_from_baseline_percent"]) < 133.33
    assert grown["changed_from_nadir_beyond_error"] == "yes"
    low, high = (float(grown[f"change_{end}_from_previous_percent"]) for end in ("low", "high"))
    assert 110 < low < 133 < high < 160
    assert (grown["status"], grown["reader"]) == ("edited", WHO)
    assert float(grown["volume_low_mm3"]) == 1995 and float(grown["long_diameter_mm"]) > 14
    assert (gone["volume_mm3"], gone["change_from_previous_percent"], gone["status"]) == ("0", "-100", "")
    assert gone["class_from_baseline"] == "gone"
    assert (gone["change_from_baseline_percent"], gone["change_from_nadir_percent"]) == ("-100", "-100")


def test_merged_and_rejected_findings_have_their_lines():
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 5.1)]
    patient = reject(patient_of(parts, whole), "F001", WHO, WHEN, "T2")
    rows = {(r["track"], r["time_point"]): r for r in rows_of(patient)}
    assert rows["F002", "T2"]["class"] == "merged" and rows["F002", "T2"]["merged_into"] == "F001"
    assert rows["F002", "T2"]["volume_mm3"] == ""
    assert rows["F001", "T2"]["status"] == "rejected" and rows["F001", "T2"]["class"] == "gone"
    assert len(findings_table(patient_of([], []))[1]) == 0


def test_marked_tracks_are_the_lesions_of_a_case(measured):
    patient = mark(mark(measured, "F001", Kind.TARGET, WHO, WHEN), "F002", Kind.NON_TARGET, WHO, WHEN)
    patient = describe(patient, "F001", WHO, WHEN, organ="liver")
    case = case_of(patient)
    target, other = case.lesions
    assert (target.id, target.organ, target.kind) == ("F001", "liver", Kind.TARGET)
    assert target.at("T2").long_mm.value == measured.track("F001").at("T2").estimate("long_diameter").measurement.value
    assert target.at("T1").mean_hu.value == 60.0
    assert [a.status for a in other.assessments] == [Seen.PRESENT, Seen.ABSENT]
    assert case_of(measured).lesions == ()


def test_a_merged_target_says_into_which_and_a_case_needs_dates():
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 5.1)]
    patient = patient_of(parts, whole, parts)
    for track in ("F001", "F002"):
        patient = mark(patient, track, Kind.TARGET, WHO, WHEN)
    first, second = case_of(patient).lesions
    assert [(a.status, a.merged_into) for a in second.assessments] == [
        (Seen.PRESENT, ""),
        (Seen.MERGED, "F001"),
        (Seen.PRESENT, ""),
    ]
    sizes = [
        sum(n.at(f"T{t}").volume_mm3.value for n in (first, second) if n.at(f"T{t}").volume_mm3) for t in (1, 2, 3)
    ]
    assert sizes == pytest.approx([volume(4.2) + volume(4.0), volume(5.1), volume(4.2) + volume(4.0)])
    undated = follow_findings([labelled(1, (LEFT, 6))]).patient
    undated = replace(undated, time_points=(replace(point_at(1), date=None),))
    with pytest.raises(InputError, match="no date"):
        case_of(undated)
