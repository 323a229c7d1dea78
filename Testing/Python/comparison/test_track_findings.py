"""Findings of a pair of time points from tracks, and what a reader's decisions make of them."""

from dataclasses import replace

import pytest

from MedProcLib.comparison.result import Change
from MedProcLib.comparison.track_findings import findings_between
from MedProcLib.comparison.tracks.edits import accept, edit_measurement, reject
from MedProcLib.comparison.tracks.model import Observation, Patient, Place, TimePoint, Track
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.measurement import Measurement

WHEN = "2026-03-01T09:30:00"


def seen(time: str, volume: float, label: int = 1, x: float = 0.0) -> Observation:
    place = Place((x, 1.0, 2.0), (x, 1.0, 2.0), (x - 1, 0.0, 1.0), (x + 1, 2.0, 3.0), volume, 10.0)
    return Observation(time, (label,), place)


@pytest.fixture
def patient() -> Patient:
    points = tuple(TimePoint(name, name.upper()) for name in ("a", "b", "c"))
    tracks = (
        Track("F001", (seen("a", 100), seen("b", 110), seen("c", 200))),
        Track("F002", (seen("a", 60, 2, 10), seen("b", 60, 2)), merged_into="F001", merged_at="c"),
        Track("F003", (seen("a", 50, 3), seen("b", 50, 3), seen("c", 20, 3))),
        Track("F004", (seen("c", 25, 4),), parent="F003"),
        Track("F005", (seen("b", 30, 5), seen("c", 30, 5))),
        Track("F006", (seen("a", 40, 6),)),
        Track("F007", (seen("b", 80, 7),)),
    )
    return Patient("", points, tracks, Follow(outline_mm=0), 7)


def classes(patient: Patient, start: str, end: str) -> dict[int, Change]:
    return {finding.number: finding.change for finding in findings_between(patient, start, end)}


def test_tracks_that_met_or_parted_are_one_finding(patient):
    assert classes(patient, "a", "c") == {
        1: Change.MERGED,
        3: Change.SPLIT,
        5: Change.NEW,
        6: Change.GONE,
    }
    merged, split, *_ = findings_between(patient, "a", "c")
    assert merged.tracks == ("F001", "F002") and merged.volumes_mm3 == (160, 200)
    assert merged.centers[0] == pytest.approx((60 * 10 / 160, 1, 2))
    assert split.tracks == ("F003", "F004") and split.volumes_mm3 == (50, 45)


def test_before_they_met_they_are_two(patient):
    assert classes(patient, "a", "b") == {
        **dict.fromkeys((1, 2, 3), Change.STABLE),
        5: Change.NEW,
        6: Change.GONE,
        7: Change.NEW,
    }


def test_the_rule_is_that_of_the_patient(patient):
    strict = replace(patient, settings=Follow(relative_percent=5, minimum_mm3=1, outline_mm=0))
    assert classes(strict, "a", "b")[1] is Change.GROWN


def test_a_rejected_observation_is_not_there_and_a_rejected_finding_says_so(patient):
    changed = reject(patient, "F001", "Dr", WHEN, "b")
    finding = findings_between(changed, "a", "b")[0]
    assert finding.change is Change.GONE and finding.status == "proposed"
    changed = reject(patient, "F006", "Dr", WHEN)
    finding = next(f for f in findings_between(changed, "a", "c") if f.number == 6)
    assert (finding.status, finding.reader, finding.volumes_mm3) == ("rejected", "Dr", (40, 0))


def test_decisions_and_edited_values_reach_the_finding(patient):
    changed = accept(patient, "F002", "Dr", WHEN)
    assert findings_between(changed, "a", "c")[0].status == "accepted"
    changed = edit_measurement(changed, "F003", "b", Measurement("voxel_volume", 90.0, "mm3"), "Dr", WHEN)
    finding = next(f for f in findings_between(changed, "a", "b") if f.number == 3)
    assert (finding.change, finding.status, finding.decided) == (Change.GROWN, "edited", WHEN)
    assert finding.difference_percent == pytest.approx(80)


def test_no_tracks_no_findings(patient):
    assert findings_between(replace(patient, tracks=()), "a", "b") == ()
