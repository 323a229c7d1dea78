"""Outlines drawn anew: the Segment Editor on a time point, whose strokes are measured as they come."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from ..scene.timeline_display import segments_by_label
from ..scene.timeline_edits import put_patient
from ..scene.timeline_masks import Masks, OutlineHistory, masks_of
from ..scene.timeline_nodes import patient_of_node, segmentation_at, volume_at
from ..scene.timeline_outlines import claim_segments, erased_labels, outlines_of
from ..scene.timeline_rows import titles_of
from .fields import combo
from .segment_editor import SegmentEditor
from .task_runner import Commit, Compute


@dataclass
class _Strokes:
    """What a reader drew: segments of a patient node's time point, and its outlines before."""

    place: tuple[Any, str]
    reader: str
    before: Masks
    segments: list[str]


class OutlinePanel:
    """Works while its section is open.

    section: ctkCollapsibleButton; frame: for the widgets; get_node: the patient's text node, or None; get_track: id of
    the finding that is selected; get_reader: the reader's name; run(prepare): runs it with progress, see RunPanel;
    busy(): whether something runs; say(message, is_problem); corrected(): called when the patient changed.
    """

    def __init__(
        self,
        section: Any,
        frame: Any,
        get_node: Callable[[], Any],
        get_track: Callable[[], str],
        get_reader: Callable[[], str],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
        busy: Callable[[], bool],
        say: Callable[[str, bool], None],
        corrected: Callable[[], None],
    ) -> None:
        self.section = section
        self._get_node, self._get_track, self._get_reader = get_node, get_track, get_reader
        self._run, self._busy, self._say, self._corrected = run, busy, say, corrected
        self._titles: dict[str, str] = {}  # of the time points, by id
        self._edited: tuple[Any, str] | None = None  # patient node and time point that the editor is on
        self._before: Masks = {}
        self._waiting: list[_Strokes] = []  # not measured yet
        self._measuring: _Strokes | None = None
        self._filling = False
        self.outlines = OutlineHistory()
        self.editor = SegmentEditor(self._on_edited, lambda node, ids: None)
        self.point_box = combo("outlineTimePoint", _("The time point whose outlines are drawn"))
        frame.layout().addWidget(self.point_box)
        frame.layout().addWidget(self.editor.widget)
        section.connect("contentsCollapsed(bool)", lambda collapsed: self._on_section(not collapsed))
        self.point_box.connect("currentIndexChanged(int)", lambda index: self._follow())

    def changed(self) -> None:
        """The patient may be another one."""
        node = self._get_node()
        titles = titles_of(patient_of_node(node)) if node is not None else {}
        if titles != self._titles:
            place = self.point_box.currentIndex if list(titles) == list(self._titles) else len(titles) - 1
            self._titles = titles
            self._filling = True
            self.point_box.clear()
            for title in titles.values():
                self.point_box.addItem(title)
            self.point_box.currentIndex = place
            self._filling = False
        self._follow()
        self.section.enabled = bool(titles)

    def look_at(self, track: str) -> None:
        """The reader looks at a finding: its segment is the one to draw."""
        self._follow()

    def ours(self, action: Callable[[], Any]) -> Any:
        """Change segments without that being a reader's drawing."""
        return self.editor.ours(action)

    def restore(self, drawn: Any) -> None:
        """Put outlines back as they were; see OutlineHistory."""
        node = self._get_node()
        self.ours(lambda: self.outlines.restore(node, drawn))
        self._remember()

    def ended(self) -> None:
        """A run ended: strokes that came meanwhile are measured now."""
        drawn, self._measuring = self._measuring, None
        if drawn is not None:  # to no end: what is drawn next goes back to before it
            for each in self._waiting:
                if each.place == drawn.place:
                    each.before = drawn.before
            if self._edited == drawn.place:
                self._before = drawn.before
        while self._waiting and not self._busy():
            drawn = self._waiting.pop(0)
            if segmentation_at(*drawn.place) is not None:
                self._measure(drawn)

    def stop(self) -> None:
        """End drawing, and close the section."""
        self.editor.stop()
        self._edited = None
        self.section.collapsed = True

    def forget(self) -> None:
        """The scene closes."""
        self.editor.forget()
        self.outlines.forget()
        self._edited, self._waiting, self._measuring, self._before = None, [], None, {}
        self.section.collapsed = True

    def close(self) -> None:
        """The module goes."""
        self.editor.close()

    def _chosen(self) -> str:
        place = self.point_box.currentIndex
        return list(self._titles)[place] if 0 <= place < len(self._titles) else ""

    def _follow(self) -> None:
        node, point = self._get_node(), self._chosen()
        if self._filling or self.section.collapsed:
            return
        if self._edited is not None and self._edited != (node, point):  # nobody draws what is not shown
            self.editor.stop()
            self._edited = None
        if node is None or not point:
            return
        if not self._get_reader().strip():
            self._say(_("Type your name as reader before you draw: outlines are kept in your name."), True)
            return
        segmentation, volume = segmentation_at(node, point), volume_at(node, point)
        if segmentation is None or volume is None:
            self._say(_("The volume or the segmentation of this time point is not in the scene anymore."), True)
            return
        observation = next((t.at(point) for t in patient_of_node(node).tracks if t.id == self._get_track()), None)
        ids = segments_by_label(segmentation)
        wanted = next((ids[v] for v in observation.labels if v in ids), "") if observation is not None else ""
        if self._edited is None:
            self._edited = (node, point)
            self._remember()
        self.editor.start(segmentation, volume, wanted)

    def _remember(self) -> None:
        """How the outlines are before the next stroke."""
        segmentation = segmentation_at(*self._edited) if self._edited is not None else None
        self._before = masks_of(segmentation) if segmentation is not None else {}

    def _on_section(self, opened: bool) -> None:
        if opened:
            self.changed()
            self._follow()
        else:
            self.editor.stop()
            self._edited = None

    def _on_edited(self, node: Any, segment_ids: list[str]) -> None:
        self.editor.take()
        if self._edited is None:
            return
        drawn = _Strokes(self._edited, self._get_reader().strip(), self._before, segment_ids)
        if self._busy():
            self._put_off(drawn)
        else:
            self._measure(drawn)

    def _put_off(self, drawn: _Strokes) -> None:
        """Measure it once nothing else runs, with what else was drawn there; the reader may be elsewhere by then."""
        for each in self._waiting:
            if each.place == drawn.place:
                each.segments += drawn.segments
                return
        self._waiting.append(drawn)

    def _measure(self, drawn: _Strokes) -> None:
        (node, point), before = drawn.place, drawn.before

        def prepare() -> tuple[Compute, Commit]:
            labels = [*claim_segments(node, point, list(dict.fromkeys(drawn.segments))), *erased_labels(node, point)]
            outlines = outlines_of(node, point, labels)
            self._measuring = drawn
            if self._edited == drawn.place:
                self._remember()  # what is drawn from now on is measured next

            def commit(patient: Any) -> str:
                if patient_of_node(node) != outlines.patient:  # corrected meanwhile, which must not be lost
                    self._put_off(drawn)
                    return ""
                what = self.ours(lambda: put_patient(node, patient))
                self.outlines.remember(node, point, {label: before.get(label) for label in labels})
                self._measuring = None
                self._corrected()
                return what

            return lambda progress: outlines.redrawn(labels, drawn.reader, progress), commit

        self._run(prepare)
