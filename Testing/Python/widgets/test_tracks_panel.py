"""The list of findings over time where there are more time points than a narrow panel has room for."""

import datetime
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.tracks.follow import Labelled, follow_findings
from MedProcLib.comparison.tracks.model import TimePoint
from MedProcLib.report.timeline import Timeline
from MedProcLib.report.tracks_section import tracks_section


def labelled(number):
    """A cube at six time points, which grows by a voxel at each."""
    values = np.zeros((12, 12, 12), np.uint8)
    values[2 : 5 + number, 2:8, 2:8] = 1
    return Labelled(
        TimePoint(f"Study {number}", "", datetime.date(2020 + number, 1, 1)), sitk.GetImageFromArray(values)
    )


def test_signs_are_explained_where_they_are_shown(scene):
    """After five time points: +17 % at last, +133 % in all; one that had gone before; the list counts from either."""
    from MedProcLib.scene.timeline_nodes import add_patient_node, patient_of_node, write_to_node
    from MedProcLib.widgets.tracks_panel import TracksPanel

    drawn = [labelled(number) for number in range(5)]
    for number in (0, 1):
        values = sitk.GetArrayFromImage(drawn[number].labels)
        values[:1, 10:, 10:] = 1
        drawn[number] = replace(drawn[number], labels=sitk.GetImageFromArray(values))
    node = add_patient_node(follow_findings(drawn).patient, "Findings", scene)
    panel = TracksPanel(*(lambda: node, lambda: "", lambda name: None, lambda edit: True), lambda: None, lambda: None)

    def listed():
        return [[panel.table.item(row, n).text() for n in (0, 1, 2)] for row in range(panel.table.rowCount)]

    assert listed() == [["F001", "stable↗", "+17"], ["F002", "(gone)", ""]]
    assert panel.marks_label.text.startswith("Since baseline: ↗") and "parentheses: before" in panel.marks_label.text
    panel.reference_box.setCurrentIndex(1)
    assert listed() == [["F001", "grown", "+133"], ["F002", "gone", "-100"]]
    assert not panel.marks_label.visible and panel.marks_label.text == ""
    patient = patient_of_node(node)
    gone = patient.track("F002")
    merged = replace(gone, merged_into="F001", merged_at="Study 3", outside=("Study 2",))
    write_to_node(node, patient.with_tracks(merged))
    panel.changed()
    absent = [panel.table.item(1, n).text() for n in range(4, 9)]
    assert absent == ["4", "4", "?", "in F001", "in F001"] and "study does not show" in panel.marks_label.text
    assert tracks_section(Timeline(None, patient_of_node(node), (0, 1, 2, 3, 4))).count("<small>in F001</small>") == 2


def test_headings_sort_and_rows_then_keep_their_places(scene):
    from MedProcLib.comparison.tracks.edits import accept
    from MedProcLib.scene.timeline_nodes import add_patient_node, patient_of_node, write_to_node
    from MedProcLib.widgets.tracks_panel import TracksPanel

    labels = []
    for number in range(2):
        values = np.zeros((12, 12, 30), np.uint8)
        for label, (place, size) in enumerate(((2, 3), (10, 6), (20, 4)), 1):
            values[2 : 2 + size, 2:8, place : place + size + number] = label
        point = TimePoint(f"Study {number}", "", datetime.date(2020 + number, 1, 1))
        labels.append(Labelled(point, sitk.GetImageFromArray(values)))
    node = add_patient_node(follow_findings(labels).patient, "Findings", scene)
    panel = TracksPanel(*(lambda: node, lambda: "", lambda name: None, lambda edit: True), lambda: None, lambda: None)
    header = panel.table.horizontalHeader()

    def sizes():
        return [float(panel.table.item(row, 5).text()) for row in range(panel.table.rowCount)]

    own = sizes()
    panel.table.setCurrentCell(0, 0)
    looked_at = panel.track
    header.sectionClicked.emit(5)
    assert sizes() == [252, 120, 72] and header.isSortIndicatorShown() and panel.track == looked_at
    write_to_node(node, accept(patient_of_node(node), panel.rows[2].track.id, "A. Reader", "2024-01-01T00:00:00Z"))
    panel.changed()
    assert sizes() == [252, 120, 72] and panel.table.item(2, 0).text().startswith("✓")
    header.sectionClicked.emit(5)
    assert sizes() == [72, 120, 252]
    header.sectionClicked.emit(5)
    assert sizes() == own and not header.isSortIndicatorShown()


def test_several_findings_are_decided_and_undone_together(scene):
    from MedProcLib.comparison.tracks.model import Status
    from MedProcLib.scene.timeline_edits import edit_patient, undo_edit
    from MedProcLib.scene.timeline_nodes import add_patient_node, patient_of_node
    from MedProcLib.widgets.tracks_panel import TracksPanel

    labels = []
    for number in range(2):
        values = np.zeros((12, 12, 60), np.uint8)
        for label in range(1, 6):
            values[2 : 2 + label, 2:8, 10 * label : 10 * label + 4] = label
        point = TimePoint(f"Study {number}", "", datetime.date(2020 + number, 1, 1))
        labels.append(Labelled(point, sitk.GetImageFromArray(values)))
    node = add_patient_node(follow_findings(labels).patient, "Findings", scene)

    def do(step):
        step()
        panel.changed()
        return True

    panel = TracksPanel(
        *(lambda: node, lambda: "A. Reader", lambda name: None),
        lambda edit: do(lambda: edit_patient(node, edit, "A. Reader")),
        lambda: do(lambda: undo_edit(node, "A. Reader")),
        lambda: None,
    )

    def status(name):
        return {o.status for o in patient_of_node(node).track(name).observations}

    panel.table.setCurrentCell(0, 0)
    panel.comment_edit.text = "seen"
    names = [row.track.id for row in panel.rows]
    rows = panel.table.selectionModel()
    for place in (1, 3):
        index = panel.table.model().index(place, 0)
        rows.select(index, rows.SelectionFlag.Select | rows.SelectionFlag.Rows)
    chosen = [names[n] for n in (0, 1, 3)]
    assert panel.tracks == chosen and panel.buttons["accept"].text == "Accept 3"
    assert panel.reason_label.text.startswith("3 findings are selected") and panel.comment_edit.text == ""
    panel.accept()
    assert [name for name in names if status(name) == {Status.ACCEPTED}] == chosen
    entry = patient_of_node(node).history[-1]
    assert entry.what == f"{', '.join(chosen)}: accepted together (3 findings)" and entry.who == "A. Reader"
    assert panel.track == names[4] and panel.tracks == [names[4]] and panel.buttons["accept"].text == "Accept"
    panel.undo()
    assert all(status(name) == {Status.PROPOSED} for name in names)
    panel.table.setCurrentCell(-1, -1)
    assert panel.buttons["reject"].text == "Reject" and not panel.buttons["reject"].enabled
    panel.table.selectAll()  # none of them is the current one
    assert panel.track == "" and panel.buttons["reject"].text == "Reject 5" and panel.buttons["reject"].enabled
    assert panel.reason_label.text.startswith("5 findings are selected")
    panel.reject()
    assert all(status(name) == {Status.REJECTED} for name in names)


def test_of_many_time_points_the_first_and_the_last_ones_are_seen(app, scene):
    from MedProcLib.comparison.tracks.edits import accept
    from MedProcLib.scene.timeline_nodes import add_patient_node, write_to_node
    from MedProcLib.widgets.results_table import MOST_LESS
    from MedProcLib.widgets.tracks_panel import TracksPanel

    patients = {count: follow_findings([labelled(n) for n in range(count)]).patient for count in (6, 4, 3)}
    node = add_patient_node(patients[6], "Findings", scene)
    panel = TracksPanel(*(lambda: node, lambda: "", lambda name: None, lambda edit: True), lambda: None, lambda: None)

    def seen():
        table = panel.table
        return [
            table.horizontalHeaderItem(n).text() for n in range(4, table.columnCount) if not table.isColumnHidden(n)
        ]

    assert seen() == ["2020\n01-01", "2023\n01-01", "2024\n01-01", "2025\n01-01"]
    assert panel.table.item(0, 9).text() == "288"
    assert all(f"{year}-01-01" in panel.table.item(0, 0).toolTip() for year in range(2020, 2026))
    table, accepted = panel.table, accept(patients[4], "F001", "A. Reader", "2024-01-01T00:00:00Z")
    write_to_node(node, patients[4])
    panel.changed()
    table.setFixedWidth(500)
    panel.widget.show()
    app.processEvents()
    titles = table.horizontalHeader().length()
    wide = titles - 4 * MOST_LESS + table.width - table.viewport().width
    table.setFixedWidth(wide)
    for patient, middle in ((patients[4], [2021, 2022]), (accepted, [2022]), (patients[4], [2021, 2022])):
        write_to_node(node, patient)  # the mark of a decision takes more than there is room for
        panel.changed()
        app.processEvents()
        assert seen() == [f"{year}\n01-01" for year in (2020, *middle, 2023)]
        assert table.horizontalHeader().length() <= table.viewport().width == titles - 4 * MOST_LESS
    table.setFixedWidth(wide - 60)
    app.processEvents()
    assert seen() == ["2020\n01-01", "2023\n01-01"]
    table.setFixedWidth(wide)
    panel.select_first()
    assert len(seen()) == 4
    panel.widget.close()
    write_to_node(node, patients[3])
    panel.changed()
    assert seen() == ["2020\n01-01", "2021\n01-01", "2022\n01-01"]
    points = patients[3].time_points
    days = [datetime.date(2020, 1, 1), *[datetime.date(2021, 1, 1)] * 2]
    same = [replace(p, date=day, name=f"{p.id} FLAIR") for p, day in zip(points, days, strict=True)]
    write_to_node(node, replace(patients[3], time_points=tuple(same)))
    panel.changed()
    assert seen() == ["2020\n01-01", "21-01-01\n…1 FLAIR", "21-01-01\n…2 FLAIR"]
