"""Labels whose text wraps: layouts inside layouts do not ask how high such a text gets."""

from typing import Any

import qt

NARROWEST = 300  # pixels that a line of text has in a module panel of 350


def show_wrapped(label: Any, text: str, width: int = NARROWEST) -> None:
    """Show a text in a label with word wrap, with the height it needs in a narrow panel; an empty one hides it.

    width: that it has there, in pixels. A long text would like to be up to 80 letters wide, and so would the panel be.
    """
    wish_no_width(label)
    if width == NARROWEST:  # what a wider panel leaves is below the text; one beside others is in the middle
        label.setAlignment(qt.Qt.AlignTop | qt.Qt.AlignLeft)
    label.text = text
    label.visible = bool(text)
    label.setMinimumHeight(0)  # what is asked next is never less than this
    label.setMinimumHeight(label.heightForWidth(width) if text else 0)
    around = label.parentWidget()
    while around is not None:  # the sections around it ask only when told
        around.updateGeometry()
        around = around.parentWidget()


def wish_no_width(widget: Any) -> None:
    """Have a widget be as wide as its layout makes it, and ask for no width itself."""
    policy = widget.sizePolicy
    policy.setHorizontalPolicy(qt.QSizePolicy.Ignored)
    widget.setSizePolicy(policy)
