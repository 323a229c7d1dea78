"""Adding a time point never changes what is there."""

import datetime
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.result import Change
from MedProcLib.comparison.track_findings import findings_between
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.extend import extend
from MedProcLib.comparison.tracks.history import undo
from MedProcLib.comparison.tracks.model import Parted, Patient, TimePoint
from MedProcLib.comparison.tracks.patient_file import patient_of as patient_from
from MedProcLib.comparison.tracks.patient_file import patient_text
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.relinking import exchange, merge_tracks, relink, split_track
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.comparison.tracks.take_out import take_out
from MedProcLib.core.errors import InputError

from .samples import WHEN, WHO, patient_of, point_at, tracks_of, volume

BENCHMARKS = Path(__file__).resolve().parents[3] / "Benchmarks"


@st.composite
def scenes(draw, fewest=1, most=5):
    """Time points of findings, many near to each other: [(center, radius), ...] each."""
    axis = st.integers(-12, 12).map(float)
    finding = st.tuples(st.tuples(axis, axis, axis), st.integers(1, 6).map(float))
    return draw(st.lists(st.lists(finding, max_size=7), min_size=fewest, max_size=most))


def pieces(findings) -> Pieces:
    return Pieces.of_balls([c for c, _ in findings], volume(np.array([r for _, r in findings], float)))


def observed(patient: Patient) -> dict:
    return {(t.id, o.time_point): o for t in patient.tracks for o in t.observations}


def holds(before: Patient, after: Patient) -> bool:
    """All tracks are there with their observations as they were."""
    return observed(before).items() <= observed(after).items()


@given(scenes(2))
@settings(max_examples=60, deadline=None)
def test_a_time_point_at_the_end_changes_no_track_and_loses_no_piece(scene):
    earlier, whole = patient_of(*scene[:-1]), patient_of(*scene)
    assert holds(earlier, whole)
    for number, findings in enumerate(scene, 1):
        labels = [o.labels[0] for t in whole.tracks for o in t.observations if o.time_point == f"T{number}"]
        assert sorted(labels) == list(range(1, len(findings) + 1))
    assert [t.id for t in whole.tracks] == [f"F{n:03d}" for n in range(1, whole.last_number + 1)]


@given(scenes(2), st.data())
@settings(max_examples=60, deadline=None)
def test_a_time_point_in_between_changes_no_track(scene, data):
    late = data.draw(st.integers(1, len(scene)))
    patient = Patient("P")
    for number, findings in enumerate(scene, 1):
        if number != late:
            patient = extend(patient, point_at(number), pieces(findings))
    whole = extend(patient, point_at(late), pieces(scene[late - 1]))
    assert [p.id for p in whole.time_points] == [f"T{n}" for n in range(1, len(scene) + 1)]
    assert holds(patient, whole)
    order = whole.order
    for track in whole.tracks:
        places = [order[o.time_point] for o in track.observations]
        assert places == sorted(set(places))
        assert not track.merged_into or places[-1] < order[track.merged_at]


@given(scenes(2), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_pieces_does_not_matter(scene, random):
    shuffled = [random.sample(findings, len(findings)) for findings in scene]

    def places(patient):
        return {t.id: [(o.time_point, o.place) for o in t.observations] for t in patient.tracks}

    # equal pieces may stand for each other
    if all(len(set(findings)) == len(findings) for findings in scene):
        one, two = places(patient_of(*scene)), places(patient_of(*shuffled))
        assert one.keys() == two.keys()
        assert sum(one[k] == two[k] for k in one) >= len(one) - 2 * _ties(scene)


def _ties(scene) -> int:
    """Findings that lie as far from one as from another of the same size: either may be taken."""
    ties = 0
    for first, second in itertools.pairwise(scene):
        for side, other in ((first, second), (second, first)):
            for center, _ in side:
                away = [(round(float(np.linalg.norm(np.subtract(center, c))), 6), r) for c, r in other]
                ties += len(away) - len(set(away))
    return ties


@given(scenes(2, 4), st.data())
@settings(max_examples=40, deadline=None)
def test_a_time_point_after_a_reader_relinked_keeps_the_readers_tracks(scene, data):
    patient = patient_of(*scene[:-1])
    for _ in range(3):
        ids = [t.id for t in patient.tracks]
        if len(ids) < 2:
            break
        a, b = data.draw(st.permutations(ids))[:2]
        at = patient.track(a).observations[-1].time_point
        edits = [
            (merge_tracks, (a, b)),
            (split_track, (a, at)),
            (relink, (a, at, b)),
            (relink, (a, at, None)),
            (exchange, (a, b, at)),
        ]
        edit, arguments = data.draw(st.sampled_from(edits))
        try:
            patient = edit(patient, *arguments, WHO, WHEN)
        except InputError:
            continue
    whole = extend(patient, point_at(len(scene)), pieces(scene[-1]))
    assert holds(patient, whole)
    assert whole.last_number >= patient.last_number


def test_a_gap_is_filled_by_the_track_on_both_sides_of_it():
    here, there = ((0.0, 0, 0), 4.0), ((20.0, 0, 0), 3.0)
    patient = extend(Patient("P"), point_at(1), pieces([here, there]))
    patient = extend(patient, point_at(3), pieces([here]))
    patient = extend(patient, point_at(2), pieces([there, here, ((0.0, 30, 0), 2.0)]))
    assert tracks_of(patient) == {
        "F001": {"T1": 1, "T2": 2, "T3": 1},
        "F002": {"T1": 2, "T2": 1},
        "F003": {"T2": 3},
    }
    first = extend(patient, TimePoint("T0", date=datetime.date(2024, 1, 1)), pieces([there]))
    assert tracks_of(first)["F002"] == {"T0": 1, "T1": 2, "T2": 1}


def test_a_time_point_before_the_merge_moves_the_merge_forward_only_if_seen_merged_there():
    parts = [((-5.0, 0, 0), 4.0), ((5.0, 0, 0), 4.0)]
    whole = [((0.0, 0, 0), 4 * 2 ** (1 / 3))]
    patient = extend(extend(Patient("P"), point_at(1), pieces(parts)), point_at(3), pieces(whole))
    ended = next(t for t in patient.tracks if t.merged_into)
    still = extend(patient, point_at(2), pieces(parts))
    assert still.track(ended.id).merged_at == "T3" and len(still.track(ended.id).observations) == 2


def test_pieces_that_lie_where_merged_tracks_were_are_these_again():
    """The larger piece lies where the smaller lesion was; what lies elsewhere is a new one."""
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 4 * 2 ** (1 / 3))]
    later = [((5.0, 1, 0), 4.3), ((-5.0, 0, 1), 4.0)]
    patient = patient_of(parts, whole, later, whole, later)
    assert tracks_of(patient) == {
        "F001": {"T1": 1, "T2": 1, "T3": 2, "T5": 2},
        "F002": {"T1": 2, "T3": 1, "T4": 1, "T5": 1},
    }
    first, second = patient.tracks
    assert second.parted == (Parted("F001", "T2", "T3"),) and first.parted == (Parted("F002", "T4", "T5"),)
    assert [i.change for i in intervals(patient)["F002"]] == [Change.MERGED, Change.SPLIT] * 2
    assert [i.change for i in intervals(patient)["F001"]] == [Change.MERGED, Change.SPLIT] * 2
    back = intervals(patient)["F002"][1]
    assert (back.start, back.end) == ("T1", "T3") and back.rule.startswith("split from F001 again; ")
    assert patient_from(patient_text(patient)) == patient
    found = [{f.tracks: f.change for f in findings_between(patient, "T1", end)} for end in ("T2", "T3")]
    assert found == [{("F001", "F002"): Change.MERGED}, {("F001",): Change.STABLE, ("F002",): Change.STABLE}]
    undone = undo(undo(patient, WHO, WHEN), WHO, WHEN)
    assert undone == replace(patient_of(parts, whole, later), history=undone.history)
    undone = undo(undone, WHO, WHEN)
    assert undone.track("F002").parted == () and undone.track("F002").merged_into == "F001"
    swapped = exchange(patient_of(parts, whole, later), "F001", "F002", "T3", WHO, WHEN)  # which piece is which
    assert [o.labels for o in swapped.track("F002").observations] == [(2,), (2,)]
    assert swapped.track("F002").parted == second.parted and swapped.track("F001").parted == ()
    assert [i.change for i in intervals(swapped)["F001"]] == [Change.MERGED, Change.SPLIT]
    across = patient_of(parts, whole, [((0.0, -5, 0), 4.2), ((0.0, 5, 0), 4.0)])
    assert across.track("F003").parent == "F001" and across.track("F002").merged_into == "F001"
    between = take_out(patient_of(parts, whole, whole, parts), "T3", WHO, WHEN)
    sooner = extend(between, point_at(3), pieces(parts))
    assert sooner.track("F002").parted == (Parted("F001", "T2", "T3"),)
    assert undo(sooner, WHO, WHEN).tracks == between.tracks


def test_a_track_of_two_parts_around_a_merger_came_apart_again_and_follows_what_is_taken_out():
    parts, whole = [((-5.0, 0, 0), 4.2), ((5.0, 0, 0), 4.0)], [((0.0, 0, 0), 4 * 2 ** (1 / 3))]
    patient = patient_of(parts, whole, [((0.0, -5, 0), 4.2), ((0.0, 5, 0), 4.0)], whole)
    joined = merge_tracks(patient, "F002", "F003", WHO, WHEN)
    second = joined.track("F002")
    assert second.parted == (Parted("F001", "T2", "T3"),) and (second.merged_into, second.merged_at) == ("F001", "T4")
    assert second.parent == ""
    without = {name: take_out(joined, name, WHO, WHEN).track("F002") for name in ("T1", "T2", "T3", "T4")}
    told = {name: (t.parent, t.parted, t.merged_into, t.merged_at) for name, t in without.items()}
    assert told == {
        "T1": ("F001", (), "F001", "T4"),
        "T2": ("", (), "F001", "T4"),
        "T3": ("", (), "F001", "T2"),
        "T4": ("", (Parted("F001", "T2", "T3"),), "", ""),
    }
    away = relink(joined, "F002", "T3", None, WHO, WHEN).track("F002")
    assert (away.parted, away.merged_into, away.merged_at) == ((), "F001", "T2")


def test_a_time_point_of_the_same_id_is_refused():
    with pytest.raises(InputError, match="T1"):
        extend(patient_of([((0, 0, 0), 3)]), point_at(1), pieces([]))


def test_simulated_findings_keep_their_identities_under_registration_error():
    """600 findings, 5 time points, 2 mm error, births, deaths, merges and splits; 10,000 in Benchmarks/matching.py."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from _followed import Rates, matched_share, simulated
        from matching import event_f1, followed, identities, merges, seen, splits
    finally:
        sys.path.remove(str(BENCHMARKS))
    truth = simulated(600, 5, 22, Rates(merge=0.02, split=0.02), np.random.default_rng(5))
    shown = seen(truth, 1.73, 1.0, np.random.default_rng(6))
    patient = followed(shown, Follow(registration_error_mm=2))
    assert matched_share(*identities(truth, patient, shown)) >= 0.985
    assert event_f1(*merges(truth, patient, shown)) >= 0.75
    assert event_f1(*splits(truth, patient, shown)) >= 0.8
    again = followed(shown, Follow(registration_error_mm=2))
    assert again == patient and replace(again, id="x") != patient
