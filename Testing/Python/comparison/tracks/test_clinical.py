"""What a reader knows beside the images reaches the response criteria, the saved patient, and can be undone."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.response.criteria import assess
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.clinical import clinical_from_dict, dated, with_clinical
from MedProcLib.comparison.tracks.edits import mark
from MedProcLib.comparison.tracks.follow import follow_findings
from MedProcLib.comparison.tracks.history import redo, undo
from MedProcLib.comparison.tracks.measuring import measure_observations, usual_settings
from MedProcLib.comparison.tracks.patient_file import patient_of as read_text
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry

from .samples import WHEN, WHO, labelled, patient_of

PLACE = (0.2, -0.4, 0.3)
DATA = {
    "protocol": {"confirm": True, "radiotherapy_end": "2024-12-01"},
    "time_points": {
        "T1": {"neuro": {"steroid_mg": 4.0, "clinical": "stable"}},
        "2025-03-02": {"neuro": {"steroid_mg": 8, "clinical": "worse"}, "markers_elevated": False},
    },
    "lesions": {"F001": {"enhancing": False, "node": True, "unequivocal": ["2025-03-02"], "increased": ["T2"]}},
}


@pytest.fixture
def patient():
    return mark(patient_of([(PLACE, 8)], [(PLACE, 8)]), "F001", Kind.TARGET, WHO, WHEN)


def given(patient, data):
    return with_clinical(patient, clinical_from_dict(data), WHO, WHEN)


def test_it_is_in_the_case_and_in_the_saved_patient(patient):
    told = given(patient, DATA)
    for each in (told, read_text(patient_text(told))):
        case = case_of(each)
        assert case.protocol.confirm and case.protocol.radiotherapy_end == datetime.date(2024, 12, 1)
        assert [t.neuro.steroid_mg for t in case.time_points] == [4.0, 8.0]
        assert [t.markers_elevated for t in case.time_points] == [None, False]
        (lesion,) = case.lesions
        assert (lesion.enhancing, lesion.node, lesion.in_radiation_field) == (False, True, False)
        assert [a.unequivocal for a in lesion.assessments] == [False, True]
        assert [a.increased for a in lesion.assessments] == [False, True]
    assert given(told, {"lesions": {"F001": {"node": True}}}) == told


def test_all_of_it_is_one_entry_that_is_undone_and_done_again(patient):
    told = given(patient, DATA)
    assert [entry.what for entry in told.history[len(patient.history) :]] == ["clinical data"]
    back = undo(read_text(patient_text(told)), WHO, WHEN)
    assert (back.tracks, back.protocol, back.time_points) == (patient.tracks, patient.protocol, patient.time_points)
    again = redo(read_text(patient_text(back)), WHO, WHEN)
    assert (again.tracks, again.protocol, again.time_points) == (told.tracks, told.protocol, told.time_points)
    assert undo(again, WHO, WHEN).time_points == patient.time_points


def test_a_date_is_given_kept_in_order_and_undone(patient):
    first, second = (p.date for p in patient.time_points)
    later = datetime.date(2025, 3, 30)
    moved = dated(patient, "T2", later, WHO, WHEN)
    assert [p.date for p in moved.time_points] == [first, later] and moved.history[-1].what == "T2: date = 2025-03-30"
    assert [p.date for p in dated(patient, "T2", None, WHO, WHEN).time_points] == [first, None]
    assert [p.date for p in undo(moved, WHO, WHEN).time_points] == [first, second]
    with pytest.raises(InputError, match=rf"'T1' is of {first}"):
        dated(patient, "T2", first, WHO, WHEN)


def test_an_id_is_found_though_another_time_point_has_it_as_its_name(patient):
    first, second = patient.time_points
    named = replace(patient, time_points=(first, replace(second, name="T1")))
    told = given(named, {"time_points": {"T1": {"markers_elevated": True}}})
    assert [p.context.markers_elevated for p in told.time_points] == [True, None]


def test_clinical_decline_is_progression_by_rano(patient):
    stable = {name: {"neuro": {"steroid_mg": 4, "clinical": "stable", "t2_flair": "stable"}} for name in ("T1", "T2")}
    worse = {**stable, "T2": {"neuro": {"steroid_mg": 4, "clinical": "worse", "t2_flair": "stable"}}}
    assert str(assess("rano_2010", case_of(given(patient, {"time_points": worse})))[1].category) == "PD"
    unknown, known = case_of(patient), case_of(given(patient, {"time_points": stable}))
    asked = [any("steroid" in m for m in assess("rano_2010", case)[1].missing) for case in (unknown, known)]
    assert asked == [True, False]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "must be an object"),
        ({"protocol": {"confirmed": True}}, "unknown entry 'confirmed'"),
        ({"time_points": {"T1": {"neuro": {"clinical": "bad"}}}}, "time_points.T1.neuro.clinical is 'bad'"),
        ({"time_points": {"T1": {"slice_thickness_mm": 0}}}, "above 0 mm"),
        ({"time_points": {"T9": {}}}, "'T9' is no time point of T1 .2025-01-31., T2"),
        ({"time_points": {"T1": {}, "2025-01-31": {}}}, "'2025-01-31' is time point T1, of which an earlier"),
        ({"lesions": {"F009": {"node": True}}}, "F009"),
        ({"lesions": {"F001": {"unequivocal": ["later"]}}}, "'later' is no time point"),
    ],
)
def test_what_does_not_fit_is_named(patient, data, message):
    with pytest.raises(InputError, match=message):
        given(patient, data)


def test_uptake_of_suv_by_lean_body_mass_gives_percist_its_figures():
    followed = follow_findings([labelled(1, (PLACE, 9)), labelled(2, (PLACE, 9))])
    patient = mark(followed.patient, "F001", Kind.TARGET, WHO, WHEN)
    seen = {}
    for unit in ("SUL", "SUV"):
        for point, labels, uptake in zip(("T1", "T2"), followed.label_maps, (8.0, 4.0), strict=True):
            values = np.where(sitk.GetArrayFromImage(labels) > 0, uptake, 1.0).astype(np.float32)
            image = Geometry.of(labels).image_of(values)
            patient = measure_observations(patient, point, image, labels, usual_settings(patient, unit))
        seen[unit] = patient
    first, second = case_of(seen["SUL"]).lesions[0].assessments
    # a sphere of 1 cm3 (radius 6.2 mm) fits into one of 9 mm
    assert (first.sul_peak.value, second.sul_peak.value) == pytest.approx((8.0, 4.0), rel=1e-6)
    assert first.tlg_ml.value == pytest.approx(8.0 * 4 / 3 * np.pi * 0.9**3, rel=0.02)
    assert str(assess("percist_1_0", case_of(seen["SUL"]))[1].category) == "PMR"
    assert case_of(seen["SUV"]).lesions[0].assessments[0].sul_peak is None  # PERCIST is of lean body mass
