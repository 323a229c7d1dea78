"""Slicer's Segment Editor inside a module: the only place that knows its widget."""

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..scene.edits import EditWatch

EDITOR_TAG = "MedProcSegmentEditor"
# After the last change this long the reader is taken to have come to rest, so that a brush stroke is not interrupted.
SETTLE_MS = 700
BEFORE_EDITOR = 1.0  # priority of an observer that is called before the editor's own


class SegmentEditor:
    """The editor on one segmentation and its volume, with a say in what was changed.

    widget: to put in a layout; the editor itself is made at the first start(). edited(node, segment ids): called when
    the reader changed segments, once for each between start and stop; finished(node, segment ids): at stop, with all of
    those changed since start.
    """

    def __init__(self, edited: Callable[[Any, list[str]], None], finished: Callable[[Any, list[str]], None]) -> None:
        self._edited, self._finished = edited, finished
        self.widget = qt.QWidget()
        self._layout = qt.QVBoxLayout(self.widget)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.editor: Any = None
        self._watch: EditWatch | None = None
        self._tag: int | None = None
        self._changed: list[str] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.interval = SETTLE_MS
        self._timer.connect("timeout()", self.settle)

    @property
    def node(self) -> Any:
        """The segmentation that is edited, or None."""
        return self._watch.node if self._watch is not None else None

    def start(self, segmentation: Any, volume: Any, segment_id: str = "") -> None:
        """Edit a segmentation on a volume; what was edited before is finished first."""
        if segmentation is not self.node:
            self.stop()
            self._require_editor()
            self.editor.setSegmentationNode(segmentation)
            self.editor.setSourceVolumeNode(volume)
            self.editor.installKeyboardShortcuts()  # those of Slicer's own editor: 1 to 9, Esc, Z and Y
            self._watch = EditWatch(segmentation)
            self._tag = segmentation.GetSegmentation().AddObserver(
                EditWatch.event, lambda caller, event: self._timer.start()
            )
        if segment_id and segmentation.GetSegmentation().GetSegment(segment_id) is not None:
            self.editor.setCurrentSegmentID(segment_id)

    def settle(self) -> None:
        """Look for changes now."""
        if self._watch is None:
            return
        new = [each for each in self._watch.changed() if each not in self._changed]
        if new:
            self._changed += new
            self._edited(self._watch.node, new)

    def ours(self, action: Callable[[], Any]) -> Any:
        """Do something to the segments that is no edit of the reader's."""
        self.settle()
        try:
            return action()
        finally:
            if self._watch is not None:
                self._watch.changed()

    def take(self) -> list[str]:
        """The segments changed since start or the last take; what is changed from now on is told anew."""
        changed, self._changed = self._changed, []
        return changed

    def stop(self) -> None:
        """End editing: switch the effect off, and tell what was changed."""
        if self._watch is None:
            return
        self._timer.stop()
        self.editor.setActiveEffect(None)
        self.settle()
        node, changed = self._watch.node, self._changed
        self._let_go()
        if changed:
            self._finished(node, changed)

    def forget(self) -> None:
        """The scene closes: let go of its nodes."""
        self._timer.stop()
        if self._watch is not None:
            self.editor.setActiveEffect(None)
            self._let_go(closing=True)

    def close(self) -> None:
        """The module goes."""
        self.stop()
        if self.editor is not None:
            self.editor.setMRMLScene(None)

    def _let_go(self, closing: bool = False) -> None:
        assert self._watch is not None and self._tag is not None
        self._watch.node.GetSegmentation().RemoveObserver(self._tag)
        self.editor.setSegmentationNode(None)
        self.editor.removeViewObservations()
        self.editor.uninstallKeyboardShortcuts()
        self._watch, self._tag, self._changed = None, None, []
        if closing:
            self._rest_after_close()
        else:
            self._rest()

    def _rest(self) -> None:
        """An idle editor with a node would take up the scene's first segmentation after each batch, such as an import,
        and have the slice views show its volume."""
        self.editor.setMRMLSegmentEditorNode(None)

    def _rest_after_close(self) -> None:
        """The editor does nothing while a scene closes: its effect, with the brush and the pointer in the views, is put
        away afterwards, as long as it has its node."""

        def on_closed(caller: Any, event: Any) -> None:
            caller.RemoveObserver(tag)
            if self._watch is None:
                self.editor.setSegmentationNode(None)
                self.editor.setActiveEffect(None)
                self.editor.updateWidgetFromMRML()
                self._rest()

        scene = slicer.mrmlScene
        tag = scene.AddObserver(scene.EndBatchProcessEvent, on_closed, BEFORE_EDITOR)  # of the closing, or around it

    def _require_editor(self) -> None:
        if self.editor is None:
            self.editor = slicer.qMRMLSegmentEditorWidget()
            self.editor.setMaximumNumberOfUndoStates(10)
            self.editor.segmentationNodeSelectorVisible = False
            self.editor.sourceVolumeNodeSelectorVisible = False
            self.editor.switchToSegmentationsButtonVisible = False
            self._layout.addWidget(self.editor)
        # the node first: the scene then finds the choices that are kept in it
        self.editor.setMRMLSegmentEditorNode(_editor_node())
        self.editor.setMRMLScene(slicer.mrmlScene)


def _editor_node() -> Any:
    """The editor's own node in the scene, apart from that of Slicer's Segment Editor."""
    scene = slicer.mrmlScene
    node = scene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag(EDITOR_TAG)
        node.SetName(_("MedProc segment editor"))
        node = scene.AddNode(node)
    return node
