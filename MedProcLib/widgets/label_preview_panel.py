"""The live preview of a segmentation: what the steps find in the slices in view, while they are changed.

Chains of filters and one label rule are computed on the slabs in view; others on the whole volume, once the user
lets go of a slider or a point for a moment.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.preview import is_local
from ..core.recipe import Recipe
from ..scene.label_preview import EVERY_VIEW, LabelPreview, PreviewSegments
from ..scene.segmentation_input import SegmentationSource
from ..scene.slice_preview import content_key
from .live import LiveRunner, SliceWatch, views_in_layout, volume_watch
from .live_switch import LiveSwitch
from .previewed_volume import PreviewedVolume, Whole, shown_steps

# A computation on the whole volume waits this long for the user to come to rest.
WHOLE_SETTLE_MS = 400
# One that goes on from what it found before may start sooner.
FOLLOW_SETTLE_MS = 100
LOCAL_SETTLE_MS = 30
# What is wanted first where a step follows strokes: the slices in view, about as they will be.
SLICES = "slices in view"


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
        self._source: PreviewedVolume | None = None
        self._preview: LabelPreview | None = None
        tip = _("Show what the steps would find, while you change them, seeds or region; small segments in 3D too")
        self._line = LiveSwitch("preview", _("Preview in the slice views"), tip, self._on_switch)
        self.widget, self.switch, self.status_label = self._line.widget, self._line.check_box, self._line.status_label
        self.live = LiveRunner(self._start, self._line.say, self._on_working, self._on_nothing)
        self._watch, self._volume_watch = SliceWatch(self._on_slice), volume_watch(self.changed)

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
        shown = shown_steps(self._get_recipe())
        return (
            bool(shown)
            and getattr(shown[-1], "makes_labels", False)
            and is_local(shown[-1])
            and all("image" in each.declaration.gives for each in shown[:-1])
        )

    def _whole_settle_ms(self) -> int:
        return FOLLOW_SETTLE_MS if self._follows() else WHOLE_SETTLE_MS

    def _follows(self) -> bool:
        """Whether a step goes on from what it found before."""
        return any(hasattr(operation, "following") for _number, operation in self._get_recipe().enabled_steps)

    def _on_switch(self, on: bool) -> None:
        if on:
            self._preview = LabelPreview()
            self._watch.start()
            self.changed()
            return
        self.live.stop()
        self._watch.stop()
        self._volume_watch.watch(None)
        self._source = None
        if self._preview is not None:
            self._preview.clear()
            self._preview = None
        self._line.say("")

    def _request(self) -> None:
        local = self.is_local()
        self.live.settle_ms = LOCAL_SETTLE_MS if local else self._whole_settle_ms()
        whole = [SLICES, EVERY_VIEW] if self._follows() else [EVERY_VIEW]
        keys = views_in_layout() if local else whole
        self.live.request(keys, keys)

    def _on_slice(self, view: str) -> None:
        views = views_in_layout()
        if self.active and view in views and self.is_local():
            self.live.settle_ms = LOCAL_SETTLE_MS
            self.live.request([view], views)

    def _start(self, view: str) -> Any:
        """What computes the preview, of a view or of the whole volume, and what shows it; see LiveRunner."""
        volume, recipe = self._get_volume(), self._get_recipe()
        if volume is None:
            raise InputError(_("Choose an input volume to see a preview of."))
        self._volume_watch.watch(volume)
        if not recipe.enabled_steps:
            raise InputError(_("Switch on at least one step."))
        given = self._get_source(volume)
        key = content_key(volume)
        source = self._source
        if source is None or source.key != key:
            source = self._source = PreviewedVolume(key)
        region = self._get_region()
        if view == EVERY_VIEW:
            return (
                lambda progress: source.whole(given, recipe, region, progress),
                lambda made: self._show_whole(made, source),
            )
        if view == SLICES:
            planes = {name: corners for name in views_in_layout() if (corners := self._watch.corners(name)) is not None}
            return (
                lambda progress: source.look(given, recipe, region, planes, progress),
                lambda found: self._show_look(found, source),
            )
        corners = self._watch.corners(view)
        if corners is None:
            return None
        return (
            lambda progress: source.part(given, recipe, region, corners, progress),
            lambda made: self._show_part(view, made, source),
        )

    def _show_whole(self, made: Whole, source: PreviewedVolume) -> None:
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

    def _show_look(self, found: Mapping[str, PreviewSegments], source: PreviewedVolume) -> None:
        if self._preview is None or source is not self._source or not found:
            return
        for view, segments in found.items():
            self._preview.show(segments, view)
        self._line.say(_("Preview of the slices in view; the rest follows..."))

    def _show_part(self, view: str, made: tuple[PreviewSegments, float], source: PreviewedVolume) -> None:
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
