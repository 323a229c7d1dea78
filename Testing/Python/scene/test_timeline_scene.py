"""Findings over time in the scene: what a reader corrects is seen everywhere at once, and all of it is saved."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
import slicer
import timelines
from timelines import COMES, GOES, GROWS, NAMES

from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.result import Change, Verdict
from MedProcLib.comparison.tracks.edits import accept, describe, mark, reject
from MedProcLib.comparison.tracks.extend import extend
from MedProcLib.comparison.tracks.model import Patient, TimePoint
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.relinking import merge_tracks, split_track
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.errors import InputError
from MedProcLib.report.colors import LOOKS
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.measurement_charts import chart_nodes
from MedProcLib.scene.plots import remove_series, series_of_chart, show_chart
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.timeline_charts import CHARTS, SPIDER, SUM, VOLUMES, WATERFALL, add_timeline_chart
from MedProcLib.scene.timeline_display import segments_by_label
from MedProcLib.scene.timeline_edits import choose_criterion, edit_patient, redo_edit, show_patient, undo_edit
from MedProcLib.scene.timeline_nodes import (
    FINDINGS_TABLE,
    PLACES,
    RESPONSE_TABLE,
    patient_nodes,
    patient_of_node,
    segmentation_at,
    transform_at,
    volume_at,
)
from MedProcLib.scene.timeline_places import track_places
from MedProcLib.scene.timeline_roles import with_proposed_roles
from MedProcLib.scene.timeline_rows import titles_of, track_rows
from MedProcLib.scene.timeline_scene import verdicts_of

READER = "Dr. Reader"


@pytest.fixture
def node(scene):
    return timelines.add_to(scene)


def segments(node, point):
    """{name: (color, visible)} of a time point's segments."""
    segmentation = segmentation_at(node, point)
    content, display = segmentation.GetSegmentation(), segmentation.GetDisplayNode()
    return {
        content.GetSegment(id_).GetName(): (content.GetSegment(id_).GetColor(), bool(display.GetSegmentVisibility(id_)))
        for id_ in content.GetSegmentIDs()
    }


def table(node, role=FINDINGS_TABLE):
    return rows_of_table(node.GetNodeReference(role))


def test_each_time_point_is_outlined_in_the_color_of_its_class(node):
    assert set(segments(node, NAMES[0])) == {"F001 grown", "F002 stable"}
    assert set(segments(node, NAMES[1])) == {"F001 grown", "F002 stable"}
    assert set(segments(node, NAMES[2])) == {"F001 grown", "F003 new"}
    color, visible = segments(node, NAMES[2])["F003 new"]
    assert color == pytest.approx(np.array(LOOKS[Change.NEW].rgb) / 255, abs=1e-6) and visible


def test_a_finding_is_found_at_its_own_place_in_every_time_point(node):
    patient = patient_of_node(node)
    for track, place in (("F001", GROWS), ("F002", GOES), ("F003", COMES)):
        places = track_places(node, patient, patient.track(track))
        for point in NAMES:
            assert places[point] == pytest.approx(place, abs=0.4), (track, point)
    # a registration that the reader corrects takes the place along
    shift = slicer.vtkMRMLLinearTransformNode()
    slicer.mrmlScene.AddNode(shift)
    matrix = np.eye(4)
    matrix[2, 3] = 10.0
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    transform_at(node, NAMES[2]).SetAndObserveTransformNodeID(shift.GetID())
    moved = track_places(node, patient, patient.track("F003"))[NAMES[2]]
    assert moved == pytest.approx(np.add(COMES, (0, 0, 10)), abs=0.4)


def test_rejecting_hides_the_outline_and_changes_every_figure(node):
    before = len(table(node))
    said = edit_patient(node, lambda p, who, when: reject(p, "F002", who, when, note="a vessel"), READER)
    assert said == "F002: rejected"
    assert not segments(node, NAMES[0])["F002 stable"][1] and segments(node, NAMES[0])["F001 grown"][1]
    places = node.GetNodeReference(PLACES)
    assert [places.GetNthControlPointLabel(n)[:4] for n in range(places.GetNumberOfControlPoints())] == ["F001", "F003"]
    rows = [row for row in table(node) if row["track"] == "F002"]
    assert {row["status"] for row in rows} == {"rejected"} and {row["note"] for row in rows} == {"a vessel"}
    assert len(table(node)) == before - 1  # it is not gone at the third: it was never there
    assert f"F002: rejected by {READER}" in provenance_of(node).edits[-1]
    assert undo_edit(node, READER) == "undone: F002: rejected"
    assert segments(node, NAMES[0])["F002 stable"][1] and len(table(node)) == before


def test_names_joins_and_splits_are_seen_in_the_views(node):
    edit_patient(node, lambda p, who, when: describe(p, "F001", who, when, name="dome"), READER)
    assert "F001 dome, grown" in segments(node, NAMES[1])
    edit_patient(node, lambda p, who, when: merge_tracks(p, "F001", "F003", who, when), READER)
    assert list(segments(node, NAMES[2])) == ["F001 dome, grown"]  # both outlines have one name
    assert segmentation_at(node, NAMES[2]).GetSegmentation().GetNumberOfSegments() == 2
    edit_patient(node, lambda p, who, when: split_track(p, "F002", NAMES[1], who, when), READER)
    assert "F004 new" in segments(node, NAMES[1]) and "F002 gone" in segments(node, NAMES[0])
    for _ in range(3):
        undo_edit(node, READER)
    assert patient_of_node(node).tracks == timelines.followed().patient.tracks
    with pytest.raises(InputError, match="nothing to undo"):
        undo_edit(node, READER)


def test_nothing_changes_when_a_correction_is_refused(node):
    text = node.GetText()
    for edit, who, said in (
        (lambda p, who, when: accept(p, "F001", who, when), " ", "name"),
        (lambda p, who, when: merge_tracks(p, "F001", "F001", who, when), READER, "itself"),
        (lambda p, who, when: reject(p, "F009", who, when), READER, "no track"),
    ):
        with pytest.raises(InputError, match=said):
            edit_patient(node, edit, who)
    assert node.GetText() == text


def test_criteria_and_charts_follow_a_correction(node):
    edit_patient(node, with_proposed_roles, READER)
    kinds = {track.id: track.kind for track in patient_of_node(node).tracks}
    assert kinds == {"F001": Kind.TARGET, "F002": Kind.TARGET, "F003": Kind.NEW}
    choose_criterion(node, "recist_1_1")
    rows = table(node, RESPONSE_TABLE)
    assert [row["category"] for row in rows] == ["baseline", "SD", "PD"]
    first, second = (float(row["arithmetic"].split(" = ")[1].split(" mm")[0]) for row in rows[:2])
    patient = patient_of_node(node)
    lengths = [patient.track(t).at(NAMES[0]).estimate("long_diameter").measurement.value for t in ("F001", "F002")]
    assert first == pytest.approx(sum(lengths), abs=0.01) and second > first
    charts = {kind: add_timeline_chart(node, kind) for kind in CHARTS}
    show_chart(charts[SUM])
    drawn = rows_of_table(charts[SUM].GetNthPlotSeriesNode(0).GetTableNode())
    assert drawn[0]["sum of diameters"] == pytest.approx(first, abs=0.01)
    assert charts[VOLUMES].GetNumberOfPlotSeriesNodes() == 3
    heights = rows_of_table(charts[WATERFALL].GetNthPlotSeriesNode(0).GetTableNode())
    assert [row["label"] for row in heights] == ["F001", "F002"]
    assert [row["change of volume since baseline"] for row in heights] == pytest.approx([137, -100], abs=8)

    edit_patient(node, lambda p, who, when: mark(p, "F002", None, who, when), READER)
    (chart,) = chart_nodes(SUM, node.GetNodeReference(FINDINGS_TABLE))
    points = rows_of_table(chart.GetNthPlotSeriesNode(0).GetTableNode())
    assert points[0]["sum of diameters"] == pytest.approx(lengths[0]) and points[0]["time after baseline"] == 0
    views = slicer.util.getNodesByClass("vtkMRMLPlotViewNode")
    assert not views or views[0].GetPlotChartNodeID() == chart.GetID()
    (chart,) = chart_nodes(SPIDER, node.GetNodeReference(FINDINGS_TABLE))
    level, *findings = series_of_chart(chart)
    assert len(findings) == 1
    ends = [[row["time after baseline"] for row in rows_of_table(one.GetTableNode())] for one in (level, *findings)]
    assert (min(ends[0]), max(ends[0])) == (min(ends[1]), max(ends[1]))
    assert {row["change of volume since baseline"] for row in rows_of_table(level.GetTableNode())} == {0}


def drawn(node):
    """All that tables, charts, places and segments show of a patient."""
    tables = [table(node), table(node, RESPONSE_TABLE)]
    for kind in CHARTS:
        (chart,) = chart_nodes(kind, node.GetNodeReference(FINDINGS_TABLE))
        curves = series_of_chart(chart)
        tables += [[one.GetName() for one in curves], *(rows_of_table(one.GetTableNode()) for one in curves)]
    points = node.GetNodeReference(PLACES)
    count = range(points.GetNumberOfControlPoints())
    places = [(points.GetNthControlPointLabel(n), tuple(points.GetNthControlPointPosition(n))) for n in count]
    return repr((tables, places, [segments(node, name) for name in NAMES]))


def test_what_was_kept_shows_what_a_patient_without_memory_shows(node):
    """Only what differs is drawn: after corrections, undo and redo all is as if it were drawn for the first time."""
    edit_patient(node, with_proposed_roles, READER)
    choose_criterion(node, "recist_1_1")
    for kind in CHARTS:
        add_timeline_chart(node, kind)
    shown = [drawn(node)]
    for step in (
        lambda: edit_patient(node, lambda p, who, when: accept(p, "F001", who, when), READER),
        lambda: edit_patient(node, lambda p, who, when: reject(p, "F002", who, when), READER),
        lambda: edit_patient(node, lambda p, who, when: describe(p, "F003", who, when, name="dome"), READER),
        lambda: undo_edit(node, READER),
        lambda: undo_edit(node, READER),
        lambda: redo_edit(node, READER),
    ):
        step()
        shown.append(drawn(node))
        for kind in CHARTS:
            for chart in chart_nodes(kind, node.GetNodeReference(FINDINGS_TABLE)):
                for one in series_of_chart(chart):
                    remove_series(one)
                slicer.mrmlScene.RemoveNode(chart)
        slicer.mrmlScene.RemoveNode(node.GetNodeReference(PLACES))
        node.SetText(node.GetText() + "\n")  # read anew: nothing is known of it
        show_patient(node)
        for kind in CHARTS:
            add_timeline_chart(node, kind)
        assert drawn(node) == shown[-1]
    assert len(set(shown[:4])) == 4 and shown[4:] == [shown[2], shown[1], shown[2]]


def test_what_a_chart_or_criterion_lacks_is_said(node):
    with pytest.raises(InputError, match="criterion"):
        add_timeline_chart(node, SUM)
    choose_criterion(node, "recist_1_1")
    assert table(node, RESPONSE_TABLE) == []
    with pytest.raises(InputError, match="role"):
        add_timeline_chart(node, SUM)


def test_rows_say_what_changed_and_whether_it_is_real(node):
    patient = patient_of_node(node)
    rows = {row.track.id: row for row in track_rows(patient)}
    assert (rows["F001"].change, rows["F001"].size.changed) == (Change.GROWN, "yes")
    assert rows["F001"].size.percent.value == pytest.approx(100 * ((8 / 7) ** 3 - 1), abs=4)
    assert (rows["F002"].change, rows["F002"].size.percent.value) == (Change.GONE, -100)
    assert rows["F003"].values[:2] == (None, None) and rows["F003"].size.percent is None
    baseline = {row.track.id: row for row in track_rows(patient, "baseline", "long_diameter")}
    assert baseline["F001"].size.percent.value == pytest.approx(100 * ((8 / 6) ** 3 - 1), abs=8)
    assert baseline["F001"].values[0].value == pytest.approx(12, abs=1.2)
    assert "grown" in "\n".join(rows["F001"].lines) and "2024-01-05" in rows["F001"].lines[0]
    # of three studies, each rule says of which one it is; what is new comes in short
    dates = [point.date.isoformat() for point in patient.time_points]
    told = [line for line in rows["F001"].lines if any(line.startswith(f"{d}: {c}") for d in dates for c in Change)]
    assert len(told) == len(patient.time_points) - 1 and rows["F001"].latest == (
        *rows["F001"].lines[1:3], told[-1], *rows["F001"].lines[-2:],
    )  # fmt: skip


def test_slow_growth_is_growth_since_baseline():
    """The class is of the change written beside it: +17 % at a time is stable, the +55 % that it makes is not."""
    patient = Patient("slow", settings=Follow(outline_mm=0.0))
    for number, radius in enumerate((6.0, 6.3, 6.6, 6.95)):
        point = TimePoint(f"T{number}", date=datetime.date(2024, 1, 1) + datetime.timedelta(60 * number))
        patient = extend(patient, point, Pieces.of_balls([(0.0, 0.0, 0.0)], [4 / 3 * np.pi * radius**3]))
    (previous,), (baseline,) = (track_rows(patient, name) for name in ("previous", "baseline"))
    assert (previous.change, baseline.change) == (Change.STABLE, Change.GROWN)
    assert [row.size.percent.value for row in (previous, baseline)] == pytest.approx([16.8, 55.4], abs=0.1)
    assert previous.overall is Change.GROWN  # which the list that counts from the previous one says too
    assert previous.latest[-1].startswith("Since baseline, 2024-01-01: grown: +55 % and +501 mm³")


def test_what_came_from_a_rejected_finding_is_new():
    """Also in a list that called it split before: rows are kept from one correction to the next."""
    patient = Patient("split")
    volumes = [2000.0], [2000.0, 900.0], [2000.0, 900.0]
    for number, found in enumerate(volumes):
        point = TimePoint(f"T{number}", date=datetime.date(2024, 1, 1) + datetime.timedelta(60 * number))
        places = [(15.0 * place, 0.0, 0.0) for place in range(len(found))]
        patient = extend(patient, point, Pieces.of_balls(places, found))
    patient = patient.with_tracks(replace(patient.track("F002"), parent="F001"))
    assert [row.change for row in track_rows(patient, "baseline")] == [Change.STABLE, Change.SPLIT]
    patient = reject(patient, "F001", "Dr. A", "2026-03-01T09:30:00", "T0")
    assert [row.change for row in track_rows(patient, "baseline")] == [Change.NEW, Change.NEW]
    assert track_rows(patient)[1].lines[2] == "2024-03-01: new: not found before 2024-03-01"  # as F001 is


def test_what_reaches_the_border_of_the_image_says_so_once(node):
    patient = patient_of_node(node)
    track = patient.track("F001")
    cut = replace(track, observations=tuple(replace(o, cut=True) for o in track.observations))
    (row,) = (r for r in track_rows(patient.with_tracks(cut)) if r.track.id == "F001")
    assert row.size.changed == "cannot say"
    assert sum("reaches the border" in line for line in row.lines) == 2  # of two intervals
    assert sum("95 % interval" in line for line in track_rows(patient)[0].lines) == 1


def test_all_of_it_is_saved_and_loaded(node, tmp_path):
    edit_patient(node, lambda p, who, when: reject(p, "F002", who, when), READER)
    edit_patient(node, with_proposed_roles, READER)
    choose_criterion(node, "volume_recist")
    add_timeline_chart(node, VOLUMES)
    before = patient_of_node(node)
    save_bundle(slicer.mrmlScene, tmp_path / "scene.mrb")
    slicer.mrmlScene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    (node,) = patient_nodes()
    assert patient_of_node(node) == before
    for point in NAMES:
        assert volume_at(node, point).GetName() == f"MR {point}".replace("&", "+")
        assert set(segments_by_label(segmentation_at(node, point))) == {1, 2}
    assert verdicts_of(node) == dict.fromkeys(NAMES[1:], (Verdict.GOOD, "edges match"))
    assert not segments(node, NAMES[0])["F002 stable"][1]
    undo_edit(node, READER)  # and the loaded one goes on where it was
    undo_edit(node, READER)
    assert segments(node, NAMES[0])["F002 stable"][1]
    assert len(chart_nodes(VOLUMES, node.GetNodeReference(FINDINGS_TABLE))) == 1


def test_time_points_of_one_date_are_told_apart(node):
    patient = patient_of_node(node)
    first, second, *_later = patient.time_points
    alike = replace(patient, time_points=(first, replace(second, date=first.date), *patient.time_points[2:]))
    titles = list(titles_of(alike).values())
    assert titles[:2] == [f"{first.date} {first.name}", f"{first.date} {second.name}"]
    assert titles[2:] == list(titles_of(patient).values())[2:] == [p.date.isoformat() for p in patient.time_points[2:]]
