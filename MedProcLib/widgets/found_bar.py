"""After a run that ended in nothing: the button that shows what the steps before had found."""

from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from ..scene.label_preview import ImagePreview, LabelPreview, PreviewSegments, preview_segments
from ..scene.volumes import ReadyImage, ready_image
from ..segmentation.outcome import Found
from .wrapped_label import show_wrapped


@dataclass(frozen=True)
class ReadyFound:
    """What a step gave, ready to be shown over the slices."""

    found: Found
    shown: ReadyImage | PreviewSegments


def ready_found(found: Found | None) -> ReadyFound | None:
    """Do what takes long on large volumes; in any thread."""
    if found is None:
        return None
    if found.thing == "image":
        return ReadyFound(found, ready_image(found.image))
    return ReadyFound(found, preview_segments(found.image != 0 if found.thing == "mask" else found.image))


class FoundBar:
    """widget: hidden as long as there is nothing to show."""

    def __init__(self) -> None:
        self._ready: ReadyFound | None = None
        self._shown: Any = None
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 4)
        self.label = qt.QLabel()
        self.label.wordWrap = True
        layout.addWidget(self.label)
        self.button = qt.QPushButton()
        self.button.objectName = "foundButton"
        self.button.checkable = True
        self.button.toolTip = _("Show it over the slices; it is not added to the scene")
        self.button.connect("toggled(bool)", self._on_toggled)
        layout.addWidget(self.button)
        self.offer(None)

    def offer(self, ready: ReadyFound | None) -> None:
        """Offer to show what a step gave; None offers nothing."""
        self.button.checked = False
        self._ready = ready
        self.widget.visible = ready is not None
        if ready is None:
            return
        found = ready.found
        where = _("step {number}").format(number=found.step) if found.step else _("the region")
        self.button.text = _("Show what {where} gave").format(where=where)
        what = {"labels": _("these segments"), "mask": _("this region"), "image": _("this image")}[found.thing]
        show_wrapped(self.label, _("Before that: {title} gave {what}.").format(title=_(found.title), what=what))

    def _on_toggled(self, on: bool) -> None:
        if self._shown is not None:
            self._shown.clear()
            self._shown = None
        if not on or self._ready is None:
            return
        shown = self._ready.shown
        if isinstance(shown, ReadyImage):
            self._shown = ImagePreview()
            self._shown.show(shown, self._ready.found.title)
        else:
            self._shown = LabelPreview()
            self._shown.show(shown)
