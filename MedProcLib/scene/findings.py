"""The list of proposed findings that a reader goes through: a table node that knows its segments and its volume.

Accepting a finding copies its segment into a segmentation of accepted findings, rejecting it hides its segment, and
taking the decision back undoes both. All of it is kept in the scene, so a list that is loaded goes on where it was.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.decisions import ACCEPTED, EDITED, PROPOSED, marked_name, text_column, timestamp
from MedProcLib.scene.decisions import decide as write_decision
from MedProcLib.scene.flat_volumes import is_flat
from MedProcLib.scene.provenance import append_edit, provenance_of, write_provenance
from MedProcLib.scene.ready_segments import ReadySegments, put_segments, ready_segments, world_to_node
from MedProcLib.scene.segment_part import segment_part
from MedProcLib.scene.segmentations import SegmentInfo, segment_info, segmentation_from_labels
from MedProcLib.scene.tables import Column, rows_of_table, saved_text, table_from_columns
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.segmentation.detection.candidate import Candidate
from MedProcLib.segmentation.detection.listing import candidates_of_labels, flat_candidate

# Roles in which the table refers to its nodes.
PROPOSALS_ROLE, VOLUME_ROLE, ACCEPTED_ROLE = "MedProc.Proposals", "MedProc.Volume", "MedProc.AcceptedFindings"
DECIDED = (ACCEPTED, EDITED)
CENTER = ("center_l_mm", "center_p_mm", "center_s_mm")
# Not the longest diameter in a plane, which Quantification measures; scenes saved before called it otherwise.
DIAMETER, DIAMETER_BEFORE = "equivalent_diameter_mm", "diameter_mm"
# The column of sizes in the list of a picture without a depth; else volume_mm3.
AREA = "area_mm2"


def add_findings_list(
    candidates: Sequence[Candidate],
    names: Mapping[int, str],
    segment_ids: Mapping[int, str],
    title: str,
    volume,
    segmentation,
    scene=None,
):
    """Add the table that lists candidates, all of them proposed, best first.

    names: what each candidate is called, by number; segment_ids: its segment in the segmentation node, by number;
    several candidates may share one. Of a picture without a depth (see flat_volumes) there are areas for volumes.
    """
    size, unit, meaning, ball = "volume_mm3", "mm3", "voxel volume", "of the ball (2D: disk) of this volume"
    if is_flat(volume):
        size, unit, meaning, ball = AREA, "mm2", "pixel area", "of the disk of this area"
        candidates = [_flat(candidate, volume) for candidate in candidates]
    numbers = [candidate.number for candidate in candidates]
    expected = [candidate.expected_false for candidate in candidates]
    columns = [
        Column("finding", numbers),
        Column("name", [names[number] for number in numbers]),
        Column("status", [PROPOSED] * len(numbers)),
        Column(size, [float(c.volume_mm3) for c in candidates], unit, meaning),
        Column(DIAMETER, [float(c.diameter_mm) for c in candidates], "mm", ball),
        *(
            Column(name, [float(c.position[axis]) for c in candidates], "mm", "LPS, a place inside the finding")
            for axis, name in enumerate(CENTER)
        ),
        Column("score", [float(c.score) for c in candidates], meaning="what the list is sorted by"),
        Column("expected_false", expected, meaning="candidates of at least this score expected by chance"),
        Column("reason", [c.reason for c in candidates]),
        *(Column(name, [""] * len(numbers)) for name in ("reader", "decided", "comment")),
        Column("segment", [segment_ids[number] for number in numbers], meaning="id in the segmentation"),
    ]
    table = table_from_columns(columns, title, scene, like=volume)
    table.SetNodeReferenceID(VOLUME_ROLE, volume.GetID())
    table.SetNodeReferenceID(PROPOSALS_ROLE, segmentation.GetID())
    return table


def is_findings_list(table) -> bool:
    """Whether a table node is a list that add_findings_list made."""
    return table is not None and bool(table.GetNodeReferenceID(VOLUME_ROLE))


def findings_of(table) -> list[dict[str, Any]]:
    """The rows of a list, best first: finding (number), name, status, volume_mm3 (or area_mm2), ...

    See add_findings_list."""
    rows = rows_of_table(table) if table is not None else []
    return [{DIAMETER if name == DIAMETER_BEFORE else name: value for name, value in row.items()} for row in rows]


def center_of(row: Mapping[str, Any]) -> tuple[float, float, float]:
    """LPS position (mm) of a row's finding."""
    left, back, up = (float(row[name]) for name in CENTER)
    return left, back, up


def volume_of(table):
    """The volume node the findings are in; None when it is gone."""
    return table.GetNodeReference(VOLUME_ROLE)


def proposals_of(table):
    """The segmentation node of the proposals; None when it is gone."""
    return table.GetNodeReference(PROPOSALS_ROLE)


def accepted_of(table):
    """The segmentation node of the accepted findings; None before one was accepted."""
    return table.GetNodeReference(ACCEPTED_ROLE)


def decide(table, index: int, status: str, reader: str, comment: str | None = None) -> str:
    """Write a reader's decision on a finding and show it in the segmentations; returns the finding's name.

    status: 'accepted', 'edited', 'rejected' or 'proposed'. Raises InputError without a reader's name, and for
    'accepted' when the finding's segment is gone; nothing is changed then.
    """
    return decide_together(table, [index], status, reader, comment)[0]


def decide_together(table, indices: Sequence[int], status: str, reader: str, comment: str | None = None) -> list[str]:
    """Write one decision on several findings, on all or none; returns their names. See decide."""
    if not reader.strip():
        raise InputError("A decision needs the reader's name.")
    listed = findings_of(table)
    if not all(0 <= index < len(listed) for index in indices):
        raise InputError("Select a finding in the list first.")
    rows = [listed[index] for index in indices]
    if status in DECIDED:
        _copy_all_accepted(table, rows, status)
    was_modifying = table.StartModify()
    names = [
        write_decision(table, index, status, reader, comment, row["name"])
        for index, row in zip(indices, rows, strict=True)
    ]
    table.EndModify(was_modifying)
    if status not in DECIDED:
        for row in rows:
            _remove_accepted(table, row)
    show_decisions(table)
    return names


def show_decisions(table) -> None:
    """Hide what is rejected, and what is shown among the accepted ones; a shared segment while a finding is open."""
    proposals = proposals_of(table)
    display = proposals.GetDisplayNode() if proposals is not None else None
    if display is None:
        return
    is_open: dict[str, bool] = {}
    for row in findings_of(table):
        is_open[row["segment"]] = is_open.get(row["segment"], False) or row["status"] == PROPOSED
    was_modifying = display.StartModify()
    for segment_id, shown in is_open.items():
        if display.GetSegmentVisibility(segment_id) != shown:
            display.SetSegmentVisibility(segment_id, shown)
    display.EndModify(was_modifying)


def rows_of_segment(table, segmentation, segment_id: str) -> list[int]:
    """Rows whose finding a segment shows, of the proposals or of the accepted ones."""
    rows = findings_of(table)
    if segmentation is proposals_of(table):
        return [index for index, row in enumerate(rows) if row["segment"] == segment_id]
    return [index for index, row in enumerate(rows) if accepted_id(row) == segment_id]


def record_edit(table, segmentation, segment_id: str, reader: str) -> str:
    """Note that a reader changed a segment: in its node's provenance, and as the status of its finding, if it is one's
    own. Returns the segment's name. Main thread; call finish_edits once the reader is done."""
    now = timestamp()
    segment = segmentation.GetSegmentation().GetSegment(segment_id)
    name = segment.GetName() if segment is not None else segment_id
    append_edit(segmentation, f"{name} edited by {reader} on {now}")
    rows = rows_of_segment(table, segmentation, segment_id) if is_findings_list(table) else []
    if len(rows) == 1:
        write_decision(table, rows[0], EDITED, reader, None, findings_of(table)[rows[0]]["name"])
    return name


def finish_edits(table, segmentation, segment_ids: Sequence[str]) -> None:
    """Bring the list up to date with segments that a reader changed: their size and place, and the accepted copies."""
    if not is_findings_list(table):
        return
    for segment_id in segment_ids:
        rows = rows_of_segment(table, segmentation, segment_id)
        if len(rows) != 1 or segmentation.GetSegmentation().GetSegment(segment_id) is None:
            continue
        row = findings_of(table)[rows[0]]
        if segmentation is proposals_of(table):
            _copy_all_accepted(table, [row], EDITED)
        else:
            segmentation.GetSegmentation().GetSegment(segment_id).SetName(marked_name(row["name"], EDITED))
        measured = _measured(segmentation, segment_id, volume_of(table))
        if measured is not None:
            _write_measured(table, rows[0], measured)
    show_decisions(table)


def accepted_id(row: Mapping[str, Any]) -> str:
    """Id of a finding's segment among the accepted ones."""
    return f"Finding_{row['finding']}"


def _copy_all_accepted(table, rows: Sequence[Mapping[str, Any]], status: str) -> None:
    """Have the accepted segmentation hold findings as they are among the proposals now. Raises InputError; then nothing
    is changed."""
    findings_in = Counter(row["segment"] for row in findings_of(table))
    copies = [
        (row, _copy(table, row, status, is_shared=findings_in[row["segment"]] > 1))
        for row in rows
        if not _is_kept(table, row, status)
    ]
    for row, copy in copies:
        accepted, volume = accepted_of(table), volume_of(table)
        if accepted is not None:
            _remove_accepted(table, row)
            put_segments(accepted, copy)
            continue
        accepted = segmentation_from_labels(copy, None, f"{volume.GetName()} accepted findings", volume)
        provenance = provenance_of(table)
        if provenance is not None:
            write_provenance(accepted, provenance)
        table.SetNodeReferenceID(ACCEPTED_ROLE, accepted.GetID())
    if copies and min(geometry_of_volume(volume_of(table)).size) > 1:  # of a picture they would be plates
        accepted_of(table).CreateClosedSurfaceRepresentation()


def _is_kept(table, row: Mapping[str, Any], status: str) -> bool:
    """Whether the accepted segment of a finding stays: an accepted one that was edited is as the reader made it."""
    accepted = accepted_of(table)
    is_there = accepted is not None and accepted.GetSegmentation().GetSegment(accepted_id(row)) is not None
    return is_there and row["status"] in DECIDED and status == ACCEPTED


def _copy(table, row: Mapping[str, Any], status: str, is_shared: bool) -> ReadySegments:
    """A finding's segment for the accepted segmentation, without a surface yet.

    is_shared: whether its segment among the proposals shows other findings too.
    """
    proposals = proposals_of(table)
    segment = proposals.GetSegmentation().GetSegment(row["segment"]) if proposals is not None else None
    if segment is None:
        raise InputError(f"The segment of {row['name']} is not there anymore: find it again, or reject it.")
    if volume_of(table) is None:
        raise InputError("The volume that these findings are in is not in the scene anymore.")
    seen = segment_info(segment, row["segment"])
    info = SegmentInfo(marked_name(row["name"], status), seen.color, accepted_id(row), seen.terminology)
    return ready_segments(_finding_mask(table, row, is_shared), {1: info}, world_to_node(accepted_of(table)))


def _finding_mask(table, row: Mapping[str, Any], is_shared: bool) -> sitk.Image:
    """Mask (0 or 1) of a finding on its volume's voxels, no more of them than its segment needs, as it is now.

    Of a segment that several findings share it is the connected piece at the finding's place.
    """
    proposals, volume = proposals_of(table), volume_of(table)
    mask = segment_part(proposals, row["segment"], geometry_of_volume(volume))
    if not is_shared:
        return mask
    pieces, _ = ndimage.label(sitk.GetArrayViewFromImage(mask), np.ones((3, 3, 3)))
    place = np.rint(Geometry.of(mask).indices(np.array([center_of(row)])))[0].astype(int)[::-1]
    inside = all(0 <= index < size for index, size in zip(place, pieces.shape, strict=True))
    number = pieces[tuple(place)] if inside else 0
    if not number:
        raise InputError(f"{row['name']} is not in its segment anymore: it was edited away. Reject it instead.")
    return Geometry.of(mask).image_of(pieces == number)


def _remove_accepted(table, row: Mapping[str, Any]) -> None:
    accepted = accepted_of(table)
    if accepted is not None and accepted.GetSegmentation().GetSegment(accepted_id(row)) is not None:
        accepted.GetSegmentation().RemoveSegment(accepted_id(row))


def _measured(segmentation, segment_id: str, volume) -> Candidate | None:
    if volume is None:
        return None
    found = candidates_of_labels(segment_part(segmentation, segment_id, geometry_of_volume(volume)))
    return found[0] if found else None


def _flat(candidate: Candidate, volume) -> Candidate:
    return flat_candidate(candidate, geometry_of_volume(volume).spacing[2])


def _write_measured(table, index: int, measured: Candidate) -> None:
    diameter = DIAMETER if table.GetColumnIndex(DIAMETER) >= 0 else DIAMETER_BEFORE
    size = "volume_mm3"
    if table.GetColumnIndex(AREA) >= 0:
        size, measured = AREA, _flat(measured, volume_of(table))
    values = {size: measured.volume_mm3, diameter: measured.diameter_mm}
    values |= dict(zip(CENTER, measured.position, strict=True))
    was_modifying = table.StartModify()
    for name, value in values.items():
        table.GetTable().GetColumnByName(name).SetValue(index, float(value))
    table.GetTable().Modified()
    table.EndModify(was_modifying)


def write_comment(table, index: int, comment: str) -> None:
    """Keep what a reader says of a finding, without a decision."""
    text_column(table, "comment").SetValue(index, saved_text(comment))
    table.GetTable().Modified()
    table.Modified()


def findings_lists(scene=None) -> list:
    """The scene's lists of findings."""
    scene = scene or slicer.mrmlScene
    count = scene.GetNumberOfNodesByClass("vtkMRMLTableNode")
    tables = [scene.GetNthNodeByClass(number, "vtkMRMLTableNode") for number in range(count)]
    return [table for table in tables if is_findings_list(table)]
