"""Rows of results in a table widget; a click on a row tells which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import qt

from .name_tips import plain_tip

MOST_LESS = 4  # pixels of a column's margins
NO_VALUE = "–"  # in the place of a number


class ResultsTable:
    """Shows texts and numbers in a QTableWidget of a .ui file.

    on_row(index): called when the user selects a row; giving: the first of the columns that are as wide as their
    titles ask, and have a few pixels to give where all columns do not fit, and take where they leave some; None: no
    column has.
    """

    def __init__(self, widget: Any, on_row: Callable[[int], None], giving: int | None = None) -> None:
        self.widget, self._giving = widget, giving
        self._on_row = on_row
        self._filling = False
        self._spare: tuple[Sequence[int], int] = (), 0
        self._extra: dict[int, int] = {}  # pixels that columns have of what all leave
        self._shown: _Content | None = None
        widget.connect("currentCellChanged(int,int,int,int)", self._on_current_cell)
        widget.connect("cellClicked(int,int)", self._on_clicked)
        # it has a range once there is something to scroll to, which in whole columns may stay the same
        widget.setHorizontalScrollMode(qt.QAbstractItemView.ScrollPerPixel)
        widget.horizontalScrollBar().connect("rangeChanged(int,int)", lambda first, last: self.fit())

    def show(self, titles: Sequence[str], lines: Sequence[Sequence[Any]], tips: Sequence[str] = ()) -> None:
        """Show these lines; the selected row stays selected. tips: tooltip of each line."""
        content = _Content(tuple(titles), tuple(map(tuple, lines)), tuple(tips) or ("",) * len(lines))
        before, row = self._shown, self.row
        if content == before:
            return
        self._filling = True
        try:
            if before is not None and before.has_places_of(content):
                self._change(before, content)
            else:
                self._show_anew(content)
                if 0 <= row < len(lines):
                    self.widget.setCurrentCell(row, 0)
        finally:
            self._filling = False
        self._shown = content

    def _show_anew(self, content: "_Content") -> None:
        self.widget.clear()
        self.widget.columnCount, self.widget.rowCount = len(content.titles), len(content.lines)
        self.widget.setHorizontalHeaderLabels(list(content.titles))
        self._show_cells(content, [(row, n) for row, line in enumerate(content.lines) for n in range(len(line))])
        self._extra.clear()
        self.widget.resizeColumnsToContents()
        self.widget.resizeRowsToContents()

    def _change(self, before: "_Content", content: "_Content") -> None:
        """Only the cells that are others: of hundreds of findings a decision changes one."""
        rows, columns, cells = set(), set(), []
        for row, (line, old) in enumerate(zip(content.lines, before.lines, strict=True)):
            others = {n for n, value in enumerate(line) if value != old[n]} if line != old else set()
            cells += [(row, n) for n in (range(len(line)) if content.tips[row] != before.tips[row] else others)]
            if others:
                rows.add(row)
                columns |= others
        self._show_cells(content, cells)
        for column in columns:
            self._extra.pop(column, None)
            self.widget.resizeColumnToContents(column)
        for row in rows:
            self.widget.resizeRowToContents(row)

    def hide(self, columns: Sequence[int], at_least: int) -> None:
        """Columns to hide, in this order, where not all of the table fits; so many of them (at_least) in any case."""
        self._spare = columns, at_least
        self.fit()

    def fit(self) -> None:
        """Columns that together are too wide give some of their titles' margins, so that nobody scrolls; where that is
        not enough, those to spare are hidden. Figures are never cut short: a table that fits neither way is scrolled.
        What they leave is shared by all.

        Called where it becomes too wide; call it also where it may have become wider, of which tables tell nothing.
        """
        table, (spare, at_least) = self.widget, self._spare
        columns = range(table.columnCount)
        for column in columns:
            if table.isColumnHidden(column):  # it has no width
                table.setColumnHidden(column, False)
        widths = {column: table.columnWidth(column) - self._extra.pop(column, 0) for column in columns}
        giving = columns[self._giving :] if self._giving is not None else columns[:0]
        title = table.horizontalHeader().sectionSizeHint
        least = {column: max(title(column) - MOST_LESS, table.sizeHintForColumn(column)) for column in giving}
        least = {column: min(width, least.get(column, width)) for column, width in widths.items()}
        room = table.viewport().width if table.visible else sum(widths.values())  # until it is shown none is known
        for hidden, column in enumerate(spare):
            if hidden < at_least or sum(least.values()) > room:
                table.setColumnWidth(column, widths[column])
                table.setColumnHidden(column, True)
                del widths[column], least[column]
        over = sum(widths.values()) - room
        if 0 < over <= sum(widths.values()) - sum(least.values()):
            while over > 0:
                for column in widths:
                    if over > 0 and widths[column] > least[column]:
                        widths[column], over = widths[column] - 1, over - 1
        elif over < 0 and giving:
            for n, column in enumerate(widths):
                self._extra[column] = -over * (n + 1) // len(widths) - -over * n // len(widths)
        for column, width in widths.items():
            table.setColumnWidth(column, width + self._extra.get(column, 0))

    def give_back(self) -> None:
        """Columns as wide as they need to be, as before they shared what they leave: until fit() is called again."""
        for column, extra in self._extra.items():
            self.widget.setColumnWidth(column, self.widget.columnWidth(column) - extra)
        self._extra.clear()

    def _show_cells(self, content: "_Content", cells: Sequence[tuple[int, int]]) -> None:
        """Told of each cell, a header that fits its columns to their contents would measure all rows each time."""
        model = self.widget.model()
        model.blockSignals(True)
        try:
            for row, column in cells:
                item = _item(content.lines[row][column])
                item.setToolTip(plain_tip(content.tips[row]))
                self.widget.setItem(row, column, item)
        finally:
            model.blockSignals(False)
        self.widget.viewport().update()

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


@dataclass(frozen=True)
class _Content:
    """titles: of the columns; lines: the cells of each row; tips: tooltip of each row."""

    titles: tuple[str, ...]
    lines: tuple[tuple[Any, ...], ...]
    tips: tuple[str, ...]

    def has_places_of(self, other: "_Content") -> bool:
        """Whether the other one has as many cells below the same titles."""
        return self.titles == other.titles and list(map(len, self.lines)) == list(map(len, other.lines))


def shown(value: Any) -> str:
    """A cell's text: numbers with a decimal or two as their size asks, nothing for a figure that is not there."""
    if value is None or value != value:
        return ""
    if not isinstance(value, float):
        return str(value)
    size = abs(value)
    if size >= 10:
        return f"{value:.0f}" if size >= 1000 else f"{value:.1f}"
    # 3.90 stands below 7.66, but a count is no 3.00
    return f"{value:.2f}" if size >= 1 and not value.is_integer() else f"{value:.3g}"


def _item(value: Any) -> Any:
    item = qt.QTableWidgetItem(shown(value))
    if isinstance(value, (int, float)) or value == NO_VALUE:
        item.setData(qt.Qt.TextAlignmentRole, int(qt.Qt.AlignRight) | int(qt.Qt.AlignVCenter))
    return item
