"""A doubtful alignment leaves open what became of a finding, in every table alike, until a reader has decided."""

from dataclasses import replace

import pytest

from MedProcLib.comparison.growth.change import Changed
from MedProcLib.comparison.response.criteria import assess
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.track_findings import findings_between
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.changes import intervals, since
from MedProcLib.comparison.tracks.edits import accept, edit_measurement, mark
from MedProcLib.comparison.tracks.model import Alignment, Patient
from MedProcLib.comparison.tracks.table import findings_table
from MedProcLib.core.measurement import Measurement
from MedProcLib.scene.timeline_rows import track_rows

from .samples import WHEN, WHO, patient_of

HERE, FAR, AWAY = (0.0, 0, 0), (40.0, 0, 0), (0.0, 50, 0)
SIZES = {"T1": 500.0, "T2": 700.0, "T3": 710.0}


def aligned(patient: Patient, *verdicts: Verdict | None) -> Patient:
    """With these verdicts on its time points, and the known volume of F001 with 4 % of error in each."""
    points = [
        replace(point, alignment=Alignment(verdict) if verdict else None)
        for point, verdict in zip(patient.time_points, verdicts, strict=True)
    ]
    patient = replace(patient, time_points=tuple(points))
    first = patient.track("F001")
    for observation in first.observations:
        value = SIZES[observation.time_point]
        measurement = Measurement("voxel_volume", value, "mm3")
        ends = 0.96 * value, 1.04 * value
        patient = edit_measurement(patient, "F001", observation.time_point, measurement, WHO, WHEN, *ends)
    # the values alone are a reader's, not what he thinks of the finding
    plain = {o.time_point: o for o in first.observations}
    edited = patient.track("F001")
    observations = [replace(o, status=plain[o.time_point].status) for o in edited.observations]
    return patient.with_tracks(replace(edited, observations=tuple(observations)))


@pytest.fixture
def patient() -> Patient:
    """F001 stays, F002 is gone, F003 new at T2, which is aligned doubtfully."""
    found = patient_of([(HERE, 5), (FAR, 4)], [(HERE, 5), (AWAY, 3)], [(HERE, 5), (AWAY, 3)])
    return aligned(found, None, Verdict.DOUBTFUL, Verdict.GOOD)


def column(patient: Patient, name: str) -> dict[tuple[str, str], object]:
    names, lines = findings_table(patient)
    track, time, wanted = (names.index(n) for n in ("track", "time_point", name))
    return {(line[track], line[time]): line[wanted] for line in lines}


def test_nothing_is_certain_of_a_time_point_whose_alignment_is_doubtful(patient):
    said = column(patient, "changed_from_previous_beyond_error")
    # neither a change nor that there is none, on either side of it
    assert {said[name, time] for name in ("F001", "F003") for time in ("T2", "T3")} == {"cannot say"}
    assert said["F002", "T2"] == "cannot say"
    # T3 is aligned well with the first one
    assert column(patient, "changed_from_baseline_beyond_error")["F001", "T3"] == "yes"
    way, _ = intervals(patient)["F001"]
    size = way.size(25.0)
    assert "alignment of 2025-03-02 is doubtful" in way.rule and size.reason.startswith(way.doubt)
    assert "excludes no change" in size.reason and size.percent.limits is not None


def test_tables_rows_and_findings_agree(patient):
    for row in track_rows(patient, "previous"):
        way = intervals(patient)[row.track.id][-1]
        assert way.size(25.0).changed is Changed.CANNOT_SAY
        assert row.past is (way.end == "T2") and (row.size is None if row.past else row.size.changed == "cannot say")
        assert sum("is doubtful" in line for line in row.lines) == len(intervals(patient)[row.track.id])
    for finding in findings_between(patient, "T1", "T2"):
        assert "alignment of 2025-03-02 is doubtful" in finding.threshold
    assert not any("doubtful" in finding.threshold for finding in findings_between(patient, "T1", "T3"))


def test_a_reader_who_accepts_a_finding_has_decided(patient):
    accepted = accept(patient, "F001", WHO, WHEN)
    way = intervals(accepted)["F001"][0]
    assert not way.doubt and way.size(25.0).changed is Changed.YES
    assert since(accepted, accepted.track("F001"), "T2", "baseline").size(25.0).changed is Changed.YES
    half = accept(patient, "F001", WHO, WHEN, "T1")
    assert intervals(half)["F001"][0].size(25.0).changed is Changed.CANNOT_SAY


def test_a_verdict_that_came_later_changes_what_was_found_before(patient):
    good = aligned(patient, None, Verdict.GOOD, Verdict.GOOD)
    assert intervals(good)["F001"][0].size(25.0).changed is Changed.YES
    points = tuple(replace(p, alignment=patient.time_point(p.id).alignment) for p in good.time_points)
    assert intervals(replace(good, time_points=points))["F001"][0].size(25.0).changed is Changed.CANNOT_SAY


def test_responses_name_the_lesions_in_doubt(patient):
    for name, kind in {"F001": Kind.TARGET, "F002": Kind.NON_TARGET, "F003": Kind.NEW}.items():
        patient = mark(patient, name, kind, WHO, WHEN)
    found = assess("volume_recist", case_of(patient))
    assert found[1].parts["new"] == "yes" and found[0].doubts == found[2].doubts == ()
    said = "the alignment of 2025-03-02 is doubtful, so what became of F001, F002, F003 is not certain until accepted"
    assert found[1].doubts[-1] == said
    for name, at in (("F001", "T2"), ("F003", "T2"), ("F002", "T1")):
        patient = accept(patient, name, WHO, WHEN, at)
    assert assess("volume_recist", case_of(patient))[1].doubts == ()
