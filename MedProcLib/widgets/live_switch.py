"""A check box that has something follow what the user does, and a line below it that says how that goes."""

from collections.abc import Callable
from typing import Any

import qt

from .wrapped_label import show_wrapped


class LiveSwitch:
    """widget: to put in a layout.

    name: that the check box and the line are found by; toggled(on): called on a change.
    """

    def __init__(self, name: str, text: str, tool_tip: str, toggled: Callable[[bool], None]) -> None:
        self.widget: Any = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.check_box = qt.QCheckBox(text)
        self.check_box.objectName = f"{name}Switch"
        self.check_box.toolTip = tool_tip
        self.check_box.connect("toggled(bool)", toggled)
        self.status_label = qt.QLabel()
        self.status_label.objectName = f"{name}Status"
        self.status_label.wordWrap = True
        self.status_label.textFormat = qt.Qt.PlainText  # names of nodes may look like tags
        self.status_label.visible = False
        layout.addWidget(self.check_box)
        layout.addWidget(self.status_label)

    @property
    def on(self) -> bool:
        return bool(self.check_box.checked)

    def switch_off(self) -> None:
        self.check_box.checked = False

    def say(self, text: str) -> None:
        """Show a line; an empty one hides it."""
        show_wrapped(self.status_label, text)
