"""The live preview of a segmentation: what the steps find in the slices in view, while they are changed.

Chains of filters and one label rule are computed on the slabs in view; others on the whole volume, once the user
lets go of a slider or a point for a moment.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.preview import Preview, is_local
from ..core.progress import Progress
from ..core.recipe import Recipe
from ..scene.label_preview import EVERY_VIEW, LabelPreview, PreviewSegments, preview_segments
from ..scene.node_reader import NodeReader
from ..scene.segmentation_input import Given, SegmentationSource
from ..scene.slice_preview import content_key
from ..segmentation.naming import structures_of
from ..segmentation.outcome import segment
from ..segmentation.step_memory import StepMemory
from .live import LiveRunner, SliceWatch
from .live_switch import LiveSwitch

# A computation on the whole volume waits this long for the user to come to rest.
WHOLE_SETTLE_MS = 400
# One that goes on from what it found before may start sooner.
FOLLOW_SETTLE_MS = 100
LOCAL_SETTLE_MS = 30
# Steps that change no voxel of a label map: a preview of slabs can do without them.
NAMES_ONLY = ("segmentation.name_segments",)


class LabelPreviewPanel:
    """Switch and state of the preview.

    get_volume: the volume node or None; get_recipe: the chain as shown; get_region: an operation that finds the region
    to search in, or None; get_source(volume): what the chain starts from. All may raise InputError. Call changed()
    whenever one of them gives something else, stop() before the views are to show something else, close() at the end.
    """

    def __init__(
        self,
        get_volume: Callable[[], Any],
        get_recipe: Callable[[], Recipe],
        get_region: Callable[[], Any],
        get_source: Callable[[Any], SegmentationSource],
    ) -> None:
        self._get_volume, self._get_recipe = get_volume, get_recipe
        self._get_region, self._get_source = get_region, get_source
        self._source: _Source | None = None
        self._preview: LabelPreview | None = None
        tip = _("Show what the steps would find, while you change them, the seeds or the region")
        self._line = LiveSwitch("preview", _("Preview in the slice views"), tip, self._on_switch)
        self.widget, self.switch, self.status_label = self._line.widget, self._line.check_box, self._line.status_label
        self.live = LiveRunner(self._start, self._line.say, self._on_working, self._on_nothing)
        self._watch = SliceWatch(self._on_slice)

    @property
    def active(self) -> bool:
        return self._line.on

    def changed(self) -> None:
        """The chain, the volume, the seeds or the region may be others."""
        self.live.outdate()
        if self.active:
            self._request()

    def stop(self) -> None:
        """Switch the preview off; nothing of it stays in the views."""
        self._line.switch_off()

    def close(self) -> None:
        """The module goes, or the scene closes."""
        self.stop()
        self.live.close()

    def is_local(self) -> bool:
        """Whether the chain can be computed on the slabs in view."""
        operations = [operation for _number, operation in self._get_recipe().enabled_steps]
        shown = [each for each in operations if each.declaration.name not in NAMES_ONLY]
        return (
            bool(shown)
            and getattr(shown[-1], "makes_labels", False)
            and is_local(shown[-1])
            and all("image" in each.declaration.gives for each in shown[:-1])
        )

    def _whole_settle_ms(self) -> int:
        follows = any(hasattr(operation, "following") for _number, operation in self._get_recipe().enabled_steps)
        return FOLLOW_SETTLE_MS if follows else WHOLE_SETTLE_MS

    def _on_switch(self, on: bool) -> None:
        if on:
            self._preview = LabelPreview()
            self._watch.start()
            self.changed()
            return
        self.live.stop()
        self._watch.stop()
        self._source = None
        if self._preview is not None:
            self._preview.clear()
            self._preview = None
        self._line.say("")

    def _request(self) -> None:
        local = self.is_local()
        self.live.settle_ms = LOCAL_SETTLE_MS if local else self._whole_settle_ms()
        keys = list(slicer.app.layoutManager().sliceViewNames()) if local else [EVERY_VIEW]
        self.live.request(keys, keys)

    def _on_slice(self, view: str) -> None:
        if self.active and self.is_local():
            self.live.settle_ms = LOCAL_SETTLE_MS
            self.live.request([view], list(slicer.app.layoutManager().sliceViewNames()))

    def _start(self, view: str) -> Any:
        """What computes the preview, of a view or of the whole volume, and what shows it; see LiveRunner."""
        volume, recipe = self._get_volume(), self._get_recipe()
        if volume is None:
            raise InputError(_("Choose an input volume to see a preview of."))
        if not recipe.enabled_steps:
            raise InputError(_("Switch on at least one step."))
        given = self._get_source(volume)
        key = content_key(volume)
        source = self._source
        if source is None or source.key != key:
            source = self._source = _Source(key)
        region = self._get_region()
        if view == EVERY_VIEW:
            return (
                lambda progress: source.whole(given, recipe, region, progress),
                lambda made: self._show_whole(made, source),
            )
        corners = self._watch.corners(view)
        if corners is None:
            return None
        return (
            lambda progress: source.part(given, recipe, region, corners, progress),
            lambda made: self._show_part(view, made, source),
        )

    def _show_whole(self, made: "_Whole", source: "_Source") -> None:
        if self._preview is None or source is not self._source:
            return
        count = self._preview.show(made.segments)
        if not count:
            self._line.say(made.message)
            return
        what = _("{count} segments").format(count=count) if count > 1 else _("one segment")
        text = _("Preview of the whole volume: {what}, {s:.1f}\u00a0s.").format(what=what, s=made.seconds)
        if not made.exact:
            text += " " + _("A first look; the exact result follows...")
            if EVERY_VIEW not in self.live.wanted:
                self.live.wanted.append(EVERY_VIEW)
        self._line.say(text)

    def _show_part(self, view: str, made: tuple[PreviewSegments, float], source: "_Source") -> None:
        if self._preview is None or source is not self._source:
            return
        segments, seconds = made
        self._preview.show(segments, view)
        self._line.say(_("Preview of the slices in view: {ms:.0f}\u00a0ms a view.").format(ms=1000 * seconds))

    def _on_working(self, fraction: float) -> None:
        self._line.say(_("Computing the preview ({p:.0f} %)").format(p=100 * fraction))

    def _on_nothing(self, reason: str) -> None:
        if self._preview is not None:
            self._preview.clear()
        self._line.say(reason)


@dataclass(frozen=True)
class _Whole:
    """What the steps find in the whole volume. exact: see StepMemory; message: why it is empty."""

    segments: PreviewSegments
    seconds: float
    exact: bool
    message: str


class _Source:
    """A volume that is previewed: what was read of it and of the other inputs, learned and computed."""

    def __init__(self, key: tuple) -> None:
        self.key = key
        self._reader = NodeReader()
        self._kept: dict[str, Any] = {}
        self._memory = StepMemory()
        self._region: tuple[Any, sitk.Image] | None = None
        self._preview: tuple[Any, Preview] | None = None
        # a computation given up may still run for a moment
        self._lock = threading.Lock()

    def part(
        self, source: SegmentationSource, recipe: Recipe, region: Any, corners: np.ndarray, progress: Progress
    ) -> tuple[PreviewSegments, float]:
        """Segments in the slab around a flat polygon, and the seconds they took."""
        operations = tuple(
            operation for _number, operation in recipe.enabled_steps if operation.declaration.name not in NAMES_ONLY
        )
        with _held(self._lock, progress):
            given = source.read(self._reader, progress.part(0, 0.1), self._kept)
            things = self._with_region(given, region, progress.part(0.1, 0.5))
            key = (region, source.key)
            if self._preview is None or self._preview[0] != key:
                companions = {name: thing for name, thing in things.items() if name != "mask"}
                self._preview = key, Preview(given.image, things.get("mask"), **companions)
            preview = self._preview[1]
            preview.prepare(operations, progress.part(0.5, 0.9))
            start = time.monotonic()
            labels = preview.part(operations, corners, progress=progress.part(0.9, 1))
            seconds = time.monotonic() - start
            return preview_segments(labels, structures_of(recipe), given.named), seconds

    def whole(self, source: SegmentationSource, recipe: Recipe, region: Any, progress: Progress) -> _Whole:
        """All that the chain finds."""
        with _held(self._lock, progress):
            given = source.read(self._reader, progress.part(0, 0.1), self._kept)
            things = self._with_region(given, region, progress.part(0.1, 0.3 if region is not None else 0.1))
            start = time.monotonic()
            self._memory.begin()
            outcome = segment(recipe, None, progress.part(0.3, 1), self._memory, image=given.image, **things)
            shown = preview_segments(outcome.labels, outcome.structures, given.named)
            return _Whole(shown, time.monotonic() - start, self._memory.exact, outcome.message)

    def _with_region(self, given: Given, region: Any, progress: Progress) -> dict[str, Any]:
        """What the chain starts from; the region to search in is found once."""
        things = dict(given.things)
        if region is not None:
            if self._region is None or self._region[0] != region:
                self._region = region, region(given.image, progress=progress)
            things["mask"] = self._region[1]
        return things


@contextmanager
def _held(lock: threading.Lock, progress: Progress) -> Iterator[None]:
    """A lock that is waited for as long as the user does not cancel."""
    while not lock.acquire(timeout=0.02):
        progress.check()
    try:
        yield
    finally:
        lock.release()
