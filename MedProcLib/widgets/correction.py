"""Correction of findings by hand: the Segment Editor in a section of its own, whose edits are noted in the list."""

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..scene.findings import (
    accepted_id,
    accepted_of,
    decide_together,
    finish_edits,
    proposals_of,
    record_edit,
    volume_of,
)
from .name_tips import fill_with_names
from .segment_editor import SegmentEditor

UNNAMED = "unnamed reader"


class Correction:
    """The editor works while its section is open; which segmentation it works on is chosen in a combo box.

    section: ctkCollapsibleButton; get_table: the list of findings, or None; get_reader: the reader's name; corrected():
    called when the list changed through an edit; say(message, is_problem): tells of it.
    """

    def __init__(
        self,
        section: Any,
        combo_box: Any,
        frame: Any,
        get_table: Callable[[], Any],
        get_reader: Callable[[], str],
        corrected: Callable[[], None],
        say: Callable[[str, bool], None] = lambda message, is_problem: None,
    ) -> None:
        self.section, self.combo_box = section, combo_box
        self._get_table, self._get_reader, self._corrected, self._say = get_table, get_reader, corrected, say
        self._nodes: list[Any] = []
        self._names: list[str] = []
        self._row: Any = None
        self._filling = False
        self.editor = SegmentEditor(self._on_edited, self._on_finished)
        frame.layout().addWidget(self.editor.widget)
        section.connect("contentsCollapsed(bool)", lambda collapsed: self._on_section(not collapsed))
        combo_box.connect("currentIndexChanged(int)", self._on_node)

    def changed(self) -> None:
        """The list, or what belongs to it, may be others."""
        table = self._get_table()
        nodes = [] if table is None else [proposals_of(table), accepted_of(table)]
        nodes = [node for node in nodes if node is not None]
        names = [node.GetName() for node in nodes]
        if (nodes, names) != (self._nodes, self._names):
            keep = self._chosen()
            self._nodes, self._names = nodes, names
            self._filling = True
            fill_with_names(self.combo_box, names)
            self.combo_box.currentIndex = nodes.index(keep) if keep in nodes else 0 if nodes else -1
            self._filling = False
            self.combo_box.enabled = bool(nodes)
            if self.editor.node is not None and self.editor.node not in nodes:
                self.stop()
            self._follow()

    def look_at(self, row: Any) -> None:
        """The reader looks at a finding: its segment is the one to edit."""
        self._row = row
        self._follow()

    def decide(self, table: Any, indices: list[int], status: str, reader: str, comment: str | None) -> list[str]:
        """A decision is no edit; see scene.findings.decide_together."""
        names: list[str] = self.editor.ours(lambda: decide_together(table, indices, status, reader, comment))
        self.changed()
        return names

    def stop(self) -> None:
        """End the correction, and close the section."""
        self.editor.stop()
        self.section.collapsed = True

    def forget(self) -> None:
        """The scene closes."""
        self.editor.forget()
        self.section.collapsed = True
        self._nodes, self._row = [], None

    def close(self) -> None:
        """The module goes."""
        self.editor.close()

    def _chosen(self) -> Any:
        index = self.combo_box.currentIndex
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def _follow(self) -> None:
        node, table = self._chosen(), self._get_table()
        if self.section.collapsed or node is None or table is None or volume_of(table) is None:
            return
        segment = ""
        if self._row is not None:
            segment = self._row["segment"] if node is proposals_of(table) else accepted_id(self._row)
        self.editor.start(node, volume_of(table), segment)

    def _on_section(self, opened: bool) -> None:
        if opened:
            self.changed()
            self._follow()
        else:
            self.editor.stop()

    def _on_node(self, index: int) -> None:
        if not self._filling:
            self._follow()

    def _on_edited(self, node: Any, segment_ids: list[str]) -> None:
        reader = self._get_reader().strip() or _(UNNAMED)
        names = [record_edit(self._get_table(), node, segment_id, reader) for segment_id in segment_ids]
        self._corrected()
        self._say(_("{names} corrected by {reader}.").format(names=", ".join(names), reader=reader), False)

    def _on_finished(self, node: Any, segment_ids: list[str]) -> None:
        finish_edits(self._get_table(), node, segment_ids)
        self._corrected()
        self.changed()
