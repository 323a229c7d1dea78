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
from ..scene.label_preview import EVERY_VIEW, LabelPreview
from ..scene.slice_preview import content_key
from ..scene.volumes import image_of_volume
from ..segmentation.naming import structures_of
from ..segmentation.outcome import SegmentationOutcome, segment
from .live import LiveRunner, SliceWatch
from .live_switch import LiveSwitch

# A computation on the whole volume waits this long for the user to come to rest.
WHOLE_SETTLE_MS = 400
LOCAL_SETTLE_MS = 30
# Steps that change no voxel of a label map: a preview of slabs can do without them.
NAMES_ONLY = ("segmentation.name_segments",)


@dataclass(frozen=True)
class Inputs:
    """What a preview starts from. key: equal as long as all of it is; make: gives mask, seeds, ... by name (images)."""

    key: tuple
    make: Callable[[], dict[str, Any]]


class LabelPreviewPanel:
    """Switch and state of the preview.

    get_volume: the volume node or None; get_recipe: the chain as shown; get_region: an operation that finds the region
    to search in, or None; get_inputs(volume): what else the chain starts from. All may raise InputError. Call changed()
    whenever one of them gives something else, stop() before the views are to show something else, close() at the end.
    """

    def __init__(
        self,
        get_volume: Callable[[], Any],
        get_recipe: Callable[[], Recipe],
        get_region: Callable[[], Any],
        get_inputs: Callable[[Any], Inputs],
    ) -> None:
        self._get_volume, self._get_recipe = get_volume, get_recipe
        self._get_region, self._get_inputs = get_region, get_inputs
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
        self.live.settle_ms = LOCAL_SETTLE_MS if local else WHOLE_SETTLE_MS
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
        inputs = self._get_inputs(volume)
        source = self._source
        if source is None or source.key != (content_key(volume), inputs.key):
            source = _Source((content_key(volume), inputs.key), image_of_volume(volume), inputs.make())
            self._source = source
        region = self._get_region()
        if view == EVERY_VIEW:
            return (
                lambda progress: source.whole(recipe, region, progress),
                lambda made: self._show_whole(made, source),
            )
        corners = self._watch.corners(view)
        if corners is None:
            return None
        operations = tuple(
            operation for _number, operation in recipe.enabled_steps if operation.declaration.name not in NAMES_ONLY
        )
        return (
            lambda progress: source.part(operations, region, corners, progress),
            lambda made: self._show_part(view, made, recipe, source),
        )

    def _show_whole(self, made: tuple[SegmentationOutcome, float], source: "_Source") -> None:
        if self._preview is None or source is not self._source:
            return
        outcome, seconds = made
        count = self._preview.show(outcome.labels, outcome.structures)
        if not count:
            self._line.say(outcome.message)
            return
        what = _("{count} segments").format(count=count) if count > 1 else _("one segment")
        self._line.say(_("Preview of the whole volume: {what}, {s:.1f} s.").format(what=what, s=seconds))

    def _show_part(self, view: str, made: tuple[sitk.Image, float], recipe: Recipe, source: "_Source") -> None:
        if self._preview is None or source is not self._source:
            return
        labels, seconds = made
        self._preview.show(labels, structures_of(recipe), view)
        self._line.say(_("Preview of the slices in view: {ms:.0f} ms a view.").format(ms=1000 * seconds))

    def _on_working(self, fraction: float) -> None:
        self._line.say(_("Computing the preview ({p:.0f} %)").format(p=100 * fraction))

    def _on_nothing(self, reason: str) -> None:
        if self._preview is not None:
            self._preview.clear()
        self._line.say(reason)


class _Source:
    """The image that is previewed and what else the chain takes, read once; what was learned and computed of it."""

    def __init__(self, key: tuple, image: sitk.Image, things: dict[str, Any]) -> None:
        self.key = key
        self._image, self._things = image, things
        self._region: tuple[Any, sitk.Image] | None = None
        self._preview: tuple[Any, Preview] | None = None
        # a computation given up may still run for a moment
        self._lock = threading.Lock()

    def part(self, operations: tuple, region: Any, corners: np.ndarray, progress: Progress) -> tuple[sitk.Image, float]:
        """Labels in the slab around a flat polygon, and the seconds they took."""
        with _held(self._lock, progress):
            things = self._with_region(region, progress.part(0, 0.5))
            if self._preview is None or self._preview[0] != region:
                companions = {name: thing for name, thing in things.items() if name != "mask"}
                self._preview = region, Preview(self._image, things.get("mask"), **companions)
            preview = self._preview[1]
            preview.prepare(operations, progress.part(0.5, 0.9))
            start = time.monotonic()
            labels = preview.part(operations, corners, progress=progress.part(0.9, 1))
            return labels, time.monotonic() - start

    def whole(self, recipe: Recipe, region: Any, progress: Progress) -> tuple[SegmentationOutcome, float]:
        """All that the chain finds, and the seconds it took."""
        with _held(self._lock, progress):
            things = self._with_region(region, progress.part(0, 0.3 if region is not None else 0))
            start = time.monotonic()
            outcome = segment(recipe, None, progress.part(0.3, 1), image=self._image, **things)
            return outcome, time.monotonic() - start

    def _with_region(self, region: Any, progress: Progress) -> dict[str, Any]:
        """What the chain starts from; the region to search in is found once."""
        if region is None:
            return self._things
        if self._region is None or self._region[0] != region:
            self._region = region, region(self._image, progress=progress)
        return self._things | {"mask": self._region[1]}


@contextmanager
def _held(lock: threading.Lock, progress: Progress) -> Iterator[None]:
    """A lock that is waited for as long as the user does not cancel."""
    while not lock.acquire(timeout=0.02):
        progress.check()
    try:
        yield
    finally:
        lock.release()
