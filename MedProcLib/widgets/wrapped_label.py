"""Labels whose text wraps: layouts inside layouts do not ask how high such a text gets."""

from typing import Any

NARROWEST = 300  # pixels that a line of text has in a module panel of 350


def show_wrapped(label: Any, text: str, width: int = NARROWEST) -> None:
    """Show a text in a label with word wrap, with the height it needs in a narrow panel; an empty one hides it.

    width: that it has there, in pixels.
    """
    label.text = text
    label.visible = bool(text)
    label.setMinimumHeight(0)  # what is asked next is never less than this
    label.setMinimumHeight(label.heightForWidth(width) if text else 0)
    around = label.parentWidget()
    while around is not None:  # the sections around it ask only when told
        around.updateGeometry()
        around = around.parentWidget()
