"""A reader's decisions and corrections, each undone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.consistency import require_consistent
from MedProcLib.comparison.tracks.edits import accept, describe, edit_measurement, mark, reject
from MedProcLib.comparison.tracks.extend import extend
from MedProcLib.comparison.tracks.history import redo, undo
from MedProcLib.comparison.tracks.model import Status
from MedProcLib.comparison.tracks.patient_file import patient_of as read_text
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.relinking import exchange, merge_tracks, relink, split_track
from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Measurement

from .samples import WHEN, WHO, patient_of, point_at, tracks_of

A, B, C = ((0.0, 0, 0), 5.0), ((30.0, 0, 0), 4.0), ((0.0, 40, 0), 3.0)


@pytest.fixture
def patient():
    return patient_of([A, B], [A, B, C], [A, C])


def statuses(patient, track):
    return [o.status.value for o in patient.track(track).observations]


def test_accepting_and_rejecting_name_reader_and_time(patient):
    one = accept(patient, "F001", WHO, WHEN, "T2", note="clear")
    assert statuses(one, "F001") == ["proposed", "accepted", "proposed"]
    seen = one.track("F001").at("T2")
    assert (seen.reader, seen.decided, seen.note) == (WHO, WHEN, "clear")
    everything = reject(one, "F001", "Dr. Other", WHEN)
    assert statuses(everything, "F001") == ["rejected"] * 3
    assert everything.track("F001").at("T2").note == "clear"
    assert [(e.who, e.what) for e in everything.history[3:]] == [
        (WHO, "F001 at T2: accepted"),
        ("Dr. Other", "F001: rejected"),
    ]
    assert patient.track("F001").at("T2").status is Status.PROPOSED  # the patient given is not touched


def test_an_edited_measurement_stands_with_its_reader_and_stays_edited_when_accepted(patient):
    edited = edit_measurement(patient, "F002", "T1", Measurement("long_diameter", 9.5, "mm"), WHO, WHEN, 9.0, 10.0)
    seen = edited.track("F002").at("T1")
    assert seen.status is Status.EDITED and seen.estimate("long_diameter").reader == WHO
    assert (seen.estimate("long_diameter").low, seen.estimate("long_diameter").high) == (9.0, 10.0)
    assert statuses(accept(edited, "F002", WHO, WHEN), "F002") == ["edited", "accepted"]
    again = edit_measurement(edited, "F002", "T1", Measurement("long_diameter", 8.0, "mm"), WHO, WHEN)
    assert [e.measurement.value for e in again.track("F002").at("T1").estimates] == [8.0]


@pytest.mark.parametrize(
    ("value", "low", "high", "message"),
    [
        (float("nan"), None, None, "finite"),
        (5.0, 6.0, 7.0, "enclose"),
        (5.0, 4.0, None, "both limits"),
        (0.0, None, None, "reject"),
    ],
)
def test_values_that_cannot_be_are_refused(patient, value, low, high, message):
    with pytest.raises(InputError, match=message):
        edit_measurement(patient, "F001", "T1", Measurement("voxel_volume", value, "mm3"), WHO, WHEN, low, high)


def test_names_marks_and_organs(patient):
    changed = describe(patient, "F001", WHO, WHEN, name="Segment 7", organ="liver", site="right lobe", node=False)
    changed = mark(changed, "F001", Kind.TARGET, WHO, WHEN)
    track = changed.track("F001")
    assert (track.name, track.organ, track.site, track.kind) == ("Segment 7", "liver", "right lobe", Kind.TARGET)
    assert mark(changed, "F001", None, WHO, WHEN).track("F001").kind is None
    assert describe(changed, "F001", WHO, WHEN, organ="lung").track("F001").site == "right lobe"


def test_merging_tracks_joins_observations_and_what_referred_to_the_other(patient):
    merged = merge_tracks(patient, "F001", "F002", WHO, WHEN)
    assert [t.id for t in merged.tracks] == ["F001", "F003"]
    both = merged.track("F001").at("T1")
    assert both.labels == (1, 2) and both.estimates == () and both.status is Status.EDITED
    a, b = (patient.track(t).at("T1").place for t in ("F001", "F002"))
    assert both.place.volume_mm3 == pytest.approx(a.volume_mm3 + b.volume_mm3)
    assert both.place.center[0] == pytest.approx(30 * b.volume_mm3 / (a.volume_mm3 + b.volume_mm3))
    assert (both.place.low[0], both.place.high[0]) == pytest.approx((-5, 34))
    assert merged.track("F001").at("T3") == patient.track("F001").at("T3")


def test_references_follow_merged_split_and_exchanged_tracks():
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 5.1)]
    across = [((0.0, -5, 0), 4.2), ((0.0, 5, 0), 4.0)]
    patient = patient_of(parts, whole, across, [C])  # F001 takes F002 in at T2, F003 splits off at T3, F004 is new
    assert (patient.track("F002").merged_into, patient.track("F003").parent) == ("F001", "F001")
    joined = merge_tracks(patient, "F004", "F001", WHO, WHEN)
    assert (joined.track("F002").merged_into, joined.track("F003").parent) == ("F004", "F004")
    own = merge_tracks(patient, "F001", "F002", WHO, WHEN)
    assert own.track("F001").merged_into == "" and own.track("F001").merged_at == ""
    child = merge_tracks(patient, "F003", "F001", WHO, WHEN)
    assert child.track("F003").parent == "" and len(child.track("F003").observations) == 3
    split = split_track(patient, "F001", "T2", WHO, WHEN)
    assert tracks_of(split)["F005"] == {"T2": 1, "T3": 1} and tracks_of(split)["F001"] == {"T1": 1}
    assert (split.track("F002").merged_into, split.track("F003").parent) == ("F005", "F005")
    swapped = exchange(patient, "F001", "F002", "T2", WHO, WHEN)
    assert tracks_of(swapped)["F002"] == {"T1": 2, "T2": 1, "T3": 1}
    assert (swapped.track("F001").merged_into, swapped.track("F002").merged_into) == ("F002", "")
    for changed in (joined, own, child, split, swapped):
        require_consistent(changed)


def test_relinking_moves_an_observation_to_another_or_a_new_track(patient):
    alone = relink(patient, "F001", "T3", None, WHO, WHEN)
    assert tracks_of(alone)["F001"] == {"T1": 1, "T2": 1} and tracks_of(alone)["F004"] == {"T3": 1}
    moved = relink(alone, "F004", "T3", "F002", WHO, WHEN)
    assert tracks_of(moved)["F002"] == {"T1": 2, "T2": 2, "T3": 1} and "F004" not in tracks_of(moved)
    assert relink(moved, "F002", "T3", None, WHO, WHEN).last_number == 5  # F004 is not given out again
    with pytest.raises(InputError, match="exchange the two"):
        relink(patient, "F001", "T2", "F002", WHO, WHEN)
    with pytest.raises(InputError, match="no observation at 'T3'"):
        relink(patient, "F002", "T3", "F001", WHO, WHEN)


@pytest.fixture
def marked(patient):
    """F001 at T1 to T3, F002 at T1 and T2 and outside of T3, F003 at T2 and T3; marks of a reader at time points."""
    one = replace(patient.track("F001"), unequivocal=("T1", "T2"), increased=("T3",), enhancing=False)
    two = replace(patient.track("F002"), unequivocal=("T2",), outside=("T3",))
    return patient.with_tracks(one, two)


def marks(patient, track):
    found = patient.track(track)
    return found.unequivocal, found.increased, found.outside


def test_marks_of_time_points_go_with_the_observations(marked):
    split = split_track(marked, "F001", "T2", WHO, WHEN)
    assert (marks(split, "F001"), marks(split, "F004")) == ((("T1",), (), ()), (("T2",), ("T3",), ()))
    assert split.track("F004").enhancing is False
    split = split_track(marked, "F002", "T2", WHO, WHEN)
    assert (marks(split, "F002"), marks(split, "F004")) == (((), (), ()), (("T2",), (), ("T3",)))
    joined = merge_tracks(marked, "F003", "F002", WHO, WHEN)
    assert marks(joined, "F003") == (("T2",), (), ("T3",))
    moved = relink(marked, "F001", "T1", "F003", WHO, WHEN)
    assert (marks(moved, "F001"), marks(moved, "F003")) == ((("T2",), ("T3",), ()), (("T1",), (), ()))
    swapped = exchange(marked, "F001", "F002", "T2", WHO, WHEN)
    assert marks(swapped, "F001") == (("T1", "T2"), (), ("T3",)) and marks(swapped, "F002") == (("T2",), ("T3",), ())
    for changed in (split, joined, moved, swapped):
        assert undo(changed, WHO, WHEN).tracks == marked.tracks


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda p: accept(p, "F099", WHO, WHEN), "no track 'F099'"),
        (lambda p: accept(p, "F001", WHO, WHEN, "T9"), "no time point 'T9'"),
        (lambda p: accept(p, "F003", WHO, WHEN, "T1"), "no observation"),
        (lambda p: accept(p, "F001", " ", WHEN), "reader's name"),
        (lambda p: accept(p, "F001", WHO, "yesterday"), "ISO 8601"),
        (lambda p: merge_tracks(p, "F001", "F001", WHO, WHEN), "itself"),
        (lambda p: exchange(p, "F001", "F001", "T1", WHO, WHEN), "itself"),
        (lambda p: split_track(p, "F001", "T1", WHO, WHEN), "both sides"),
    ],
)
def test_what_cannot_be_done_says_why(patient, act, message):
    with pytest.raises(InputError, match=message):
        act(patient)


def test_undo_takes_a_time_point_back_with_what_it_brought(patient):
    parts = patient_of([((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)])
    extended = extend(parts, point_at(2), Pieces.of_balls([(0, 0, 0), (50, 0, 0)], [555, 100]), who=WHO, when=WHEN)
    assert extended.track("F002").merged_into == "F001" and "F003" in tracks_of(extended)
    back = undo(extended, WHO, WHEN)
    assert (back.tracks, back.time_points) == (parts.tracks, parts.time_points)
    assert back.history[-1].undoes == 1 and back.history[1].undone
    again = extend(back, point_at(2), Pieces.of_balls([(50, 0, 0)], [100]))
    assert again.tracks[-1].id == "F004"  # F003 is not given out again
    with pytest.raises(InputError, match="nothing to redo"):
        redo(back, WHO, WHEN)
    with pytest.raises(InputError, match="nothing to undo"):
        undo(undo(back, WHO, WHEN), WHO, WHEN)


EDITS = [
    lambda p, a, b, t: accept(p, a, WHO, WHEN, t),
    lambda p, a, b, t: reject(p, a, WHO, WHEN),
    lambda p, a, b, t: edit_measurement(p, a, t, Measurement("long_diameter", 7.0, "mm"), WHO, WHEN),
    lambda p, a, b, t: describe(p, a, WHO, WHEN, name="x", node=True),
    lambda p, a, b, t: mark(p, a, Kind.NON_TARGET, WHO, WHEN),
    lambda p, a, b, t: merge_tracks(p, a, b, WHO, WHEN),
    lambda p, a, b, t: split_track(p, a, t, WHO, WHEN),
    lambda p, a, b, t: relink(p, a, t, b, WHO, WHEN),
    lambda p, a, b, t: relink(p, a, t, None, WHO, WHEN),
    lambda p, a, b, t: exchange(p, a, b, t, WHO, WHEN),
]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_edits_leave_a_patient_that_fits_together_and_are_all_undone(data):
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 5.1)]
    start = patient = patient_of([*parts, B], [*whole, B], [*parts, C], [*parts, C])
    done = 0
    for _ in range(data.draw(st.integers(1, 6))):
        ids = [t.id for t in patient.tracks]
        a, b = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
        edit, point = data.draw(st.sampled_from(EDITS)), data.draw(st.sampled_from(["T1", "T2", "T3", "T4"]))
        try:
            patient = edit(patient, a, b, point)
        except InputError:
            continue
        done += 1
        require_consistent(patient)
        labels = sorted((o.time_point, label) for t in patient.tracks for o in t.observations for label in o.labels)
        assert labels == sorted((o.time_point, n) for t in start.tracks for o in t.observations for n in o.labels)
    end = patient = read_text(patient_text(patient))
    for _ in range(done):
        patient = undo(patient, WHO, WHEN)
    assert (patient.tracks, patient.time_points) == (start.tracks, start.time_points)
    patient = read_text(patient_text(patient))
    for _ in range(done):
        patient = redo(patient, WHO, WHEN)
        require_consistent(patient)
    assert (patient.tracks, patient.time_points) == (end.tracks, end.time_points)
    with pytest.raises(InputError, match="nothing to redo"):
        redo(patient, WHO, WHEN)
    for _ in range(done):
        patient = undo(patient, WHO, WHEN)
    assert patient.tracks == start.tracks


def test_what_was_undone_is_done_again_until_something_else_is_done(patient):
    edited = reject(accept(patient, "F001", WHO, WHEN), "F001", WHO, WHEN)
    back = undo(undo(edited, WHO, WHEN), WHO, WHEN)
    again = redo(back, "B. Other", WHEN)
    assert [o.status for o in again.track("F001").observations] == ["accepted"] * len(again.track("F001").observations)
    last = again.history[-1]
    first = next(e for e in again.history if e.what == "F001: accepted")
    assert (last.who, last.what) == ("B. Other", "redone: F001: accepted") and not first.undone
    assert redo(again, WHO, WHEN).tracks == edited.tracks
    other = describe(back, "F001", WHO, WHEN, name="dome")
    with pytest.raises(InputError, match="nothing to redo"):
        redo(other, WHO, WHEN)
    assert redo(undo(other, WHO, WHEN), WHO, WHEN).track("F001").name == "dome"
