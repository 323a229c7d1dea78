"""A time point whose date puts it in another place."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.response.criteria import assess
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.clinical import dated
from MedProcLib.comparison.tracks.edits import mark
from MedProcLib.comparison.tracks.history import redo, undo
from MedProcLib.comparison.tracks.patient_file import patient_of as read
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.comparison.tracks.reorder import by_date

from .samples import WHEN, WHO, patient_of, point_at
from .test_extend import observed, scenes
from .test_take_out import without_history

PARTS = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)]
WHOLE = [((0.0, 0, 0), 4 * 2 ** (1 / 3))]


def moved(patient, name, days):
    """With a date so many days after that of T1."""
    date = patient.time_point("T1").date + datetime.timedelta(days)
    return dated(patient, name, date, WHO, WHEN)


@given(scenes(3), st.data())
@settings(max_examples=10, deadline=None)
def test_what_was_found_stays_and_the_order_comes_back(scene, data):
    patient = patient_of(*scene)
    name = data.draw(st.sampled_from([p.id for p in patient.time_points]))
    now = read(patient_text(moved(patient, name, data.draw(st.sampled_from([-100, 45, 1000])))))
    dates = [p.date for p in now.time_points]
    assert dates == sorted(dates) and observed(now) == observed(patient)
    intervals(now)
    assess("volume_65_73", case_of(now))
    back = read(patient_text(undo(now, WHO, WHEN)))
    assert without_history(back) == without_history(patient)
    assert without_history(redo(back, WHO, WHEN)) == without_history(now)


@pytest.mark.parametrize(
    ("scene", "name", "days", "expected"),
    [
        # together at the second and third: so they are whichever of these is first
        ([PARTS, WHOLE, WHOLE], "T2", 100, ("", "F001", "T3")),
        # the study in which they are apart is the last one: they have split
        ([PARTS, WHOLE, WHOLE], "T1", 200, ("F001", "", "")),
        # that in which they are one is the first one
        ([PARTS, PARTS, WHOLE], "T3", -10, ("F001", "", "")),
        # split at the second, which comes first now: merged at the other one
        ([WHOLE, PARTS], "T2", -10, ("", "F001", "T1")),
    ],
)
def test_mergers_and_splits_follow(scene, name, days, expected):
    track = moved(patient_of(*scene), name, days).track("F002")
    assert (track.parent, track.merged_into, track.merged_at) == expected


def test_a_merger_in_between_comes_apart():
    track = moved(patient_of(PARTS, PARTS, WHOLE), "T3", 10).track("F002")
    assert [(m.into, m.at, m.again) for m in track.parted] == [("F001", "T3", "T2")]


def test_a_new_lesion_of_what_is_the_first_study_now_is_none():
    ball, other = ((0.0, 0, 0), 8.0), ((15.0, 0, 0), 6.0)
    new = mark(patient_of([ball], [ball, other]), "F002", Kind.NEW, WHO, WHEN)
    assert moved(new, "T2", -10).track("F002").kind is Kind.NON_TARGET


def test_one_moves_and_others_stay_also_without_a_date():
    one, two, three, four = (point_at(n) for n in range(1, 5))
    undated = replace(point_at(9), date=None)
    first = [one, undated, two, three, four]
    assert [p.id for p in by_date(first, "T3")] == ["T1", "T9", "T2", "T3", "T4"]
    assert [p.id for p in by_date([one, undated, four, two, three], "T4")] == ["T1", "T9", "T2", "T3", "T4"]
    assert [p.id for p in by_date([two, undated, one], "T1")] == ["T1", "T2", "T9"]
