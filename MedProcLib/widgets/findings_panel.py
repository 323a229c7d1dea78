"""The list of findings that a reader goes through: a row each, keys to accept and reject, and all views jump along."""

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.decisions import ACCEPTED, EDITED, PROPOSED, REJECTED
from ..scene.findings import AREA, center_of, decide_together, findings_of, write_comment
from ..scene.views import jump_views
from .fields import allow, beside, line_edit, row_table, text_label
from .finding_text import line_of, reason_of, size_of, sort_values, tip_of
from .measured_rows import is_large
from .results_table import ResultsTable
from .review_list import (
    TABLE_HEIGHT,
    Pages,
    Sorting,
    around,
    connect_buttons,
    decision_buttons,
    enter_returns_to,
    reader_field,
)
from .wrapped_label import NARROWEST, show_wrapped

FILTERS = (
    (_("All"), ()),
    (_("Proposed"), (PROPOSED,)),
    (_("Accepted"), (ACCEPTED, EDITED)),
    (_("Rejected"), (REJECTED,)),
)


class FindingsPanel:
    """widget: to put in a layout.

    get_table: the list's table node, or None; get_reader, set_reader: the reader's name, kept by the caller;
    say(message, is_problem): tells how a decision went; selected(row): called when another finding is looked at, with
    its row (a dictionary); decide: see scene.findings.decide_together. Call changed() when the list may be another one.
    """

    def __init__(
        self,
        get_table: Callable[[], Any],
        get_reader: Callable[[], str],
        set_reader: Callable[[str], None],
        say: Callable[[str, bool], None],
        selected: Callable[[Any], None] = lambda row: None,
        decide: Callable[[Any, list[int], str, str, str | None], list[str]] = decide_together,
    ) -> None:
        self._decide = decide
        self._get_table, self._get_reader, self._set_reader = get_table, get_reader, set_reader
        self._say, self._selected = say, selected
        self._rows: list[dict[str, Any]] = []
        self._fitting: list[int] = []  # rows of the list that the filter leaves, in order
        self._indices: list[int] = []  # those of them on the page that is shown
        self._decided: list[list[int]] = []  # rows decided here, in order: a time to the second tells too little
        self._seen: tuple = ()
        self._several = False  # more than one finding was selected when the comment was shown
        self._filling = False
        self.widget = qt.QWidget()
        self._make_widgets()
        self._connect()
        self.changed()

    @property
    def row(self) -> int:
        """The selected row of the list (of all findings), -1 without one."""
        place = self.results.row
        return self._indices[place] if 0 <= place < len(self._indices) else -1

    @property
    def chosen(self) -> list[int]:
        """The rows of the list that a decision is about: those selected, in the order shown."""
        places = sorted(index.row() for index in self.table_widget.selectionModel().selectedRows())
        chosen = [self._indices[place] for place in places if place < len(self._indices)]
        return chosen or ([self.row] if self.row >= 0 else [])

    def rows(self) -> list[dict[str, Any]]:
        """The findings as they are listed."""
        return self._rows

    def changed(self) -> None:
        """Show the list as it is now."""
        table = self._get_table()
        state = (None, 0) if table is None else (table.GetID(), table.GetMTime(), table.GetTable().GetMTime())
        if state != self._seen:
            is_other = not self._seen or self._seen[0] != state[0]
            if is_other:
                self.pages.go_to(0)
                self._decided = []
                self.comment_edit.text, self._several = "", False  # it was of a finding of the other list
                self._filling = True
                self.filter_box.currentIndex = 0  # or it would hide findings of this one
                self.table_widget.setCurrentCell(-1, 0)  # nobody has looked at any of these
                self._filling = False
            self._seen = state
            self._rows = findings_of(table)
            self._fill()
        self._show_buttons()

    def select(self, index: int) -> None:
        """Select a finding by its row in the list, and look at it; one that is not shown is looked for."""
        if index not in self._fitting:
            self._filling = True
            self.filter_box.currentIndex = 0
            self._filling = False
            self._filter()
        if index not in self._indices:
            self.pages.go_to(self._fitting.index(index))
            self._fill()
        place = self._indices.index(index)
        same = self.results.row == place
        self.table_widget.setCurrentCell(place, 0)  # and nothing else stays selected
        if same:
            self._on_row(place)

    def accept(self) -> None:
        self.decide(ACCEPTED)

    def reject(self) -> None:
        self.decide(REJECTED)

    def undo(self) -> None:
        """Make the selected findings proposals again; where they are, those that were decided last, and look at
        them."""
        indices = self._to_undo()
        if indices and self.row not in indices:
            self.select(indices[0])
        self._write(indices or [self.row], PROPOSED)

    def next(self) -> None:
        """Look at the next finding of those shown."""
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def decide(self, status: str) -> None:
        """Write the reader's decision on the selected findings, and go on to the next open one."""
        self._write(self.chosen or [self.row], status)

    def _write(self, indices: list[int], status: str) -> None:
        comment = self.comment_edit.text
        if self._several:
            comment = comment.strip() or None  # what was said of each stays
        elif len(indices) > 1:
            comment = None  # the field holds what was said of one of them
        try:
            names = self._decide(self._get_table(), indices, status, self._get_reader(), comment)
        except InputError as error:
            self._say(str(error), True)
            return
        self._decided.append(indices)
        text = _("{finding} is {status}.") if len(names) == 1 else _("{count} findings are {status}.")
        self._say(text.format(finding=names[0], count=len(names), status=_(status)), False)
        open_ = (n for n in self._after(indices[-1]) if self._rows[n]["status"] == PROPOSED and n not in indices)
        after = next(open_, None)
        self.changed()
        if status != PROPOSED and self.advance_box.checked and after is not None:
            self.select(after)

    def _after(self, index: int) -> list[int]:
        """Rows after this one in the order shown, then those before it."""
        place = self._fitting.index(index) if index in self._fitting else -1
        return self._fitting[place + 1 :] + self._fitting[: max(place, 0)]

    def _to_undo(self) -> list[int]:
        """The rows whose decision is taken back next, none when no one is decided."""
        decided = [n for n, row in enumerate(self._rows) if row["status"] != PROPOSED]
        selected = [n for n in self.chosen if n in decided]
        if selected or not decided:
            return selected
        last = {row: place for place, rows in enumerate(self._decided) for row in rows}
        newest = max(decided, key=lambda n: (self._rows[n]["decided"], last.get(n, -1)))
        return [n for n in self._decided[last[newest]] if n in decided] if newest in last else [newest]

    def _step(self, places: int) -> None:
        if self._fitting:
            self.select(around(self._fitting, self.row, places, self.pages.first))

    def _filter(self) -> None:
        statuses = FILTERS[self.filter_box.currentIndex][1]
        fitting = [n for n, row in enumerate(self._rows) if not statuses or row["status"] in statuses]
        self._fitting = self.sorting.ordered(fitting, lambda n, column: sort_values(self._rows[n])[column])

    def _fill(self) -> None:
        selected = self.row
        self._filling = True
        self.table_widget.clearSelection()
        self._filter()
        self._indices = self.pages.part(self._fitting)
        # the row stays with its finding when the filter takes others away
        # an edited finding has another volume than the score by which it was found
        scored = any(
            row["score"] not in (size_of(row), None) and row["score"] == row["score"] and row["status"] != EDITED
            for row in self._rows
        )
        flat = any(AREA in row for row in self._rows)
        in_ml = not flat and any(is_large(size_of(row)) for row in self._rows)
        size = _("Area\n[mm²]") if flat else _("Volume\n[ml]") if in_ml else _("Volume\n[mm³]")
        titles = [_("Finding"), size, _("Equiv. Ø\n[mm]"), _("Score")]
        self.results.show(
            titles if scored else titles[:3],
            [line_of(self._rows[n], in_ml)[: 4 if scored else 3] for n in self._indices],
            [tip_of(self._rows[n]) for n in self._indices],
        )
        tip = _("Diameter of the ball of this volume; MedProc Quantification measures the longest one")
        if flat:
            tip = _("Diameter of the disk of this area; MedProc Quantification measures the longest one")
        self.table_widget.horizontalHeaderItem(2).setToolTip(tip)
        header = self.table_widget.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        if selected in self._indices:
            self.table_widget.setCurrentCell(self._indices.index(selected), 0)
        self._filling = False
        self._details.visible = self.filter_box.visible = bool(self._rows)
        counts = [sum(row["status"] in wanted for row in self._rows) for _title, wanted in FILTERS[1:]]
        text = _("{proposed} proposed, {accepted} accepted, {rejected} rejected.").format(
            proposed=counts[0], accepted=counts[1], rejected=counts[2]
        )
        if self._rows:
            show_wrapped(self.summary_label, text, NARROWEST // 2)  # beside the filter
        else:
            show_wrapped(self.summary_label, _("No findings yet: apply the steps."))
        if self.row < 0:
            self._show_reason(None)

    def _on_row(self, place: int) -> None:
        if self._filling:
            return
        row = self._rows[self._indices[place]]
        jump_views(slicer.mrmlScene, center_of(row))
        self._on_selection()
        self._selected(row)

    def _on_selection(self) -> None:
        if self._filling or self.row < 0:
            return
        row, several = self._rows[self.row], len(self.chosen) > 1
        if several != self._several or not several:  # of several what is typed is for all of them
            self.comment_edit.text = "" if several else row["comment"]
        self._several = several
        self._show_reason(row)
        self._show_buttons()

    def _show_reason(self, row: Any) -> None:
        count = len(self.chosen)
        if count > 1:
            text = _("{count} findings are selected: they are accepted or rejected together, and undone together.")
            show_wrapped(self.reason_label, text.format(count=count))
        else:
            show_wrapped(self.reason_label, reason_of(row) if row is not None else "")

    def _show_buttons(self) -> None:
        nameless = "" if self._get_reader().strip() else _("Type your name as reader.")
        missing = _("Select a finding in the list.") if self.row < 0 else nameless
        untouched = nameless or ("" if self._to_undo() else _("No finding is decided yet."))
        undo = _("Take back the decision on the selected finding, or on another the last one made (key U, or Alt+U)")
        for name, reason, tip in (
            ("accept", missing, _("Accept the finding: it becomes a segment of its own (key A; Alt+A from the views)")),
            ("reject", missing, _("Reject the finding: its segment is hidden (key R; Alt+R from the views)")),
            ("undo", untouched, undo),
        ):
            allow(self.buttons[name], tip, reason)
        count = len(self.chosen)
        for name, title, titles in (
            ("accept", _("Accept"), _("Accept {count}")),
            ("reject", _("Reject"), _("Reject {count}")),
        ):
            self.buttons[name].text = titles.format(count=count) if count > 1 else title
        for name in ("next", "previous"):
            self.buttons[name].enabled = bool(self._indices)
        if self.reader_edit.text != self._get_reader():
            self.reader_edit.text = self._get_reader()

    def _on_filter(self, index: int) -> None:
        if not self._filling:
            self.pages.go_to(0)
            self._fill()
            self._show_buttons()

    def _on_page(self) -> None:
        self._fill()
        self._show_buttons()

    def _on_reader(self, text: str) -> None:
        self._set_reader(text)
        self._show_buttons()

    def _on_comment(self) -> None:
        index, table = self.row, self._get_table()
        if index >= 0 and len(self.chosen) == 1 and self._rows[index]["comment"] != self.comment_edit.text:
            write_comment(table, index, self.comment_edit.text)
            self.changed()

    def _make_widgets(self) -> None:
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.summary_label = qt.QLabel()
        self.summary_label.wordWrap = True
        self.filter_box = qt.QComboBox()
        self.filter_box.objectName = "findingsFilter"
        self.filter_box.toolTip = _("Which findings are listed")
        for title, _statuses in FILTERS:
            self.filter_box.addItem(title)
        layout.addWidget(beside(self.summary_label, self.filter_box))
        self._details = qt.QWidget()
        layout.addWidget(self._details)
        layout = qt.QVBoxLayout(self._details)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.table_widget = row_table(
            "findingsTable",
            _(
                "Findings, best first; click one to see it in every view, a heading to sort. Shift+click and "
                "Ctrl+click select several, to accept or reject them together"
            ),
        )
        self.table_widget.setSelectionMode(qt.QAbstractItemView.ExtendedSelection)
        self.table_widget.setMinimumHeight(TABLE_HEIGHT)
        layout.addWidget(self.table_widget)
        self.results = ResultsTable(self.table_widget, self._on_row)
        self.sorting = Sorting(self.table_widget, self._on_page)
        self.pages = Pages(self._on_page)
        layout.addWidget(self.pages.widget)
        self.reason_label = text_label()
        layout.addWidget(self.reason_label)
        form = qt.QFormLayout()
        self.reader_edit = reader_field(_("Who decides; written beside every decision, with the time"))
        self.comment_edit = line_edit("commentEdit", _("What you want to say of the selected finding"))
        form.addRow(_("Reader:"), self.reader_edit)
        form.addRow(_("Comment:"), self.comment_edit)
        layout.addLayout(form)
        self.buttons = decision_buttons()
        self._decisions = beside(*self.buttons.values())
        layout.addWidget(self._decisions)
        self.advance_box = qt.QCheckBox(_("Then go to the next open finding"))
        self.advance_box.checked = True
        self.advance_box.toolTip = _("So that A and R alone lead through the list")
        layout.addWidget(self.advance_box)

    def _connect(self) -> None:
        self.filter_box.connect("currentIndexChanged(int)", self._on_filter)
        self.table_widget.connect("itemSelectionChanged()", self._on_selection)
        self.reader_edit.connect("textEdited(QString)", self._on_reader)
        self.comment_edit.connect("editingFinished()", self._on_comment)
        actions = {name: getattr(self, name) for name in ("accept", "reject", "undo", "next", "previous")}
        self.shortcuts = connect_buttons((self.table_widget, self._decisions), self.buttons, actions)
        enter_returns_to(self.table_widget, self.reader_edit, self.comment_edit)
