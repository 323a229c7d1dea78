"""The live preview of a chain of operations in the slice views, with before and after side by side, faded or mixed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ctk
import numpy as np
import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.preview import Preview
from ..core.progress import Progress
from ..core.recipe import Recipe
from ..scene.node_reader import NodeReader
from ..scene.region_input import RegionSource
from ..scene.slice_preview import Mode, Pattern, SlicePreview, content_key, matched_window
from .live import LiveRunner, SliceWatch, views_in_layout, volume_watch
from .side_by_side import VIEWS, show_side_by_side
from .wrapped_label import show_wrapped

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

    get_volume: the volume node or None; get_recipe: the chain as shown; get_mask: the region of interest or None;
    get_reference: the reference volume node or None. All may raise InputError. Call changed() whenever one of them
    gives something else, stop() before the views are to show something else, close() when the module goes.
    """

    def __init__(
        self,
        get_volume: Callable[[], Any],
        get_recipe: Callable[[], Recipe],
        get_mask: Callable[[], RegionSource | None] = lambda: None,
        get_reference: Callable[[], Any] = lambda: None,
    ) -> None:
        self._get_volume, self._get_recipe = get_volume, get_recipe
        self._get_mask, self._get_reference = get_mask, get_reference
        self._source: _Source | None = None
        self._shown: SlicePreview | None = None
        self._window: tuple[int, tuple[float, float]] | None = None
        self._give_views_back: Callable[[], None] | None = None
        self.live = LiveRunner(self._start, self._say, self._on_working, self._on_nothing)
        self._watch, self._volume_watch = SliceWatch(self._on_slice), volume_watch(self.changed)
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
        self.status_label.textFormat = qt.Qt.PlainText  # names of nodes may look like tags
        rows.addRow(self.status_label)
        self._say("")
        self._held = False
        self._show_amount()
        self._show_enabled()

    @property
    def active(self) -> bool:
        return bool(self.switch.checked)

    def changed(self) -> None:
        """The chain, the volume or the mask may be another one."""
        self.live.outdate()
        if self.active:
            self._request(self._views())

    def stop(self) -> None:
        """Switch the preview off; the views show again what they showed before."""
        self.switch.checked = False

    def close(self) -> None:
        """The module goes, or the scene closes."""
        self.stop()
        self.live.close()

    def _on_switch(self, on: bool) -> None:
        self._show_enabled()
        if on:
            self._watch.start()
            self._set_layout()
            self.changed()
        else:
            self.live.stop()
            self._watch.stop()
            self._volume_watch.watch(None)
            self._forget()
            self._restore_layout()
            self._say("")

    def _on_mode(self, index: int) -> None:
        self._show_amount()
        if self.active:
            if self._shown is not None:
                self._shown.clear()
            self._restore_layout()
            self._set_layout()
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
        self._give_views_back = show_side_by_side(volume, volume)

    def _restore_layout(self) -> None:
        if self._give_views_back is not None:
            self._give_views_back()
            self._give_views_back = None

    def _views(self) -> list[str]:
        """Layout names of the views that get a preview, the one worked on last first."""
        if self._side_by_side():
            return [VIEWS[1]]
        return sorted(views_in_layout(), key=lambda name: name not in self.live.wanted[:1])

    def _request(self, views: list[str]) -> None:
        self.live.request(views, self._views())

    def _start(self, view: str) -> Any:
        """What computes the preview of a view, and what shows it; see LiveRunner."""
        source = self._require_source()
        operations = tuple(operation for _number, operation in self._get_recipe().enabled_steps)
        if not operations:
            raise InputError(_("Switch on at least one step."))
        corners = self._watch.corners(view)
        if corners is None:
            return None
        version = self.live.version
        return (
            lambda progress: source.part(operations, corners, progress),
            lambda parts: self._show(view, version, source, parts),
        )

    def _on_nothing(self, reason: str) -> None:
        if self._shown is not None:
            self._shown.clear()
        self._say(reason)

    def _require_source(self) -> "_Source":
        volume = self._get_volume()
        if volume is None:
            raise InputError(_("Choose an input volume to see a preview of."))
        self._volume_watch.watch(volume)
        mask, reference = self._get_mask(), self._get_reference()
        key = (content_key(volume), mask, None if reference is None else content_key(reference))
        if self._source is None or self._source.key != key:
            self._forget()
            self._source = _Source(key, volume, mask, reference)
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
            self.live.wanted.append(view)

    def _on_working(self, fraction: float) -> None:
        self._say(_("Computing what the preview needs of the whole volume ({p:.0f} %)").format(p=100 * fraction))

    def _on_slice(self, view: str) -> None:
        if self.active and view in self._views():
            self._request([view])

    def _forget(self) -> None:
        """Take the previews away, and all that was learned."""
        if self._shown is not None:
            self._shown.clear()
        self._shown, self._source, self._window = None, None, None

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
        show_wrapped(self.status_label, text)


@dataclass(frozen=True)
class _Parts:
    """Slabs before and after; exact: not with what was learned for other parameters of earlier steps."""

    before: Any
    after: Any
    exact: bool
    seconds: float


class _Source:
    """The volume that is previewed, read once, and what was learned of it."""

    def __init__(self, key: tuple, volume: Any, mask: RegionSource | None, reference: Any) -> None:
        self.key = key
        self._nodes = volume, mask, reference
        self._known: Preview | None = None
        # a computation given up may still run for a moment
        self._lock = threading.Lock()
        self._approximated: tuple = ()

    def _preview(self, progress: Progress) -> Preview:
        if self._known is None:
            volume, mask, reference = self._nodes
            reader = NodeReader()
            progress(0.0, "")
            image = reader.image(volume, progress)
            companions = {} if reference is None else {"reference": reader.image(reference, progress)}
            region = None if mask is None else mask.mask(Geometry.of(image), reader, progress)
            self._known = Preview(image, region, **companions)
        return self._known

    def part(self, operations: tuple, corners: np.ndarray, progress: Progress) -> _Parts:
        """The preview in a slice; a first look when that can be had sooner than the exact one."""
        while not self._lock.acquire(timeout=0.02):
            progress.check()
        try:
            preview = self._preview(progress)
            ready = preview.is_ready(operations)
            approximate = not ready and operations != self._approximated and preview.is_ready(operations, True)
            self._approximated = operations if approximate else ()
            if not approximate:
                preview.prepare(operations, progress.part(0, 0.9))
            start = time.monotonic()
            after = preview.part(operations, corners, approximate, progress.part(0.9, 1))
            seconds = time.monotonic() - start
            return _Parts(preview.part((), corners), after, not approximate, seconds)
        finally:
            self._lock.release()
