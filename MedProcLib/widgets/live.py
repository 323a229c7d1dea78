"""What previews share: a computation that follows what the user does, and the views and the volume it depends on."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import qt
import slicer
import vtk
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.region_input import made_at
from ..scene.slice_preview import content_key, plane_corners
from ..scene.views import slice_nodes
from .task_runner import Commit, Compute, Ending, Outcome, State, TaskRunner

# After the last change this long nothing is started, so that a slider that moves does not start one for each pixel.
SETTLE_MS = 30
# A computation that takes longer is given up when what it is for has changed, and tells how far it is.
PATIENCE_S = 0.3


class LiveRunner:
    """Computes for one key (a view, say) after the other, always from the newest state; what is outdated is given up.

    start(key): gives (compute, commit), see TaskRunner, or None to try again later; raises InputError when there is
    nothing to compute. say(text): a line for the user; working(fraction): called while a computation takes long;
    failed(text): there was nothing to compute, or the user can mend what is wrong.
    """

    def __init__(
        self,
        start: Callable[[str], tuple[Compute, Commit] | None],
        say: Callable[[str], None],
        working: Callable[[float], None],
        failed: Callable[[str], None],
        settle_ms: int = SETTLE_MS,
    ) -> None:
        self._start, self._say, self._working, self._failed = start, say, working, failed
        self.version = 0
        self.wanted: list[str] = []
        self.settle_ms = settle_ms
        self._running: _Running | None = None
        self._runner = TaskRunner(self._on_progress, lambda state: None, self._on_end)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._next)

    @property
    def idle(self) -> bool:
        """Nothing is computed, waited for or wanted."""
        return not self.wanted and self._runner.state is State.IDLE and not self._timer.active

    def outdate(self) -> None:
        """What is computed now is for a state that is gone."""
        self.version += 1

    def request(self, keys: Sequence[str], allowed: Sequence[str]) -> None:
        """Compute for these keys first, then for those wanted before that are still allowed."""
        self.wanted = list(keys) + [key for key in self.wanted if key not in keys and key in allowed]
        running = self._running
        stale = running is not None and (running.version != self.version or running.key in keys)
        if stale and running is not None and time.monotonic() - running.started > PATIENCE_S:
            self._runner.discard()
        self._wait()

    def stop(self) -> None:
        """Want nothing, and forget what is computed."""
        self._timer.stop()
        self.wanted = []
        self._runner.discard()

    def close(self) -> None:
        """The module goes."""
        self.wanted = []
        self._runner.close()
        self._timer.stop()

    def _next(self) -> None:
        if not self.wanted or self._runner.state is not State.IDLE:
            return
        key = self.wanted.pop(0)
        try:
            job = self._start(key)
        except InputError as error:
            self.wanted = []
            self._failed(str(error))
            return
        if job is None:
            self._wait()
            return
        self._running = _Running(key, self.version, time.monotonic())
        self._runner.start(*job)

    def _on_progress(self, fraction: float, message: str) -> None:
        running = self._running
        if running is not None and time.monotonic() - running.started > PATIENCE_S:
            self._working(fraction)

    def _on_end(self, outcome: Outcome) -> None:
        self._running = None
        if outcome.ending is Ending.INPUT_ERROR:
            self._failed(outcome.message)
        elif outcome.ending is Ending.BUG:
            self.wanted = []
            logging.error(outcome.details)
            self._say(_("This did not work because of an error in the program: {error}").format(error=outcome.message))
        if self.wanted:
            self._wait()

    def _wait(self) -> None:
        self._timer.interval = self.settle_ms
        self._timer.start()


def views_in_layout() -> list[str]:
    """Layout names of the slice views that are seen; all there are where no layout is set up. The application keeps
    the views of layouts that were shown before, each of which would take its time."""
    manager = slicer.app.layoutManager()
    names = list(manager.sliceViewNames()) if manager is not None else []  # None without a main window
    mapped = [node.GetLayoutName() for node in slice_nodes(slicer.mrmlScene) if node.IsMappedInLayout()]
    return [name for name in names if name in mapped] or names


@dataclass(frozen=True)
class _Running:
    key: str
    version: int
    started: float


class SliceWatch:
    """Tells when a slice view shows another place than the one asked for last. moved(view): its layout name."""

    def __init__(self, moved: Callable[[str], None]) -> None:
        self._moved = moved
        self._corners: dict[str, np.ndarray] = {}
        self._observed: list[tuple[Any, int]] = []

    def start(self) -> None:
        """Listen to the views there are."""
        self.stop()
        for node in slice_nodes(slicer.mrmlScene):
            tag = node.AddObserver("ModifiedEvent", lambda caller, event: self._on_slice(caller))
            self._observed.append((node, tag))

    def stop(self) -> None:
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed, self._corners = [], {}

    def corners(self, view: str) -> np.ndarray | None:
        """Corners (4, 3; LPS, mm) of what a view shows now; None for a view that is not there."""
        plane = next((node for node in slice_nodes(slicer.mrmlScene) if node.GetLayoutName() == view), None)
        if plane is None:
            return None
        self._corners[view] = plane_corners(plane)
        return self._corners[view]

    def _on_slice(self, node: Any) -> None:
        view = node.GetLayoutName()
        known = self._corners.get(view)
        if known is None or np.abs(known - plane_corners(node)).max() > 1e-3:
            self._moved(view)


class NodeWatch:
    """Tells when what a node holds is another. changed(): called then.

    key: gives what is equal as long as a node holds the same; events: those after which it is asked for anew.
    """

    def __init__(self, changed: Callable[[], None], key: Callable[[Any], tuple], events: Sequence[Any]) -> None:
        self._changed, self._key_of, self._events = changed, key, events
        self._node: Any = None
        self._tags: list[int] = []
        self._key: tuple = ()

    def watch(self, node: Any) -> None:
        """Listen to this node instead, or to none."""
        if node is self._node:
            return
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._node, self._tags = node, []
        if node is not None:
            self._key = self._key_of(node)
            self._tags = [node.AddObserver(event, lambda caller, event: self._on_event()) for event in self._events]

    def _on_event(self) -> None:
        key = self._key_of(self._node)
        if key != self._key and not slicer.mrmlScene.IsClosing():
            self._key = key
            self._changed()


def volume_watch(changed: Callable[[], None]) -> NodeWatch:
    """Of a volume: its voxels, and where they lie in the world."""
    events = (
        slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
        slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
        vtk.vtkCommand.ModifiedEvent,
    )
    return NodeWatch(changed, _content_of, events)


def _content_of(volume: Any) -> tuple:
    try:
        return content_key(volume)
    except InputError:  # it has no voxels, or not yet
        return ()


def roi_watch(changed: Callable[[], None]) -> NodeWatch:
    """Of a markups ROI: where it is, and its size."""
    return NodeWatch(changed, made_at, (slicer.vtkMRMLMarkupsNode.PointModifiedEvent, vtk.vtkCommand.ModifiedEvent))
