"""The table of measurements in the panel: views, filter, choice of columns, sorting; a click shows the place."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..scene.measurement_place import place_of_row
from ..scene.measurement_table import segment_ids_of
from ..scene.tables import rows_of_table, show_table, unit_of_column
from ..scene.views import jump_views
from .fields import row_table, text_label
from .measured_rows import (
    INDENT,
    PARTS,
    SEGMENTS,
    SLICES,
    TIMES,
    USUAL,
    Row,
    ShownColumn,
    columns_of,
    part_of,
    rows_in_view,
    sorted_rows,
    text_to_paste,
    tip_of,
    title_of,
    views_of,
)
from .name_tips import told_apart
from .results_table import ResultsTable
from .segment_choice import color_of
from .wrapped_label import show_wrapped, wish_no_width

# So many rows are filled in; more would take seconds.
MOST_ROWS = 300
MOST_USUAL = 6  # columns of a table that has no usual figure
TABLE_HEIGHT = 190
NARROWEST_FILTER = 60
NOTHING = _("Nothing measured yet.")
SEGMENT_COLUMN = "name"
WIDEST_NAME, WIDEST_PAIR = 112, 190  # pixels, where there is no room for more; what is longer is in the tooltip
COLOR_WIDTH, FEWEST_LETTERS = 30, 6  # pixels of color and margins


class MeasurementView:
    """widget: to put in a layout.

    get_table: the table node, or None; get_segmentation: what it was measured of, for its colors; get_columns,
    set_columns: names of the figures that the reader chose, empty for the usual ones, kept by the caller.
    Call changed() when the table, or what it holds, may be another one.
    """

    def __init__(
        self,
        get_table: Callable[[], Any],
        get_segmentation: Callable[[], Any],
        get_columns: Callable[[], list[str]],
        set_columns: Callable[[list[str]], None],
    ) -> None:
        self._get_table, self._get_segmentation = get_table, get_segmentation
        self._get_columns, self._set_columns = get_columns, set_columns
        self._rows: list[Row] = []
        self._columns: list[ShownColumn] = []
        self._sorted_by = ""
        self._descending = False
        self._filling = False
        self._seen: tuple | None = None
        self._views: list[str] = []
        self._wanted = ""  # the view that the reader chose
        self.shown: list[Row] = []
        self.widget = qt.QWidget()
        self._make_widgets()
        self.changed()

    @property
    def columns(self) -> list[ShownColumn]:
        """All figures of the table."""
        return self._columns

    @property
    def chosen(self) -> list[ShownColumn]:
        """The figures that are shown: the usual ones as they are asked for, those the reader chose as in the table."""
        if wanted := self._get_columns():
            found = [column for column in self._columns if column.name in wanted]
        else:
            found = [column for name in USUAL for column in self._columns if column.name == name]
        return found or self._columns[:MOST_USUAL]

    def _visible(self) -> list[ShownColumn]:
        """The chosen figures; of the usual ones those that this view has, such as areas of slices alone."""
        if self._get_columns():
            return self.chosen
        rows = self.rows_of(self.view)
        return [column for column in self.chosen if any(column.text(row) for row in rows)] or self.chosen

    def rows_of(self, view: str) -> list[Row]:
        """All rows of a view, whatever is filtered."""
        return rows_in_view(self._rows, view)

    @property
    def view(self) -> str:
        """One of measured_rows' views."""
        index = self.view_box.currentIndex
        return self._views[index] if 0 <= index < len(self._views) else SEGMENTS

    def changed(self, note: str = "") -> None:
        """Show the table as it is now. note: what there is to say of it."""
        table = self._get_table()
        show_wrapped(self.note_label, note if table is not None and table.GetNumberOfRows() else NOTHING)
        state = () if table is None else (table.GetID(), table.GetMTime(), table.GetTable().GetMTime())
        if state == self._seen:
            return
        self._seen = state
        self._rows = rows_of_table(table) if table is not None else []
        names = list(self._rows[0]) if self._rows else []
        self._columns = columns_of(names, {name: unit_of_column(table, name) for name in names}, self._rows)
        if table is None:
            self.filter_edit.text = ""  # or it would hide segments of the next patient
        self._show_views()
        self._fill()

    def set_view(self, view: str) -> None:
        """Show another view, where the table has it."""
        if view in self._views:
            self.view_box.currentIndex = self._views.index(view)

    def sort(self, column: str, descending: bool = False) -> None:
        """Sort by a column of the table; '' is its own order."""
        self._sorted_by, self._descending = column, descending
        self._fill()

    def as_text(self) -> str:
        """The rows and figures that are shown, and those that are too many to show, with tabs between the cells."""
        return text_to_paste(self.shown, self.view, self._visible(), self._titles())

    def _titles(self) -> list[str]:
        """Of the columns before the figures."""
        part = {SLICES: [_("Slice")], TIMES: [_("Time")]}
        return [_("Segment"), *part.get(self.view, [])]

    def _show_views(self) -> None:
        views = views_of(self._rows) if self._rows else []
        if views != self._views:
            self._filling = True
            self._views = views
            self.view_box.clear()
            for view in views:
                self.view_box.addItem(_(view))
            self.view_box.currentIndex = next(
                (views.index(v) for v in (self._wanted, TIMES, PARTS) if v in views), 0 if views else -1
            )
            self._filling = False
        tools = (self.view_box, self.filter_edit, self.columns_button, self.table_button)
        for widget in (*tools, self.table_widget):
            widget.visible = bool(self._rows)
        self.view_box.enabled = len(views) > 1

    def _fill(self) -> None:
        view = self.view
        rows = rows_in_view(self._rows, view, self.filter_edit.text)
        if self._sorted_by:
            rows = sorted_rows(rows, self._sorted_by, self._descending, view == PARTS)
        self.shown = rows
        rows, chosen = rows[:MOST_ROWS], self._visible()
        titles = self._titles()
        with_part = len(titles) > 1
        self._filling = True
        self.results.show(
            [*titles, *[column.title for column in chosen]],
            [
                [
                    title_of(row, view),
                    *([part_of(row, view)] if with_part else []),
                    *[column.text(row) for column in chosen],
                ]
                for row in rows
            ],
            [tip_of(row, self._columns) for row in rows],
        )
        self._color(rows, len(chosen) + with_part)
        self._fit_names(rows)
        header = self.table_widget.horizontalHeader()
        header.setSortIndicatorShown(bool(self._sorted_by))
        keys = self._keys()
        if self._sorted_by in keys:
            order = qt.Qt.DescendingOrder if self._descending else qt.Qt.AscendingOrder
            header.setSortIndicator(keys.index(self._sorted_by), order)
        self._filling = False
        hidden = len(self.shown) - len(rows)
        more = _("{n} more rows: filter by name, or see the table node.").format(n=hidden) if hidden else ""
        show_wrapped(self.more_label, more)

    def _fit_names(self, rows: Sequence[Row]) -> None:
        """Names in full where there is room; where there is not, cut so that they can be told apart."""
        table = self.table_widget
        names = [title_of(row, self.view) for row in rows]
        self._set_names(names)
        self.results.give_back()  # names come first
        table.resizeColumnToContents(0)  # the color is in it now
        widest = WIDEST_PAIR if any(row.get("other") is not None for row in rows) else WIDEST_NAME
        others = sum(table.columnWidth(column) for column in range(1, table.columnCount))
        bar = table.verticalScrollBar()
        taken = others + (0 if bar.visible else bar.sizeHint.width())  # it comes once the rows are laid out
        room = table.viewport().width - taken if table.visible else 0  # until it is shown none is known
        if table.columnWidth(0) > max(widest, room):
            table.setColumnWidth(0, max(widest, room))
            letters = (max(widest, room) - COLOR_WIDTH) // table.fontMetrics().averageCharWidth()
            short = told_apart([name for name in names if not name.startswith(INDENT)], max(letters, FEWEST_LETTERS))
            self._set_names([short.get(name, name) for name in names])
        self.results.fit()

    def _set_names(self, names: Sequence[str]) -> None:
        for number, name in enumerate(names):
            item = self.table_widget.item(number, 0)
            if item.text() != name:
                item.setText(name)

    def _color(self, rows: Sequence[Row], figures: int) -> None:
        """Segments in their colors, numbers to the right."""
        colors = _colors(self._get_table(), self._get_segmentation())
        for number, row in enumerate(rows):
            own = not title_of(row, self.view).startswith(INDENT)
            color = colors.get(row["segment"]) if own else None  # a row of before may have left its color
            self.table_widget.item(number, 0).setData(qt.Qt.DecorationRole, color)
            for column in range(1, figures + 1):
                self.table_widget.item(number, column).setData(
                    qt.Qt.TextAlignmentRole, int(qt.Qt.AlignRight) | int(qt.Qt.AlignVCenter)
                )

    def _keys(self) -> list[str]:
        """What each column of the widget sorts by."""
        part = {SLICES: ["slice"], TIMES: ["time_point"]}.get(self.view, [])
        return [SEGMENT_COLUMN, *part, *[column.column for column in self._visible()]]

    def _on_header(self, section: int) -> None:
        keys = self._keys()
        if not 0 <= section < len(keys):
            return
        key = keys[section]
        if key != self._sorted_by:
            self.sort(key, descending=section > 0)  # the largest is what a reader looks for
        elif self._descending == (section > 0):
            self.sort(key, not self._descending)
        else:
            self.sort("")

    def _on_row(self, place: int) -> None:
        if self._filling or not 0 <= place < len(self.shown):
            return
        where = place_of_row(self.shown[place], self._get_table())
        if where is not None:
            jump_views(slicer.mrmlScene, where)

    def _on_view(self, index: int) -> None:
        if not self._filling:
            self._wanted = self.view
            self._fill()

    def _on_columns(self) -> None:
        """Offer all figures to check, in the order of the table."""
        menu = self.columns_menu
        menu.clear()
        shown = {column.name for column in self.chosen}
        for column in self._columns:
            action = menu.addAction(column.title.replace("\n", " "))
            action.checkable = True
            action.checked = column.name in shown
            action.connect("toggled(bool)", lambda on, name=column.name: self._toggle(name, on))
        menu.addSeparator()
        menu.addAction(_("Usual figures")).connect("triggered()", lambda: self._choose([]))

    def _toggle(self, name: str, on: bool) -> None:
        names = [column.name for column in self.chosen]
        self._choose([*names, name] if on else [other for other in names if other != name])

    def _choose(self, names: list[str]) -> None:
        self._set_columns(names)
        self._fill()

    def _make_widgets(self) -> None:
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.note_label = text_label()
        self.view_box = qt.QComboBox()
        self.view_box.objectName = "measurementView"
        self.view_box.toolTip = _(
            "Whole segments, their separate parts, their slices, or the time points of a sequence"
        )
        self.view_box.connect("currentIndexChanged(int)", self._on_view)
        self.filter_edit = qt.QLineEdit()
        self.filter_edit.objectName = "measurementFilter"
        self.filter_edit.placeholderText = _("Filter by name")
        self.filter_edit.toolTip = _("Show only segments whose name holds this text")
        self.filter_edit.setMinimumWidth(NARROWEST_FILTER)
        wish_no_width(self.filter_edit)
        self.filter_edit.connect("textChanged(QString)", lambda text: self._fill())
        self.columns_button = qt.QToolButton()
        self.columns_button.objectName = "measurementColumns"
        self.columns_button.text = _("Columns")
        self.columns_button.toolTip = _("Choose the figures that are shown")
        self.columns_button.popupMode = qt.QToolButton.InstantPopup
        self.columns_menu = qt.QMenu(self.columns_button)
        self.columns_menu.connect("aboutToShow()", self._on_columns)
        self.columns_button.setMenu(self.columns_menu)
        self.table_button = qt.QToolButton()
        self.table_button.objectName = "measurementTableView"
        self.table_button.text = "⤢"
        self.table_button.toolTip = _("Show the whole table, with all figures, beside the images")
        self.table_button.connect("clicked()", lambda: show_table(self._get_table()))
        row = qt.QHBoxLayout()
        row.addWidget(self.view_box)
        row.addWidget(self.filter_edit, 1)
        row.addWidget(self.columns_button)
        row.addWidget(self.table_button)
        tip = _("Click a row to see it in every view, a heading to sort; hover for all figures")
        self.table_widget = row_table("resultsTable", tip)
        self.table_widget.horizontalHeader().setSectionsClickable(True)
        self.table_widget.setMinimumHeight(TABLE_HEIGHT)
        self.results = ResultsTable(self.table_widget, self._on_row, giving=1)
        self.table_widget.horizontalHeader().connect("sectionClicked(int)", self._on_header)
        self.more_label = text_label()
        layout.addWidget(self.note_label)
        layout.addLayout(row)
        layout.addWidget(self.table_widget)
        layout.addWidget(self.more_label)


def _colors(table: Any, segmentation: Any) -> dict[int, Any]:
    """QColor by value of segment in the table; names are not saved there to the letter, and may be alike."""
    if table is None or segmentation is None or segmentation.GetSegmentation() is None:
        return {}
    segments = map(segmentation.GetSegmentation().GetSegment, segment_ids_of(table))
    return {value: color_of(segment) for value, segment in enumerate(segments, 1) if segment is not None}
