"""A time point taken out of a patient, and brought back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.edits import mark
from MedProcLib.comparison.tracks.history import redo, undo
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.comparison.tracks.patient_file import patient_of as read
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.comparison.tracks.take_out import take_out
from MedProcLib.core.errors import InputError

from .samples import WHEN, WHO, patient_of, tracks_of
from .test_extend import observed, scenes


def without_history(patient: Patient):
    return patient.time_points, patient.tracks, patient.last_number


@given(scenes(3), st.data())
@settings(max_examples=40, deadline=None)
def test_what_was_found_elsewhere_stays_and_all_of_it_comes_back(scene, data):
    whole = patient_of(*scene)
    name = data.draw(st.sampled_from([p.id for p in whole.time_points]))
    less = read(patient_text(take_out(whole, name, WHO, WHEN)))
    assert observed(less) == {key: o for key, o in observed(whole).items() if key[1] != name}
    ways = [way for found in intervals(less).values() for way in found]
    assert name not in {end for way in ways for end in (way.start, way.end)}
    back = read(patient_text(undo(less, WHO, WHEN)))
    assert without_history(back) == without_history(whole)
    again = redo(back, WHO, WHEN)
    assert without_history(again) == without_history(less)
    assert without_history(undo(again, WHO, WHEN)) == without_history(whole)


def test_merges_and_splits_follow():
    parts = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)]
    whole = [((0.0, 0, 0), 4 * 2 ** (1 / 3))]
    merged = patient_of(parts, whole, whole)
    assert take_out(merged, "T2", WHO, WHEN).track("F002").merged_at == "T3"
    unknown = take_out(merged, "T1", WHO, WHEN)  # what was there before it merged is not known any more
    assert tracks_of(unknown) == {"F001": {"T2": 1, "T3": 1}}
    split = patient_of(whole, parts, parts)
    later = take_out(split, "T2", WHO, WHEN)
    assert intervals(later)["F002"][0].rule == "split from F001" and later.track("F002").parent == "F001"
    assert take_out(split, "T1", WHO, WHEN).track("F002").parent == ""
    last = take_out(patient_of(parts, parts, whole), "T3", WHO, WHEN).track("F002")
    assert (last.merged_into, last.merged_at) == ("", "")


def test_two_time_points_are_the_fewest():
    with pytest.raises(InputError, match="needs two"):
        take_out(patient_of([((0, 0, 0), 3)], []), "T1", WHO, WHEN)


def test_a_new_lesion_that_is_there_at_baseline_now_is_none():
    ball, other = ((0.0, 0, 0), 8.0), ((15.0, 0, 0), 6.0)
    whole = mark(patient_of([ball], [ball, other], [ball, other]), "F002", Kind.NEW, WHO, WHEN)
    less = take_out(whole, "T1", WHO, WHEN)
    assert [lesion.kind for lesion in case_of(less).lesions] == [Kind.NON_TARGET]
    assert take_out(whole, "T2", WHO, WHEN).track("F002").kind is undo(less, WHO, WHEN).track("F002").kind is Kind.NEW
