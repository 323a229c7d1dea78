"""After a run that ended in nothing: the button that shows what the steps before had found."""

from typing import Any

import qt
from slicer.i18n import tr as _

from ..scene.label_preview import ImagePreview, LabelPreview, preview_segments
from ..segmentation.outcome import Found
from .wrapped_label import show_wrapped


class FoundBar:
    """widget: hidden as long as there is nothing to show."""

    def __init__(self) -> None:
        self._found: Found | None = None
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

    def offer(self, found: Found | None) -> None:
        """Offer to show what a step gave; None offers nothing."""
        self.button.checked = False
        self._found = found
        self.widget.visible = found is not None
        if found is None:
            return
        where = _("step {number}").format(number=found.step) if found.step else _("the region")
        self.button.text = _("Show what {where} gave").format(where=where)
        what = {"labels": _("segments"), "mask": _("region"), "image": _("image")}[found.thing]
        show_wrapped(self.label, _("Before that: {title} gave this {what}.").format(title=_(found.title), what=what))

    def _on_toggled(self, on: bool) -> None:
        if self._shown is not None:
            self._shown.clear()
            self._shown = None
        if not on or self._found is None:
            return
        if self._found.thing == "image":
            self._shown = ImagePreview()
            self._shown.show(self._found.image, self._found.title)
        else:
            self._shown = LabelPreview()
            labels = self._found.image
            self._shown.show(preview_segments(labels != 0 if self._found.thing == "mask" else labels))
