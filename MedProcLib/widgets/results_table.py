"""Rows of results in a table widget; a click on a row tells which."""

from collections.abc import Callable, Sequence
from typing import Any

import qt

from .name_tips import plain_tip


class ResultsTable:
    """Shows texts and numbers in a QTableWidget of a .ui file.

    on_row(index): called when the user selects a row.
    """

    def __init__(self, widget: Any, on_row: Callable[[int], None]) -> None:
        self.widget = widget
        self._on_row = on_row
        self._filling = False
        self._shown: tuple[Any, ...] = ()
        widget.connect("currentCellChanged(int,int,int,int)", self._on_current_cell)
        widget.connect("cellClicked(int,int)", self._on_clicked)

    def show(self, titles: Sequence[str], lines: Sequence[Sequence[Any]], tips: Sequence[str] = ()) -> None:
        """Show these lines; the selected row stays selected. tips: tooltip of each line."""
        content = (tuple(titles), tuple(map(tuple, lines)), tuple(tips))
        if content == self._shown:
            return
        row = self.row
        self._filling = True
        try:
            self.widget.clear()
            self.widget.columnCount, self.widget.rowCount = len(titles), len(lines)
            self.widget.setHorizontalHeaderLabels(list(titles))
            for number, line in enumerate(lines):
                for column, value in enumerate(line):
                    item = _item(value)
                    item.setToolTip(plain_tip(tips[number]) if tips else "")
                    self.widget.setItem(number, column, item)
            self.widget.resizeColumnsToContents()
            self.widget.resizeRowsToContents()
            if 0 <= row < len(lines):
                self.widget.setCurrentCell(row, 0)
        finally:
            self._filling = False
        self._shown = content

    @property
    def row(self) -> int:
        """The selected row, -1 without one."""
        return int(self.widget.currentRow())

    def _on_current_cell(self, row: int, column: int, previous_row: int, previous_column: int) -> None:
        if not self._filling and row >= 0 and row != previous_row:
            self._on_row(row)

    def _on_clicked(self, row: int, column: int) -> None:
        """A click on the row that is selected already: the views may have moved on since."""
        self._on_row(row)


def shown(value: Any) -> str:
    """A cell's text: numbers with a decimal or two as their size asks, nothing for a figure that is not there."""
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        size = abs(value)
        return f"{value:.0f}" if size >= 1000 else f"{value:.1f}" if size >= 10 else f"{value:.3g}"
    return str(value)


def _item(value: Any) -> Any:
    item = qt.QTableWidgetItem(shown(value))
    if isinstance(value, (int, float)):
        item.setData(qt.Qt.TextAlignmentRole, int(qt.Qt.AlignRight) | int(qt.Qt.AlignVCenter))
    return item
