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
