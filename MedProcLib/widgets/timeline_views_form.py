"""The widgets that choose how time points are seen, in a narrow column."""

from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from ..scene.slice_preview import Mode
from .columns import ORIENTATIONS
from .fields import beside, combo, push_button

SHOW_TIP = _("Show the time points this way, registered and linked")
SHOW_AFTER = "MedProc/ShowAfterComparing"  # in the application's settings
BESIDE, FLICKER = "beside", "flicker"
# Title, mode, and the amount's label, smallest, largest, first value and suffix.
CHOICES: tuple[tuple[str, Any, tuple[str, float, float, float, str]], ...] = (
    (_("Beside each other"), BESIDE, ("", 0, 1, 0, "")),
    (_("Fade"), Mode.FADE, (_("Later:"), 0, 100, 50, " %")),
    (_("Swipe"), Mode.SWIPE, (_("Position:"), 0, 100, 50, " %")),
    (_("Checkerboard"), Mode.CHECKERBOARD, (_("Fields:"), 2, 100, 20, " mm")),
    (_("Flicker"), FLICKER, (_("Each for:"), 0.2, 3, 0.7, " s")),
)


class TimelineViewsForm:
    """widget: to put in a layout; nothing is connected yet."""

    def __init__(self) -> None:
        self._filling = False
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        titles = [title for title, _mode, _amount in CHOICES]
        self.mode_box = combo("timelineMode", _("How the time points are seen"), titles)
        self.show_button = push_button("showTimePointsButton", _("Show"), SHOW_TIP)
        form.addRow(beside(self.mode_box, self.show_button))
        self.list_label, self.list = qt.QLabel(_("Columns:")), qt.QListWidget()
        self.list.objectName = "columnsList"
        self.list.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)  # its own idea of its width is too wide
        self.list.textElideMode = qt.Qt.ElideMiddle
        self.list.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.list.toolTip = _("Two to four time points to see beside each other")
        form.addRow(self.list_label, self.list)
        self.orientation_label, self.orientation_box = (
            qt.QLabel(_("Plane:")),
            combo("columnsOrientation", _("The plane of the columns; each view can be turned as usual"), ORIENTATIONS),
        )
        form.addRow(self.orientation_label, self.orientation_box)
        self.pair_label = qt.QLabel(_("Of:"))
        self.below_box = combo("belowTimePoint", _("The time point below"))
        self.over_box = combo("overTimePoint", _("The time point over it"))
        self._pair_row = beside(self.below_box, self.over_box)
        form.addRow(self.pair_label, self._pair_row)
        self.amount_label, self.amount_slider = qt.QLabel(), ctk.ctkSliderWidget()
        self.amount_slider.toolTip = _("How much of the later one is seen, where it begins, how large or how long")
        form.addRow(self.amount_label, self.amount_slider)
        self.image_label = qt.QLabel(_("Image:"))
        self.image_box = combo("timelineImage", _("Which image of each time point is seen"))
        form.addRow(self.image_label, self.image_box)
        self.window_box = qt.QCheckBox(_("One window for all time points"))
        self.window_box.objectName = "sharedWindow"
        self.window_box.checked = True
        self.window_box.toolTip = _("What you set for one time point is set for all")
        form.addRow(self.window_box)
        self.after_box = qt.QCheckBox(_("Show after comparing"))
        self.after_box.objectName = "showAfterComparing"
        self.after_box.checked = slicer.util.settingsValue(SHOW_AFTER, True, converter=slicer.util.toBool)
        self.after_box.toolTip = _(
            "When studies were compared, show them this way with the first finding in the middle; without it the views "
            "stay as they are. It is remembered"
        )
        form.addRow(self.after_box)
        self._show_mode()

    @property
    def mode(self) -> Any:
        return CHOICES[max(self.mode_box.currentIndex, 0)][1]

    def _show_mode(self) -> None:
        label, low, high, first, suffix = CHOICES[self.mode_box.currentIndex][2]
        self.amount_label.text = label
        self.amount_slider.decimals = 1 if self.mode is FLICKER else 0
        self._filling = True
        self.amount_slider.minimum, self.amount_slider.maximum = low, high
        self.amount_slider.singleStep = 0.1 if self.mode is FLICKER else 1
        self.amount_slider.suffix = suffix
        self.amount_slider.value = first
        self._filling = False
        beside = self.mode is BESIDE
        for widget in (self.list_label, self.list, self.orientation_label, self.orientation_box):
            widget.visible = beside
        for widget in (self.pair_label, self._pair_row, self.amount_label, self.amount_slider):
            widget.visible = not beside
