"""Figures that are kept from correction to correction are those that a patient without memory gives."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.changes import intervals, since
from MedProcLib.comparison.tracks.clinical import dated
from MedProcLib.comparison.tracks.edits import accept, edit_measurement, mark, reject
from MedProcLib.comparison.tracks.history import redo, undo
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.comparison.tracks.patient_file import patient_of as read_text
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.comparison.tracks.relinking import exchange, merge_tracks, relink, split_track
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.comparison.tracks.table import findings_table
from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Measurement

from .samples import WHEN, WHO, patient_of

A, B, C = ((0.0, 0, 0), 5.0), ((30.0, 0, 0), 4.0), ((0.0, 40, 0), 3.0)
EDITS = [
    lambda p, a, b, t: accept(p, a, WHO, WHEN),
    lambda p, a, b, t: reject(p, a, WHO, WHEN, t),
    lambda p, a, b, t: edit_measurement(p, a, t, Measurement("voxel_volume", 900.0, "mm3"), WHO, WHEN, 800.0, 1000.0),
    lambda p, a, b, t: mark(p, a, Kind.TARGET, WHO, WHEN),
    lambda p, a, b, t: merge_tracks(p, a, b, WHO, WHEN),
    lambda p, a, b, t: split_track(p, a, t, WHO, WHEN),
    lambda p, a, b, t: relink(p, a, t, None, WHO, WHEN),
    lambda p, a, b, t: exchange(p, a, b, t, WHO, WHEN),
    lambda p, a, b, t: dated(p, "T2", datetime.date(2025, 3, 9 if p.time_point("T2").date.day != 9 else 10), WHO, WHEN),
    lambda p, a, b, t: undo(p, WHO, WHEN),
    lambda p, a, b, t: redo(p, WHO, WHEN),
]


def figures(patient: Patient) -> tuple:
    return dict(intervals(patient)), findings_table(patient), case_of(patient)


def require_as_anew(patient: Patient) -> None:
    """The figures of a patient are those of an equal one of which nothing was ever found."""
    text = patient_text(patient)
    anew = read_text(text)
    assert figures(patient) == figures(anew) and patient_text(anew) == text


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_after_any_corrections(data):
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 5.1)]
    patient = patient_of([*parts, B], [*whole, B], [*parts, C], [*parts, C])
    require_as_anew(patient)
    for _ in range(6):
        ids = [t.id for t in patient.tracks]
        a, b = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
        edit, point = data.draw(st.sampled_from(EDITS)), data.draw(st.sampled_from(["T1", "T2", "T3", "T4"]))
        try:
            patient = edit(patient, a, b, point)
        except InputError:
            continue
        require_as_anew(patient)


def test_settings_names_and_what_a_study_shows_count():
    patient = patient_of([A, B], [((0.0, 0, 0), 5.6), B], [A])
    assert [way.change.value for way in intervals(patient)["F001"]] == ["grown", "shrunk"]
    points = tuple(replace(p, name=f"{p.id} seen again") for p in patient.time_points)
    unseen = patient.with_tracks(replace(patient.track("F002"), outside=("T3",)))
    for other in (
        replace(patient, settings=Follow(relative_percent=60.0)),
        replace(patient, time_points=points),
        unseen,
    ):
        require_as_anew(other)
        assert intervals(other) != intervals(patient)
    require_as_anew(patient)


def test_what_merged_into_a_finding_counts_for_it():
    parts = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)]
    patient = patient_of(parts, [((0.0, 0, 0), 5.1)])
    (into,) = {track.merged_into for track in patient.tracks} - {""}
    (gone,) = (track.id for track in patient.tracks if track.merged_into)
    whole = intervals(patient)[into][-1].before.value
    rejected = reject(patient, gone, WHO, WHEN)  # the track itself is the same object as before
    assert rejected.track(into) is patient.track(into)
    assert intervals(rejected)[into][-1].before.value < 0.7 * whole
    assert intervals(undo(rejected, WHO, WHEN))[into][-1].before.value == whole
    require_as_anew(rejected)


def test_nothing_is_done_twice():
    patient = patient_of([A, B], [A, B])
    accepted = accept(patient, "F001", WHO, WHEN)
    before, after = intervals(patient), intervals(accepted)
    assert after["F002"] is before["F002"] and after["F001"] == before["F001"]
    marked = mark(patient, "F002", Kind.TARGET, WHO, WHEN)
    assert intervals(marked)["F002"] is before["F002"]
    way = since(patient, patient.track("F002"), "T2", "baseline")
    assert way is not None
    assert since(marked, marked.track("F002"), "T2", "baseline") is way and way.size(25) is way.size(25)
    assert way.size(25) is not way.size(10)


def test_what_does_not_fit_is_told_by_its_place_each_time():
    patient = patient_of([A, B], [A, B])
    track = patient.track("F002")
    spoiled = replace(track, observations=(track.observations[0], replace(track.observations[1], decided="soon")))
    for _ in range(2):
        with pytest.raises(InputError, match=r"tracks\[1\].observations\[1\].decided"):
            patient_text(patient.with_tracks(spoiled))
