"""Only what differs is written to tables and segments: after corrections they hold what they would if written anew."""

import random

import pytest
import timelines
from timelines import NAMES

from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.edits import accept, describe, mark, reject
from MedProcLib.comparison.tracks.relinking import merge_tracks, split_track
from MedProcLib.core.errors import InputError
from MedProcLib.scene import tables, timeline_display
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.timeline_edits import choose_criterion, edit_patient, redo_edit, show_patient, undo_edit
from MedProcLib.scene.timeline_nodes import FINDINGS_TABLE, RESPONSE_TABLE, patient_of_node, segmentation_at
from MedProcLib.scene.timeline_roles import with_proposed_roles

READER = "Dr. Reader"
EDITS = [
    lambda p, a, b, w, d: accept(p, a, w, d),
    lambda p, a, b, w, d: reject(p, a, w, d, p.time_points[-1].id),
    lambda p, a, b, w, d: reject(p, a, w, d),
    lambda p, a, b, w, d: describe(p, a, w, d, name='dome "of" it\tall', organ="liver"),
    lambda p, a, b, w, d: describe(p, a, w, d, name=""),
    lambda p, a, b, w, d: mark(p, a, Kind.TARGET, w, d),
    lambda p, a, b, w, d: mark(p, a, None, w, d),
    lambda p, a, b, w, d: merge_tracks(p, a, b, w, d),
    lambda p, a, b, w, d: split_track(p, a, p.time_points[1].id, w, d),
    lambda p, a, b, w, d: with_proposed_roles(p, w, d),
]


def content(node):
    """All that tables and segments show."""
    found = []
    for role in (FINDINGS_TABLE, RESPONSE_TABLE):
        table = node.GetNodeReference(role)
        columns = [table.GetTable().GetColumn(number) for number in range(table.GetNumberOfColumns())]
        units = [table.GetColumnUnitLabel(column.GetName()) for column in columns]
        found.append((rows_of_table(table), [column.GetDataTypeAsString() for column in columns], units))
    for name in NAMES:
        segmentation = segmentation_at(node, name)
        segments, display = segmentation.GetSegmentation(), segmentation.GetDisplayNode()
        for id_ in segments.GetSegmentIDs():
            segment = segments.GetSegment(id_)
            found.append((name, segment.GetName(), segment.GetColor(), display.GetSegmentVisibility(id_)))
    return repr(found)


def shown_anew(node):
    """The same once nothing is known of what was written."""
    tables._known.clear()
    timeline_display._shown.clear()
    show_patient(node)
    return content(node)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_corrections(scene, seed):
    node, chance = timelines.add_to(scene), random.Random(seed)
    choose_criterion(node, "recist_1_1")
    done = 0
    for _ in range(14):
        ids = [track.id for track in patient_of_node(node).tracks]
        edit, a, b = chance.choice(EDITS), chance.choice(ids), chance.choice(ids)
        step = chance.choice([undo_edit, redo_edit, *[None] * 6])
        try:
            if step is None:
                edit_patient(node, lambda p, w, d, edit=edit, a=a, b=b: edit(p, a, b, w, d), READER)
            else:
                step(node, READER)
        except InputError:
            continue
        done += 1
        assert content(node) == shown_anew(node)
    assert done > 4


def test_what_somebody_changed_meanwhile_is_put_right(scene):
    node = timelines.add_to(scene)
    choose_criterion(node, "recist_1_1")
    show_patient(node)
    before = content(node)
    table, segmentation = node.GetNodeReference(FINDINGS_TABLE), segmentation_at(node, NAMES[0])
    segment_id = segmentation.GetSegmentation().GetNthSegmentID(0)
    for meddle in (
        lambda: table.SetCellText(0, table.GetColumnIndex("rule"), "mine"),
        lambda: table.RemoveColumn(3),
        lambda: table.RemoveRow(1),
        lambda: segmentation.GetSegmentation().GetSegment(segment_id).SetName("mine"),
        lambda: segmentation.GetSegmentation().GetSegment(segment_id).SetColor(0.1, 0.2, 0.3),
        lambda: segmentation.GetDisplayNode().SetSegmentVisibility(segment_id, False),
    ):
        meddle()
        assert content(node) != before
        show_patient(node)
        assert content(node) == before


def test_a_table_is_written_only_where_it_differs(scene):
    names, numbers = [f"F{n}" for n in range(50)], [float(n) for n in range(50)]
    columns = [tables.Column("name", names), tables.Column("size", numbers, "mm"), tables.Column("count", [1] * 50)]
    node = tables.table_from_columns(columns, "Sizes")
    tables.refill_table(node, columns)
    arrays = [node.GetTable().GetColumn(number) for number in range(3)]
    times = [array.GetMTime() for array in arrays]
    tables.refill_table(node, [columns[0], tables.Column("size", [*numbers[:-1], None], "mm"), columns[2]])
    assert [array.GetMTime() == time for array, time in zip(arrays, times, strict=True)] == [True, False, True]
    assert str(rows_of_table(node)[-1]) == "{'name': 'F49', 'size': nan, 'count': 1}"
    for others in (
        [columns[0], columns[1], tables.Column("count", [0.5] * 50)],  # of another kind
        [columns[0], tables.Column("size", numbers, "cm"), columns[2]],
        [tables.Column("name", names[:7]), tables.Column("size", numbers[:7], "mm")],
    ):
        tables.refill_table(node, others)
        again = tables.table_from_columns(others, "Anew")
        assert rows_of_table(node) == rows_of_table(again)
        assert node.GetColumnUnitLabel("size") == again.GetColumnUnitLabel("size")
