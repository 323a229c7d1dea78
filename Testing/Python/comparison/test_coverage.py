"""A finding outside of what a later study shows is neither gone nor counted."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

from MedProcLib.app.comparison_tables import findings_table
from MedProcLib.comparison.coverage import with_coverage
from MedProcLib.comparison.evaluation import evaluate
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.half_height import HalfHeightOutlines
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Change
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.follow import Followed
from MedProcLib.core.recipe import Recipe
from MedProcLib.report.counting import sentence
from MedProcLib.report.report import report_html
from MedProcLib.report.timeline import Timeline

from .conftest import grid_of

# of 100 x 100 x 60, 40 and 60 mm: the second study ends below the upper finding
HEIGHTS = (60, 40, 60)


@pytest.fixture(scope="module")
def comparison():
    return compared(HEIGHTS)


def compared(heights):
    """Findings of 20 and 16 mm, the latter at z = 12 to 28 mm, which studies of 40 mm do not show."""
    studies = []
    for n, height in enumerate(heights):
        grid = grid_of((2, 2, 2), center=(0, 0, (height - 60) / 2), extent=(100, 100, height))
        points = grid.points(np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float))
        inside = [np.linalg.norm(points - c, axis=1) <= r for c, r in (((-20, 0, -10), 10.0), ((20, 0, 20), 8.0))]
        labels = (inside[0] + 2 * inside[1]).reshape(tuple(reversed(grid.size)))
        image = np.random.default_rng(n).normal(100, 2, labels.shape) + 40 * (labels > 0)
        study = Study(f"s{n}", grid.image_of(image.astype(np.float32)), datetime.date(2024, 1 + 2 * n, 1))
        labels_image = grid.image_of(labels.astype(np.uint8))
        studies.append(Study(study.name, study.image, study.date, labels_image))
    return compare(studies, Recipe.of(MatchFindings()))


def test_a_place_that_a_study_does_not_show_is_told(comparison):
    low, high = sorted(comparison.followed.patient.tracks, key=lambda t: t.observations[0].place.center[2])
    assert (low.outside, high.outside) == ((), ("s1",))
    assert any(f"not seen there rather than gone: {high.id}" in note for note in comparison.notes)


def test_a_place_that_a_study_does_not_show_is_no_change(comparison):
    """Neither of it being gone there, nor of its coming back."""
    (high,) = (t for t in comparison.followed.patient.tracks if t.outside)
    unseen, back = intervals(comparison.followed.patient)[high.id]
    assert unseen.unseen and unseen.size(25) is None
    assert unseen.rule == "not shown: outside of what s1 shows, so not known"
    assert (back.change, back.start, back.end) == (Change.STABLE, "s0", "s2") and back.size(25).changed == "no"
    timeline = Timeline.of(comparison)
    assert not timeline.is_changed(high) and timeline.classes(1)[Change.GONE] == 0
    (finding,) = (f for f in comparison.pairs[0].findings if f.tracks == (high.id,))
    assert finding.threshold == unseen.rule and timeline.between(finding, comparison.pairs[0]) is None
    columns, lines = findings_table(comparison)
    (row,) = (
        r
        for line in lines
        if (r := dict(zip(columns, line, strict=True)))["track"] == high.id and r["date"] == "2024-03-01"
    )
    assert row["volume_mm3"] is None and row["changed_from_previous_beyond_error"] is None
    assert (row["class"], row["class_from_previous"], row["difference_mm3"]) == ("not shown", "not shown", None)
    assert finding.unseen and sentence(comparison.pairs[0]).endswith(
        "1 stable finding; total volume 4.42 → 4.42 ml (+0.00 ml, +0 %). 1 not shown by the other study."
    )


def test_a_target_outside_is_not_evaluable(comparison):
    """Without the field in mind it would be a fall by 44 %, a partial response."""
    (recist,) = evaluate(comparison, ["recist_1_1"])[1].evaluations
    assert [str(r.category) for r in recist.responses] == ["baseline", "NE", "SD"]
    assert "not evaluable at s1" in recist.responses[1].missing[0]


def test_the_report_calls_it_not_shown_instead_of_gone(comparison):
    """At the last study, one that does not show the finding, a warning stands at the head and no fall to 0 is drawn."""
    short = replace(comparison, studies=comparison.studies[:2], pairs=comparison.pairs[:1])
    followed = comparison.followed
    patient = replace(followed.patient, time_points=followed.patient.time_points[:2])
    patient = patient.with_tracks(*(replace(t, observations=t.observations[:2]) for t in patient.tracks))
    high = next(t for t in patient.tracks if t.outside)
    patient = patient.with_tracks(replace(high, observations=high.observations[:1]))
    timeline = Timeline.of(replace(short, followed=Followed(patient, followed.label_maps[:2])))
    track = patient.track(high.id)
    assert timeline.is_outside(track, 1) and timeline.course(track) is not Change.GONE
    assert timeline.size(track, "baseline") is None
    page = report_html(timeline.comparison)
    assert f"<b>Not all findings could be seen.</b> {high.id}: outside of what s1 shows" in page
    assert "1 not shown by the other study." in page and "−34 %" not in page
    assert "The outlines were given; what became of them was decided by an algorithm and awaits" in page


def test_what_the_first_study_does_not_show_is_called_new_with_a_note():
    found = compared((40, 60, 60))
    (new,) = (t for t in found.followed.patient.tracks if t.observations[0].time_point == "s1")
    assert [note for note in found.notes if "though they may have been there before" in note] == [
        f"Outside of what 's0' shares with 's1', so called new though they may have been there before: {new.id}."
    ]


def test_what_the_border_of_an_image_cuts_is_told_and_not_judged():
    """The second study ends in the middle of the upper finding, of which it shows half."""
    found = compared((60, 50, 60))
    low, high = sorted(found.followed.patient.tracks, key=lambda t: t.observations[0].place.center[2])
    assert [[o.cut for o in track.observations] for track in (low, high)] == [[False] * 3, [False, True, False]]
    assert f"At the border of the image of 's1', so perhaps larger than measured there: {high.id}." in found.notes
    first, second = intervals(found.followed.patient)[high.id]
    assert first.change is Change.SHRUNK and first.size(25).changed == "cannot say"
    assert second.change is Change.GROWN and second.size(25).changed == "cannot say"
    assert all(way.rule.endswith("it reaches the border of the image at s1") for way in (first, second))
    (finding,) = (f for f in found.pairs[0].findings if f.tracks == (high.id,))
    assert finding.threshold.endswith("at s1") and Timeline.of(found).size(high, "baseline").changed == "no"
    columns, lines = findings_table(found)
    rows = [dict(zip(columns, line, strict=True)) for line in lines if line[columns.index("track")] == high.id]
    assert [row["at_image_border"] for row in rows] == ["yes", "no"]
    assert [row["changed_from_previous_beyond_error"] for row in rows] == ["cannot say"] * 2
    page = report_html(found)
    assert "at the border" in page and "How each figure" in page


def test_a_nodule_that_is_gone_from_the_lung_is_gone():
    """What shows air or background now is shown all the same: complete response, not one that cannot be told."""
    grid = grid_of((2, 2, 2), extent=(100, 100, 60))
    x, y, z = grid.points(np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float)).T
    body, lung = np.hypot(x, y) < 44, np.hypot(x, y) < 30
    nodule = np.linalg.norm(np.stack([x - 5, y, z]), axis=0) <= 8
    studies = []
    for n, there in enumerate((nodule, np.zeros_like(nodule))):
        values = np.where(body, 40.0, -1000.0)
        values[lung] = -850
        values[there] = 60
        values += np.random.default_rng(n).normal(0, 10, values.shape)
        image, labels = (
            grid.image_of(each.reshape(tuple(reversed(grid.size))))
            for each in (values.astype(np.float32), there.astype(np.uint8))
        )
        studies.append(Study(f"s{n}", image, datetime.date(2024, 1 + 2 * n, 1), labels, modality="CT"))
    found = compare(studies, Recipe.of(MatchFindings()))
    (track,) = found.followed.patient.tracks
    assert track.outside == () and found.pairs[0].findings[0].change is Change.GONE
    (recist,) = evaluate(found, ["recist_1_1"])[1].evaluations
    assert str(recist.responses[1].category) == "CR"


def test_what_merged_before_is_not_missed_where_it_cannot_be_seen():
    found = compared((60, 60, 40))
    low, high = sorted(found.followed.patient.tracks, key=lambda t: t.observations[0].place.center[2])
    merged = replace(high, observations=high.observations[:1], merged_into=low.id, merged_at="s1", outside=())
    followed = replace(found.followed, patient=found.followed.patient.with_tracks(merged))
    again, notes = with_coverage(found.studies, found.pairs, followed, found.recipe)
    assert again.patient.track(high.id).outside == () and notes == ()


def test_how_outlines_were_made_is_told_by_the_steps(comparison):
    assert "outlined anew. Given segmentations" in report_html(comparison)
    steps = (*(operation for _, operation in comparison.recipe.enabled_steps), HalfHeightOutlines())
    page = report_html(replace(comparison, recipe=Recipe.of(*steps)))
    assert "image falls to half of the finding&#x27;s height above the tissue around" in page


def test_uptake_too_high_for_suv_is_told_and_stops_nothing():
    """The second study's finding takes up 300: figures of uptake are left out there, sizes are not."""
    grid, studies = grid_of((4, 4, 4), extent=(80, 80, 60)), []
    points = grid.points(np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float))
    inside = (np.linalg.norm(points, axis=1) <= 12).reshape(tuple(reversed(grid.size)))
    for n, uptake in enumerate((8.0, 300.0)):
        values = np.random.default_rng(n).normal(1, 0.1, inside.shape) + uptake * inside
        image, labels = grid.image_of(values.astype(np.float32)), grid.image_of(inside.astype(np.uint8))
        studies.append(Study(f"s{n}", image, labels=labels, modality="PT", unit="SUV"))
    found = compare(studies, Recipe.of(MatchFindings()))
    (track,) = found.followed.patient.tracks
    assert [bool(o.estimate("peak_uptake")) for o in track.observations] == [True, False]
    assert track.observations[1].estimate("long_diameter") and track.observations[1].border_mm == 0.0
    assert "No uptake was measured in 's1': values of a finding are too high for SUV." in found.notes
