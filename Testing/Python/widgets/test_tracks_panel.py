"""The list of findings over time where there are more time points than a narrow panel has room for."""

import datetime

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.tracks.follow import Labelled, follow_findings
from MedProcLib.comparison.tracks.model import TimePoint


def labelled(number):
    """A cube at six time points, which grows by a voxel at each."""
    values = np.zeros((12, 12, 12), np.uint8)
    values[2 : 5 + number, 2:8, 2:8] = 1
    return Labelled(
        TimePoint(f"Study {number}", "", datetime.date(2020 + number, 1, 1)), sitk.GetImageFromArray(values)
    )


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


def test_of_many_time_points_the_first_and_the_last_ones_are_seen(scene):
    from MedProcLib.scene.timeline_nodes import add_patient_node, write_to_node
    from MedProcLib.widgets.tracks_panel import TracksPanel

    patients = {count: follow_findings([labelled(n) for n in range(count)]).patient for count in (6, 3)}
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
    write_to_node(node, patients[3])
    panel.changed()
    assert seen() == ["2020\n01-01", "2021\n01-01", "2022\n01-01"]
