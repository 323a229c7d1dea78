"""Which segments of a segmentation to measure: all, those that are visible, or those checked in a list."""

from collections.abc import Callable
from typing import Any

import qt

from .name_tips import plain_tip

ALL, VISIBLE, CHECKED = "All", "Visible", "Checked in a list"
CHOICES = (ALL, VISIBLE, CHECKED)
ROWS_SHOWN = 5


class SegmentList:
    """A QListWidget of a .ui file with a check box for each segment.

    on_checked(ids): called when the user checked or unchecked one; the ids are kept by the caller.
    """

    def __init__(self, widget: Any, on_checked: Callable[[list[str]], None]) -> None:
        self.widget = widget
        self._on_checked = on_checked
        self._ids: list[str] = []
        self._filling = False
        widget.textElideMode = qt.Qt.ElideMiddle
        widget.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        widget.connect("itemChanged(QListWidgetItem*)", lambda item: self._on_changed())

    def show(self, segmentation: Any, checked: list[str]) -> None:
        """List the segments of a node, these checked."""
        content: Any = segmentation.GetSegmentation() if segmentation is not None else None
        self._ids = list(content.GetSegmentIDs()) if content is not None else []
        self._filling = True
        try:
            self.widget.clear()
            for segment_id in self._ids:
                segment = content.GetSegment(segment_id)
                item = qt.QListWidgetItem(segment.GetName())
                item.setToolTip(plain_tip(segment.GetName()))
                item.setFlags(qt.Qt.ItemIsUserCheckable | qt.Qt.ItemIsEnabled)
                item.setCheckState(qt.Qt.Checked if segment_id in checked else qt.Qt.Unchecked)
                item.setData(qt.Qt.DecorationRole, color_of(segment))
                self.widget.addItem(item)
        finally:
            self._filling = False
        row = max(self.widget.sizeHintForRow(0), self.widget.fontMetrics().lineSpacing())
        self.widget.setFixedHeight(row * min(max(len(self._ids), 1), ROWS_SHOWN) + 6)

    def _on_changed(self) -> None:
        if not self._filling:
            checked = [self.widget.item(number).checkState() == qt.Qt.Checked for number in range(len(self._ids))]
            self._on_checked([segment_id for segment_id, on in zip(self._ids, checked, strict=True) if on])


def color_of(segment: Any) -> Any:
    """The color of a vtkSegment as a QColor."""
    return qt.QColor(*(round(255 * part) for part in segment.GetColor()))


def chosen_segments(segmentation: Any, choice: str, checked: list[str]) -> list[str]:
    """Ids of the segments that are chosen, in their order."""
    ids = list(segmentation.GetSegmentation().GetSegmentIDs())
    if choice == VISIBLE:
        display = segmentation.GetDisplayNode()
        return (
            ids if display is None else [segment_id for segment_id in ids if display.GetSegmentVisibility(segment_id)]
        )
    return ids if choice == ALL else [segment_id for segment_id in ids if segment_id in checked]
