"""The report over several time points: what is counted, shown and drawn, of comparisons that were followed."""

import datetime
import functools
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.evaluation import evaluate
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.following import measure_study
from MedProcLib.comparison.growth.change import Changed
from MedProcLib.comparison.register import identity
from MedProcLib.comparison.result import Change, Comparison, PairComparison, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_findings import with_tracks
from MedProcLib.comparison.tracks.edits import accept, describe, edit_measurement, reject
from MedProcLib.comparison.tracks.follow import Followed, Labelled, follow_findings
from MedProcLib.comparison.tracks.model import TimePoint
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.recipe import Recipe
from MedProcLib.report.charts_section import charts_section
from MedProcLib.report.head import head
from MedProcLib.report.report import report_html
from MedProcLib.report.stack import Stack
from MedProcLib.report.timeline import Timeline
from MedProcLib.report.track_slices_section import track_slices_section
from MedProcLib.report.tracks_section import tracks_section

from .test_report import HOSTILE, Page

DIRECTIONS = {
    "straight": tuple(np.eye(3).ravel()),
    "oblique left-handed": tuple(
        (np.diag([1.0, 1.0, -1.0]) @ Rotation.from_euler("xyz", (12, -15, 20), degrees=True).as_matrix()).ravel()
    ),
}
WHEN = "2026-03-01T09:30:00"
# center relative to the middle (mm), and radius (mm) at each time point
BALLS = (
    ((-20, 0, 0), (4, 6, 8, 10)),
    ((20, 5, 4), (6, 6, 6, 6)),
    ((0, -25, 0), (6, 6, 0, 0)),
    ((5, 22, -6), (0, 0, 5, 5)),
)


GRID = Geometry((30, 30, 22), (3.5, 3.5, 4.0), (-50.0, -40.0, -30.0), tuple(np.eye(3).ravel()))


@functools.cache
def followed(count=4, direction="straight", name="Visit", dated=True) -> Comparison:
    """A followed comparison of so many studies, yearly, in one space, with the balls."""
    grid = replace(GRID, direction=DIRECTIONS[direction])
    points = grid.points(np.indices(grid.size).reshape(3, -1).T)

    def ball(offset, radius: float) -> np.ndarray:
        inside = np.linalg.norm(points - grid.center - np.array(offset), axis=1) <= radius
        return inside.reshape(grid.size).transpose(2, 1, 0)

    body, rng = ball((0, 0, 0), 44), np.random.default_rng(0)
    studies, maps = [], []
    for n in range(count):
        labels = np.zeros(body.shape, np.uint8)
        for number, (offset, radii) in enumerate(BALLS, 1):
            if radii[min(n, 3)]:
                labels[ball(offset, radii[min(n, 3)])] = number
        image = grid.image_of((100.0 * body + 80 * (labels > 0) + rng.normal(0, 6, body.shape)).astype(np.float32))
        day = datetime.date(2020 + n, 3, 1) if dated else None
        maps.append(grid.image_of(labels))
        studies.append(Study(f"{name} {n + 1}", image, day, maps[-1], modality="MR"))
    times = [TimePoint(s.name, s.name, s.date) for s in studies]
    found = follow_findings([Labelled(p, m) for p, m in zip(times, maps, strict=True)])
    patient = found.patient
    for time, study, labels in zip(times, studies, found.label_maps, strict=True):
        patient = measure_study(patient, time.id, study, labels, border_mm=0.0)
    first = studies[0].image
    pairs = tuple(
        PairComparison(
            *(0, n, identity(), grid, first, studies[n].image, studies[n].image - first),
            *(grid.image_of(body), grid.empty_image(), maps[0], maps[n]),
        )
        for n in range(1, count)
    )
    return Comparison(tuple(studies), pairs, Recipe.of(MatchFindings()), (), Followed(patient, found.label_maps))


@functools.cache
def page_of(**settings) -> Page:
    return Page(report_html(followed(**settings)))


def edited(comparison: Comparison, *edits) -> Comparison:
    patient = comparison.followed.patient
    for edit in edits:
        patient = edit(patient)
    return replace(comparison, followed=Followed(patient, comparison.followed.label_maps))


def test_every_finding_is_there_at_every_time_point():
    made, page = followed(), page_of()
    assert not page.open
    timeline = Timeline.of(made)
    assert {timeline.course(t) for t in timeline.tracks} == {Change.NEW, Change.GROWN, Change.STABLE, Change.GONE}
    for n in range(4):
        total = sum(o.volume.value for t in timeline.tracks if (o := timeline.at(t, n)))
        assert timeline.total(n).value == pytest.approx(total)
        assert f"{2020 + n}-03-01" in page.text and f"Visit {n + 1}" in page.text
    for track in timeline.tracks:
        for observation in track.observations:
            assert f"{observation.volume.value:,.0f}".replace(",", " ") in page.text
    # of three changed findings four slices each; three views and six checks a pair, of the last pair the overview
    assert sum(tag == "img" for tag, _ in page.tags) == 3 * 4 + 3 * 6 + 3
    assert sum(a.get("class") == "chart" for _, a in page.tags) == 4


def test_what_grows_slowly_has_changed():
    """+20 % from each time point to the next is stable, +73 % over all of them is not."""
    made = followed()
    (still,) = (t for t in Timeline.of(made).tracks if Timeline.of(made).course(t) is Change.STABLE)
    patient = made.followed.patient
    for n, point in enumerate(patient.time_points):
        size = Measurement("voxel_volume", 900 * 1.2**n, "mm3")
        patient = edit_measurement(patient, still.id, point.id, size, "A. Reader", WHEN)
        patient = accept(patient, still.id, "A. Reader", WHEN)
    timeline = Timeline(made, patient, (0, 1, 2, 3))
    (slow,) = timeline.tracks
    assert [timeline.change_at(slow, n) for n in (1, 2, 3)] == [Change.STABLE] * 3
    assert timeline.is_changed(slow) and timeline.largest_change(slow) is Change.GROWN
    assert f"{slow.id} ▲" in charts_section(timeline) and "Grown" in track_slices_section(timeline)


def test_what_is_too_wide_or_too_long_for_paper_is_printed_across_or_not_at_all():
    html = tracks_section(Timeline.of(followed(count=10, direction="oblique left-handed")))
    assert html.startswith("<section class=wide><h2>Findings over time</h2>") and 'class="record"' not in html
    timeline = Timeline.of(followed())
    assert tracks_section(timeline).startswith("<section><h2>")
    many = replace(timeline.patient, tracks=timeline.patient.tracks * 5)
    made = tracks_section(replace(timeline, patient=many))
    assert '<details class="record"><summary>All figures' in made and "Not printed: 65 rows" in made


def test_time_points_say_what_became_of_findings_since_the_one_before():
    timeline = Timeline.of(followed())
    assert timeline.classes(0) == {}
    assert timeline.classes(1) == {Change.GROWN: 1, Change.STABLE: 2}
    assert timeline.classes(2) == {Change.GROWN: 1, Change.STABLE: 1, Change.GONE: 1, Change.NEW: 1}
    text = page_of().text
    assert "Since Visit 3: 1 grown and 2 stable findings; total volume 3." in text
    assert "Since" not in Page(head(followed(count=2), Timeline.of(followed(count=2)))).text
    (line,) = re.findall(r"Visit 3 2022-03-01 730 not checked 3 ([^V]*)", text)
    assert line.split()[2:6] == ["1", "1", "1", "1"]


def test_no_row_of_a_pair_is_certain_while_its_alignment_is_doubtful():
    """Neither of a pair with the first study nor of later ones that were registered to each other."""
    made = with_tracks(followed())
    pair = made.pairs[-1]
    said = {size.changed for f in pair.findings if (size := Timeline.of(made).between(f, pair))}
    assert Changed.YES in said
    for ends in (pair, replace(pair, fixed=1)):
        doubtful = replace(ends, registration=replace(pair.registration, verdict=Verdict.DOUBTFUL))
        timeline = Timeline.of(replace(made, further=(doubtful,)))
        said = [size for f in pair.findings if (size := timeline.between(f, doubtful))]
        assert {size.changed for size in said} == {Changed.CANNOT_SAY}
        assert all("alignment of Visit 4 is doubtful" in size.reason for size in said)


def test_only_what_a_reader_accepted_counts():
    made = followed()
    ids = [track.id for track in made.followed.patient.tracks]
    patient = edited(made, lambda p: accept(p, ids[0], "Dr. A", WHEN), lambda p: reject(p, ids[1], "Dr. B", WHEN))
    timeline = Timeline.of(patient)
    assert [track.id for track in timeline.tracks] == ids[:1]
    page = Page(report_html(patient))
    assert "Reviewed in part by Dr. A, Dr. B: 1 accepted, 1 rejected, 2 not decided" in page.text
    assert (
        f"Left out, as not decided: {', '.join(ids[2:])}. Rejected: {ids[1]}." in page.text
        and "not yet reviewed" not in page.text
    )
    assert "1 " in page.text and f"{ids[0]} " in page.text
    before = edited(made, lambda p: accept(p, ids[0], "Dr. A", WHEN, "Visit 2"))  # as before a study was added
    assert "Visit 1 → Visit 4: 1 stable finding; total" in Page(head(with_tracks(before), Timeline.of(before))).text
    nothing = edited(made, *(lambda p, name=name: reject(p, name, "Dr. B", WHEN) for name in ids))
    assert "No finding at any time point counts." in Page(report_html(nothing)).text


def test_criteria_are_shown_step_by_step():
    made, evaluated = evaluate(followed(), ["recist_1_1", "volume_recist"])
    html = report_html(made, evaluated=evaluated)
    page = Page(html)
    for evaluation in evaluated.evaluations:
        for response in evaluation.responses:
            for words in (*response.steps, *response.missing, *response.doubts):
                assert " ".join(words.split()) in page.text
    assert html.count("<ol>") == 8 and "Best overall response" in page.text
    assert "Eisenhauer et al., Eur. J. Cancer 45, 2009" in page.text
    without = Page(report_html(made, evaluated=evaluate(followed(dated=False))[1]))
    assert "they need the dates of all studies" in without.text


def test_how_each_figure_was_obtained():
    text = page_of().text
    for words in ("Volume", "IBSI", "Long diameter", "Beyond measurement error", "excludes no change", "25 %"):
        assert words in text[text.index("How each figure was obtained") :]


def test_what_beyond_error_means_is_said_below_the_table():
    assert "cannot say where it reaches no change and 25 % alike" in page_of().text


def test_hostile_names_and_remarks_stay_text():
    made = followed(count=3, name=HOSTILE)
    ids = [track.id for track in made.followed.patient.tracks]
    made = edited(
        made,
        lambda p: describe(p, ids[0], HOSTILE, WHEN, name=HOSTILE, organ=HOSTILE),
        lambda p: accept(p, ids[0], HOSTILE, WHEN),
    )
    marked, evaluated = evaluate(made, ["recist_1_1"])
    page = Page(report_html(marked, evaluated=evaluated))
    assert not page.open and "script" not in {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.text.count("<script>alert(1)</script>") > 8


def test_two_time_points_show_certainty_beside_the_change():
    page = Page(report_html(followed(count=2)))
    row = re.search(
        r"F\d{3} ▲ Grown 392 (\S+)–(\S+) 784 (\S+)–([\d ]+) \+392, \+100 % (\S+) % to (\S+) % (yes|no|cannot say)",
        page.text,
    )
    assert float(row.group(1)) < 392 < float(row.group(2)) and float(row.group(3)) < 784 < float(
        row.group(4).replace(" ", "")
    )
    low, high = (float(v.replace("−", "-")) for v in row.group(5, 6))
    assert low < 100 < high and (row.group(7) == "yes") == (low > 0)
    assert "Findings over time" not in page.text and "How each figure was obtained" in page.text


def test_undated_studies_are_drawn_evenly():
    made = followed(count=3, dated=False)
    assert Timeline.of(made).times == [0, 1, 2]
    assert "they are drawn evenly" in Page(report_html(made)).text


def test_a_study_that_could_not_be_aligned_is_named_and_left_out():
    made = followed(count=4)
    failed = replace(made.pairs[1], registration=replace(identity(), verdict=Verdict.FAILED))
    three = followed(count=3)
    points = three.followed.patient.time_points
    renamed = replace(points[2], id="Visit 4", name="Visit 4")
    patient = replace(
        three.followed.patient,
        time_points=(*points[:2], renamed),
        tracks=tuple(
            replace(
                t,
                observations=tuple(
                    replace(o, time_point="Visit 4") if o.time_point == "Visit 3" else o for o in t.observations
                ),
            )
            for t in three.followed.patient.tracks
        ),
    )
    mixed = replace(
        made,
        pairs=(made.pairs[0], failed, made.pairs[2]),
        followed=Followed(patient, three.followed.label_maps),
    )
    page = Page(report_html(mixed))
    assert "Visit 3: The alignment failed. It was not compared" in page.text
    assert Timeline.of(mixed).studies == (0, 1, 3)


def test_the_last_study_that_was_compared_leads_where_the_last_one_failed():
    made, three = followed(count=4), followed(count=3)
    failed = replace(made.pairs[2], registration=replace(identity(), verdict=Verdict.FAILED))
    page = Page(report_html(replace(made, pairs=(*made.pairs[:2], failed), followed=three.followed)))
    assert "Visit 1 → Visit 3:" in page.text[:400] and "could not be aligned" not in page.text[:400]
    assert "Visit 4: The alignment failed. It was not compared" in page.text
    assert "Findings at a glance: Visit 1 → Visit 3" in page.text


def test_values_with_a_unit_are_shown_in_a_window_of_the_place_that_all_share():
    made = followed(count=3)
    ct = replace(made, studies=tuple(replace(study, modality="CT") for study in made.studies))
    tissue = [np.linspace(low, 120.0, 400).reshape(20, 20) for low in (-100, -80, -60)]
    windows = Stack(Timeline.of(ct)).windows_of(tissue)
    assert windows[0] == windows[1] == windows[2]
    assert -100 <= windows[0][0] < -90 and 120 < windows[0][1] < 200
    plain = Stack(Timeline.of(made))
    assert plain.windows_of(tissue) == plain.windows


def test_oblique_left_handed_and_many():
    html = report_html(followed(count=10, direction="oblique left-handed"))
    page = Page(html)
    assert not page.open and len(html) < 6_000_000
    assert sum(tag == "img" for tag, _ in page.tags) == 3 * 10 + 9 * 6 + 3
