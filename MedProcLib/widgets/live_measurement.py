"""Figures that follow the segments while they are edited: computed aside, given up when outdated."""

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.measurement_input import MeasurementReader
from .live import LiveRunner, volume_watch
from .live_switch import LiveSwitch
from .task_runner import Commit, Compute

# A brush stroke fires many events: measuring starts once the hand rests so long.
SETTLE_MS = 300
KEY = "measurement"
_Segmentation = slicer.vtkSegmentation
EVENTS = (
    _Segmentation.SourceRepresentationModified,
    _Segmentation.SegmentAdded,
    _Segmentation.SegmentRemoved,
    _Segmentation.SegmentModified,
)


class LiveMeasurement:
    """A check box that keeps the table up to date, and a line that says how it goes.

    widget: to put in a layout. prepare(reader): looks at the nodes, which the reader may know (main thread), and gives
    (compute, commit), see TaskRunner; commit's result is the line; raises InputError. Call watch(segmentation, volume)
    when these may be others, changed() when the settings are, stop() before the views are to show something else,
    close() at the end.
    """

    def __init__(self, prepare: Callable[[Any], tuple[Compute, Commit]]) -> None:
        self._prepare = prepare
        self._reader = MeasurementReader()
        self._nodes: tuple[Any, Any] = (None, None)
        self._observed: list[tuple[Any, int]] = []
        self._volume = volume_watch(self.changed)
        tip = _("Measure again whenever a segment, the volume or a setting changes")
        self._line = LiveSwitch("live", _("Keep measuring while segments are edited"), tip, self._on_switch)
        self.widget, self.switch, self.status_label = self._line.widget, self._line.check_box, self._line.status_label
        self.live = LiveRunner(self._start, self._line.say, self._on_working, self._line.say, SETTLE_MS)

    @property
    def active(self) -> bool:
        return self._line.on

    def watch(self, segmentation: Any, volume: Any) -> None:
        """Follow these nodes instead, or none."""
        if (segmentation, volume) != self._nodes:
            self._nodes = (segmentation, volume)
            if self.active:
                self._observe()
                self.changed()

    def changed(self) -> None:
        """Something that is measured, or how, may be another."""
        self.live.outdate()
        if None in self._nodes:
            self._line.say("")  # what was said is of nodes that are gone
        elif self.active:
            self.live.request([KEY], [KEY])

    def stop(self) -> None:
        """Switch it off."""
        self._line.switch_off()

    def close(self) -> None:
        """The module goes, or the scene closes."""
        self.stop()
        self._nodes = (None, None)
        self.live.close()

    def _on_switch(self, on: bool) -> None:
        if on:
            self._observe()
            self.changed()
            return
        self._forget()
        self.live.stop()
        self._reader = MeasurementReader()  # lets go of the copies and figures
        self._line.say("")

    def _observe(self) -> None:
        self._forget()
        segmentation, volume = self._nodes
        if segmentation is not None:
            content = segmentation.GetSegmentation()
            self._observed += [(content, content.AddObserver(event, self._on_event)) for event in EVENTS]
            event = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
            self._observed.append((segmentation, segmentation.AddObserver(event, self._on_event)))
        self._volume.watch(volume)

    def _forget(self) -> None:
        self._volume.watch(None)
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed = []

    def _on_event(self, caller: Any, event: Any) -> None:
        if not slicer.mrmlScene.IsClosing():
            self.changed()

    def _start(self, key: str) -> tuple[Compute, Commit] | None:
        if None in self._nodes:
            raise InputError(_("Choose the segmentation and the volume to measure."))
        compute, commit = self._prepare(self._reader)
        version = self.live.version

        def commit_newest(result: Any) -> None:
            if version == self.live.version:
                self._line.say(str(commit(result)))

        return compute, commit_newest

    def _on_working(self, fraction: float) -> None:
        self._line.say(_("Measuring ({p:.0f} %)").format(p=100 * fraction))
