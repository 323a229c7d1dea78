"""The live preview of a chain of operations in the slice views, with before and after side by side, faded or mixed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ctk
import numpy as np
import qt
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.preview import Preview
from ..core.progress import Progress
from ..core.recipe import Recipe
from ..scene.slice_preview import Mode, Pattern, SlicePreview, content_key, matched_window, plane_corners
from ..scene.views import slice_nodes
from ..scene.volumes import image_of_volume
from .side_by_side import VIEWS, show_side_by_side
from .task_runner import Ending, Outcome, State, TaskRunner

# After the last change this long nothing is started, so that a slider that moves does not start one for each pixel.
SETTLE_MS = 30
# A computation that takes longer is given up when what it is for has changed.
PATIENCE_S = 0.3

SIDE_BY_SIDE = "side by side"
# What can be chosen: title, mode, and the amount's label, smallest, largest, first value and suffix.
CHOICES: tuple[tuple[str, Any, tuple[str, float, float, float, str]], ...] = (
    (_("Fade"), Mode.FADE, (_("After:"), 0, 100, 100, " %")),
    (_("Swipe"), Mode.SWIPE, (_("Position:"), 0, 100, 50, " %")),
    (_("Checkerboard"), Mode.CHECKERBOARD, (_("Fields:"), 2, 100, 20, " mm")),
    (_("Side by side"), SIDE_BY_SIDE, (_("After:"), 0, 100, 100, " %")),
)


class PreviewPanel:
    """Switch, kind of comparison and state of the preview.

    get_volume: the volume node or None; get_recipe: the chain as shown; get_mask: called with the volume, gives an
    image or None, the same one as long as nothing changed; get_reference: the reference volume node or None. All may
    raise InputError. Call changed() whenever one of them gives something else, stop() before the views are to show
    something else, close() when the module goes.
    """

    def __init__(
        self,
        get_volume: Callable[[], Any],
        get_recipe: Callable[[], Recipe],
        get_mask: Callable[[Any], Any] = lambda volume: None,
        get_reference: Callable[[], Any] = lambda: None,
    ) -> None:
        self._get_volume, self._get_recipe = get_volume, get_recipe
        self._get_mask, self._get_reference = get_mask, get_reference
        self._source: _Source | None = None
        self._shown: SlicePreview | None = None
        self._wanted: list[str] = []
        self._running: _Request | None = None
        self._version = 0
        self._window: tuple[int, tuple[float, float]] | None = None
        self._corners: dict[str, np.ndarray] = {}
        self._observed: list[tuple[Any, int]] = []
        self._layout_before: int | None = None
        self._runner = TaskRunner(self._on_progress, lambda state: None, self._on_end)
        self._timer = qt.QTimer()
        self._timer.singleShot = True
        self._timer.interval = SETTLE_MS
        self._timer.connect("timeout()", self._next)
        self._make_widgets()

    def _make_widgets(self) -> None:
        self.widget = qt.QWidget()
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.switch = qt.QCheckBox(_("Preview in the slice views"))
        self.switch.objectName = "previewSwitch"
        self.switch.toolTip = _("Show what the steps would make of the slices in view, while you change them")
        self.switch.connect("toggled(bool)", self._on_switch)
        self.hold_button = qt.QPushButton(_("Hold: before"))
        self.hold_button.toolTip = _("While you press it, the views show the volume as it is")
        self.hold_button.connect("pressed()", lambda: self._set_held(True))
        self.hold_button.connect("released()", lambda: self._set_held(False))
        first = qt.QHBoxLayout()
        first.addWidget(self.switch, 1)
        first.addWidget(self.hold_button)
        rows.addRow(first)
        self.mode_box = qt.QComboBox()
        self.mode_box.objectName = "previewMode"
        self.mode_box.toolTip = _("How before and after are seen")
        for title, _mode, _amount in CHOICES:
            self.mode_box.addItem(title)
        self.mode_box.connect("currentIndexChanged(int)", self._on_mode)
        rows.addRow(_("Compare by:"), self.mode_box)
        self.amount_label = qt.QLabel()
        self.amount_slider = ctk.ctkSliderWidget()
        self.amount_slider.decimals = 0
        self.amount_slider.toolTip = _("How much of the preview is seen, where it begins, or how large its fields are")
        self.amount_slider.connect("valueChanged(double)", lambda value: self._on_pattern())
        rows.addRow(self.amount_label, self.amount_slider)
        self.status_label = qt.QLabel()
        self.status_label.objectName = "previewStatus"
        self.status_label.wordWrap = True
        rows.addRow(self.status_label)
        self._held = False
        self._show_amount()
        self._show_enabled()

    @property
    def active(self) -> bool:
        return bool(self.switch.checked)

    def changed(self) -> None:
        """The chain, the volume or the mask may be another one."""
        self._version += 1
        if self.active:
            self._request(self._views())

    def stop(self) -> None:
        """Switch the preview off; the views show again what they showed before."""
        self.switch.checked = False

    def close(self) -> None:
        """The module goes, or the scene closes."""
        self.stop()
        self._runner.close()
        self._timer.stop()

    def _on_switch(self, on: bool) -> None:
        self._show_enabled()
        if on:
            self._observe()
            self._set_layout()
            self.changed()
        else:
            self._timer.stop()
            self._wanted = []
            self._runner.discard()
            self._forget()
            self._restore_layout()
            self._say("")

    def _on_mode(self, index: int) -> None:
        self._show_amount()
        if self.active:
            self._restore_layout()
            self._set_layout()
            if self._shown is not None:
                self._shown.clear()
            self._request(self._views())

    def _on_pattern(self) -> None:
        if self.active and self._shown is not None:
            self._shown.set_pattern(self._pattern())

    def _set_held(self, held: bool) -> None:
        self._held = held
        self._on_pattern()

    def _pattern(self) -> Pattern:
        mode = CHOICES[self.mode_box.currentIndex][1]
        if self._held:
            return Pattern(Mode.FADE, 0.0)
        amount = float(self.amount_slider.value)
        if mode is Mode.CHECKERBOARD:
            return Pattern(mode, amount)
        return Pattern(Mode.FADE if mode is SIDE_BY_SIDE else mode, amount / 100)

    def _side_by_side(self) -> bool:
        return CHOICES[self.mode_box.currentIndex][1] is SIDE_BY_SIDE

    def _set_layout(self) -> None:
        volume = self._get_volume()
        if not self._side_by_side() or volume is None:
            return
        self._layout_before = slicer.app.layoutManager().layout
        show_side_by_side(volume, volume)

    def _restore_layout(self) -> None:
        if self._layout_before is not None:
            slicer.app.layoutManager().setLayout(self._layout_before)
            self._layout_before = None

    def _views(self) -> list[str]:
        """Layout names of the views that get a preview, the one worked on last first."""
        if self._side_by_side():
            return [VIEWS[1]]
        names = list(slicer.app.layoutManager().sliceViewNames())
        return sorted(names, key=lambda name: name not in self._wanted[:1])

    def _request(self, views: list[str]) -> None:
        allowed = self._views()
        self._wanted = views + [view for view in self._wanted if view not in views and view in allowed]
        running = self._running
        stale = running is not None and (running.version != self._version or running.view in views)
        if stale and running is not None and time.monotonic() - running.started > PATIENCE_S:
            self._runner.discard()
        self._timer.start()

    def _next(self) -> None:
        """Start the next view's preview, unless one is computed still."""
        if not self.active or not self._wanted or self._runner.state is not State.IDLE:
            return
        try:
            source = self._require_source()
            operations = tuple(operation for _number, operation in self._get_recipe().enabled_steps)
            if not operations:
                raise InputError(_("Switch on at least one step."))
        except InputError as error:
            self._wanted = []
            if self._shown is not None:
                self._shown.clear()
            self._say(str(error))
            return
        view = self._wanted.pop(0)
        plane = next((node for node in slice_nodes(slicer.mrmlScene) if node.GetLayoutName() == view), None)
        if plane is None:
            self._timer.start()
            return
        corners = self._corners[view] = plane_corners(plane)
        self._running = _Request(view, self._version, time.monotonic())
        version = self._version
        self._runner.start(
            lambda progress: source.part(operations, corners, progress),
            lambda parts: self._show(view, version, source, parts),
        )

    def _require_source(self) -> "_Source":
        volume = self._get_volume()
        if volume is None:
            raise InputError(_("Choose an input volume to see a preview of."))
        mask, reference = self._get_mask(volume), self._get_reference()
        key = (content_key(volume), None if reference is None else content_key(reference))
        if self._source is None or not self._source.is_of(key, mask):
            self._forget()
            companions = {} if reference is None else {"reference": image_of_volume(reference)}
            self._source = _Source(key, image_of_volume(volume), mask, companions)
        if self._shown is None:
            self._shown = SlicePreview(volume)
        return self._source

    def _show(self, view: str, version: int, source: "_Source", parts: "_Parts") -> None:
        if self._shown is None or source is not self._source or view not in self._views():
            return
        if self._window is None or self._window[0] != version:
            self._window = (version, matched_window(self._shown.volume, parts.before, parts.after))
        self._shown.show(view, parts.after, self._pattern(), self._window[1])
        if parts.exact:
            self._say(_("Preview of the slices in view: {ms:.0f} ms a view.").format(ms=1000 * parts.seconds))
        else:
            self._say(_("Approximate; what it needs of the whole volume is being computed..."))
            self._wanted.append(view)

    def _on_progress(self, fraction: float, message: str) -> None:
        running = self._running
        if running is not None and time.monotonic() - running.started > PATIENCE_S:
            self._say(_("Computing what the preview needs of the whole volume ({p:.0f} %)").format(p=100 * fraction))

    def _on_end(self, outcome: Outcome) -> None:
        self._running = None
        if outcome.ending is Ending.INPUT_ERROR:
            self._say(outcome.message)
        elif outcome.ending is Ending.BUG:
            self._wanted = []
            self._say(_("The preview failed: {error}").format(error=outcome.message))
        if self.active and self._wanted:
            self._timer.start()

    def _observe(self) -> None:
        for node in slice_nodes(slicer.mrmlScene):
            tag = node.AddObserver("ModifiedEvent", lambda caller, event: self._on_slice(caller))
            self._observed.append((node, tag))

    def _on_slice(self, node: Any) -> None:
        view = node.GetLayoutName()
        if not self.active or view not in self._views():
            return
        known = self._corners.get(view)
        if known is None or np.abs(known - plane_corners(node)).max() > 1e-3:
            self._request([view])

    def _forget(self) -> None:
        """Take the previews away, and all that was learned."""
        for node, tag in self._observed if not self.active else []:
            node.RemoveObserver(tag)
        if not self.active:
            self._observed = []
        if self._shown is not None:
            self._shown.clear()
        self._shown, self._source, self._window, self._corners = None, None, None, {}

    def _show_amount(self) -> None:
        label, low, high, first, suffix = CHOICES[self.mode_box.currentIndex][2]
        self.amount_label.text = label
        self.amount_slider.minimum, self.amount_slider.maximum = low, high
        self.amount_slider.suffix = suffix
        self.amount_slider.value = first

    def _show_enabled(self) -> None:
        for widget in (self.mode_box, self.amount_slider, self.hold_button):
            widget.enabled = self.active

    def _say(self, text: str) -> None:
        self.status_label.text = text
        self.status_label.visible = bool(text)


@dataclass(frozen=True)
class _Request:
    view: str
    version: int
    started: float


@dataclass(frozen=True)
class _Parts:
    """Slabs before and after; exact: not with what was learned for other parameters of earlier steps."""

    before: sitk.Image
    after: sitk.Image
    exact: bool
    seconds: float


class _Source:
    """The image that is previewed, read once, and what was learned of it."""

    def __init__(self, key: tuple, image: sitk.Image, mask: sitk.Image | None, companions: dict) -> None:
        self._key, self._mask = key, mask
        self._preview = Preview(image, mask, **companions)
        # a computation given up may still run for a moment
        self._lock = threading.Lock()
        self._approximated: tuple = ()

    def is_of(self, key: tuple, mask: sitk.Image | None) -> bool:
        return key == self._key and mask is self._mask

    def part(self, operations: tuple, corners: np.ndarray, progress: Progress) -> _Parts:
        """The preview in a slice; a first look when that can be had sooner than the exact one."""
        while not self._lock.acquire(timeout=0.02):
            progress.check()
        try:
            ready = self._preview.is_ready(operations)
            approximate = not ready and operations != self._approximated and self._preview.is_ready(operations, True)
            self._approximated = operations if approximate else ()
            if not approximate:
                self._preview.prepare(operations, progress.part(0, 0.9))
            start = time.monotonic()
            after = self._preview.part(operations, corners, approximate, progress.part(0.9, 1))
            seconds = time.monotonic() - start
            return _Parts(self._preview.part((), corners), after, not approximate, seconds)
        finally:
            self._lock.release()
