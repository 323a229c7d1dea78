"""The diameters of a table of measurements as lines in the views, which a reader may drag."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import slicer

from MedProcLib.quantification.row import Ends, Row
from MedProcLib.scene.coordinates import lps_of, ras_of
from MedProcLib.scene.markups import line_from_points
from MedProcLib.scene.measurement_table import segment_ids_of
from MedProcLib.scene.reader_edits import AXES, Edit, edits_of, record_edit

TABLE_ROLE = "MedProc.DiameterTable"  # in which a line refers to its table
ATTRIBUTE = "MedProc.Diameter"  # of a line: segment id, component, figure
# Of more objects no lines are drawn: nobody could tell them apart, and each is a node of the scene.
MOST_OBJECTS = 40
TEXT_SCALE = 2.0  # of the lengths in the views; Slicer's own hides small objects

Key = tuple[str, int | None, str]


def show_lines(table, rows: Sequence[Row], volume) -> int:
    """Draw the diameters of the rows, each object's two as line nodes that can be dragged; returns of how many objects.

    Lines that are there are moved, those of objects that are gone are removed. A line that the reader drew stays as
    it is. A segment in several parts is drawn by its parts.
    """
    known = {key: line for line in lines_of(table) if (key := key_of(line)) is not None}
    drawn = {edit.key: edit.ends for edit in edits_of(table)}
    wanted = {key: (drawn.get(key, ends), title) for key, ends, title in _lines(rows, segment_ids_of(table))}
    for key, line in known.items():
        if key not in wanted:
            slicer.mrmlScene.RemoveNode(line)
    for key, (ends, title) in wanted.items():
        if key in known:
            _move(known[key], ends)
            continue
        line = line_from_points(*ends, title, like=volume)
        line.SetLocked(False)
        line.GetDisplayNode().SetTextScale(TEXT_SCALE)
        line.SetNodeReferenceID(TABLE_ROLE, table.GetID())
        line.SetAttribute(ATTRIBUTE, json.dumps(key))
    return len({key[:2] for key in wanted})


def remove_lines(table) -> None:
    """Remove the lines of a table."""
    for line in lines_of(table):
        slicer.mrmlScene.RemoveNode(line)


def lines_of(table) -> list:
    """The line nodes of a table that are in the scene."""
    scene = slicer.mrmlScene
    every = (scene.GetNthNodeByClass(n, "vtkMRMLMarkupsLineNode") for n in range(_count(scene)))
    return [line for line in every if line.GetNodeReferenceID(TABLE_ROLE) == table.GetID()]


def key_of(line) -> Key | None:
    """What a line measures: segment id, component, figure; None for a line that is not ours."""
    text = line.GetAttribute(ATTRIBUTE)
    return tuple(json.loads(text)) if text else None


class LineWatch:
    """Writes what the reader drags into the table.

    get_reader: the reader's name; edited(): called after each change. Start it again when there are other lines; call
    quietly(action) to move lines without that counting as an edit.
    """

    def __init__(self, get_reader: Callable[[], str], edited: Callable[[], None]) -> None:
        self._get_reader, self._edited = get_reader, edited
        self._table: Any = None
        self._observed: list[tuple] = []
        self._ours = False

    @property
    def active(self) -> bool:
        """Whether there are lines to listen to."""
        return bool(self._observed)

    def start(self, table) -> None:
        """Listen to the lines of a table, or to none."""
        self.stop()
        self._table = table
        event = slicer.vtkMRMLMarkupsNode.PointModifiedEvent
        for line in lines_of(table) if table is not None else []:
            self._observed.append((line, line.AddObserver(event, lambda caller, event: self._on_moved(caller))))

    def stop(self) -> None:
        for line, tag in self._observed:
            line.RemoveObserver(tag)
        self._observed, self._table = [], None

    def quietly(self, action: Callable[[], int]) -> int:
        """What the action gives; lines that it moves were not moved by the reader."""
        self._ours = True
        try:
            return action()
        finally:
            self._ours = False

    def _on_moved(self, line) -> None:
        key = key_of(line)
        if self._ours or key is None or line.GetNumberOfDefinedControlPoints() < 2 or self._table.GetScene() is None:
            return
        first, last = (tuple(lps_of(line.GetNthControlPointPositionWorld(index)).tolist()) for index in range(2))
        record_edit(self._table, Edit(*key, (first, last), self._get_reader()))
        self._edited()


def _lines(rows: Sequence[Row], ids: Sequence[str]) -> Iterator[tuple[Key, Ends, str]]:
    objects = [row for row in rows if row.slice is None and not row.time_point and row.long_axis is not None]
    parts = {row.segment for row in objects if (row.component or 0) > 1}
    shown = [row for row in objects if (row.component is not None) == (row.segment in parts)]
    for row in shown[:MOST_OBJECTS]:
        title = row.name if row.component is None else f"{row.name} part {row.component}"
        for figure, axis in AXES.items():
            ends = getattr(row, axis)
            if ends is not None and len(ends[0]) == 3 and np.linalg.norm(np.subtract(*ends)) > 0:
                yield (ids[row.segment - 1], row.component, figure), ends, f"{title} {figure.replace('_', ' ')}"


def _move(line, ends: Ends) -> None:
    for index, point in enumerate(ras_of(ends).tolist()):
        if np.abs(np.subtract(line.GetNthControlPointPositionWorld(index), point)).max() > 1e-6:
            line.SetNthControlPointPositionWorld(index, point)


def _count(scene) -> int:
    return scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode")
