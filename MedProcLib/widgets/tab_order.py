"""The order in which Tab goes through a panel: as it is read. Qt goes by the order in which widgets were made."""

from typing import Any

import qt


def order_tabs(widget: Any) -> None:
    """Have Tab go through the widgets in this one's layout from top to bottom, wherever Tab comes to the last of them
    now. Call it again when widgets came or moved."""
    found = _focusable(widget)
    # chained behind the last, which then goes to their end: so all of them stay where it was among others
    for before, after in zip([*found[-1:], *found], found, strict=False):
        if before is not after:
            qt.QWidget.setTabOrder(before, after)


def _focusable(widget: Any) -> list[Any]:
    """The widget itself and those in its layout that take the focus, in order."""
    found = [widget] if widget.focusPolicy != qt.Qt.NoFocus else []
    layout = widget.layout()
    return found + (_in_layout(layout) if layout is not None else [])


def _in_layout(layout: Any) -> list[Any]:
    found = []
    for number in range(layout.count()):
        item = layout.itemAt(number)
        if item.widget() is not None:
            found += _focusable(item.widget())
        elif item.layout() is not None:
            found += _in_layout(item.layout())
    return found
