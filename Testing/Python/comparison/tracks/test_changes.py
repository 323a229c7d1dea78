"""Classes and figures of change, from one time point to the next and since baseline and nadir."""

from dataclasses import replace

import pytest

from MedProcLib.comparison.growth.change import Changed
from MedProcLib.comparison.result import Change
from MedProcLib.comparison.tracks.changes import intervals, since
from MedProcLib.comparison.tracks.edits import edit_measurement, reject
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.measurement import Measurement

from .samples import WHEN, WHO, patient_of, volume

HERE, FAR = (0.0, 0, 0), (40.0, 0, 0)


def test_the_rule_is_told_with_its_figures():
    (way,) = intervals(patient_of([(HERE, 5)], [(HERE, 6)]))["F001"]
    assert way.change is Change.GROWN and (way.start, way.end) == ("T1", "T2")
    assert way.rule == "grown: +73 % and +381 mm³, at least 25 % and 136 mm³"
    assert way.before.value == pytest.approx(volume(5)) and way.after.value == pytest.approx(volume(6))
    settings = Follow(relative_percent=80)
    (way,) = intervals(patient_of([(HERE, 5)], [(HERE, 6)], settings=settings))["F001"]
    assert way.change is Change.STABLE


def test_baseline_nadir_and_previous():
    patient = patient_of([(HERE, 6)], [(HERE, 4)], [(HERE, 5)], [(HERE, 6)])
    track = patient.track("F001")
    baseline, nadir, previous = (since(patient, track, "T4", name) for name in ("baseline", "nadir", "previous"))
    assert (baseline.start, nadir.start, previous.start) == ("T1", "T2", "T3")
    assert (baseline.change, nadir.change, previous.change) == (Change.STABLE, Change.GROWN, Change.GROWN)
    assert since(patient, track, "T1", "baseline") is None


def test_a_track_that_came_later_is_new_against_the_baseline():
    patient = patient_of([(FAR, 3)], [(FAR, 3), (HERE, 4)], [(FAR, 3), (HERE, 4)])
    track = patient.track("F002")
    found = since(patient, track, "T3", "baseline")
    assert found.change is Change.NEW and found.start == "T2" and "2025-01-31" in found.rule
    assert [i.change for i in intervals(patient)["F002"]] == [Change.NEW, Change.STABLE]


def test_a_part_of_what_was_there_is_split_and_not_new_against_the_baseline():
    """What came later and comes apart is new with all its parts."""
    two, one = [((-5.0, 0, 0), 4.5), ((5.0, 0, 0), 4.4)], [(HERE, 5.6)]
    far = [((40.0, 0, 0), 5.6)], [((35.0, 0, 0), 4.5), ((45.0, 0, 0), 4.4)]
    patient = patient_of(one, one + far[0], two + far[1], two + far[1])
    names = {track.id: track.parent for track in patient.tracks}
    assert names == {"F001": "", "F002": "", "F003": "F002", "F004": "F001"}
    classes = {name: since(patient, patient.track(name), "T4", "baseline").change for name in ("F003", "F004")}
    assert classes == {"F003": Change.NEW, "F004": Change.SPLIT}
    without = reject(patient, "F001", WHO, WHEN, "T1")
    assert since(without, without.track("F004"), "T4", "baseline").change is Change.NEW
    cases = patient, without, reject(patient, "F001", WHO, WHEN)
    ways = [intervals(case)["F004"][0] for case in cases]  # F001 is there once more at T2, unless it is all rejected
    assert [way.change for way in ways] == [Change.SPLIT, Change.SPLIT, Change.NEW]
    assert ways[1].rule == "split from F001" and ways[2].rule.startswith("new: not found before")


def test_a_rejected_observation_is_not_there():
    patient = patient_of([(HERE, 5)], [(HERE, 5)], [(HERE, 5)])
    middle = reject(patient, "F001", WHO, WHEN, "T2")
    assert [i.change for i in intervals(middle)["F001"]] == [Change.GONE, Change.REAPPEARED]
    assert "not found at" in intervals(middle)["F001"][1].rule
    assert intervals(reject(patient, "F001", WHO, WHEN))["F001"] == ()


def test_an_edited_volume_is_the_one_that_is_judged_and_its_interval_tells_whether_it_changed():
    patient = patient_of([(HERE, 5)], [(HERE, 5)])
    for point, value, low, high in (("T1", 500.0, 450.0, 550.0), ("T2", 700.0, 630.0, 770.0)):
        measurement = Measurement("voxel_volume", value, "mm3")
        patient = edit_measurement(patient, "F001", point, measurement, WHO, WHEN, low, high)
    (way,) = intervals(patient)["F001"]
    assert way.change is Change.GROWN
    size = way.size(25.0)
    assert size.changed is Changed.YES and size.percent.value == pytest.approx(40)
    assert 0 < size.percent.low < 40 < size.percent.high
    unknown = intervals(patient_of([(HERE, 5)], [(HERE, 6)]))["F001"][0].size(25.0)
    assert unknown.changed is Changed.CANNOT_SAY


def test_what_is_gone_or_new_is_exactly_nothing_on_one_side():
    patient = patient_of([(HERE, 5)], [])
    (way,) = intervals(patient)["F001"]
    assert way.change is Change.GONE and way.after.value == 0 and way.size(25.0).percent.value == -100


def test_what_is_gone_is_gone_since_baseline_where_a_study_shows_its_place():
    patient = patient_of([(HERE, 5)], [(HERE, 4)], [], [])
    unseen = patient.with_tracks(replace(patient.track("F001"), outside=("T4",)))
    for case, shown in ((patient, True), (unseen, False)):
        baseline, nadir = (since(case, case.track("F001"), "T4", name) for name in ("baseline", "nadir"))
        assert [way is not None for way in (baseline, nadir)] == [shown] * 2
    way = since(patient, patient.track("F001"), "T3", "baseline")
    assert way.size(25.0).difference.value == pytest.approx(-volume(5)) and way.class_name == "gone"
    nadir = since(patient, patient.track("F001"), "T3", "nadir")
    assert nadir.size(25.0).difference.value == pytest.approx(-volume(4))
