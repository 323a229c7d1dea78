"""The list of findings over time that a reader goes through: a row each, keys to decide, all views jump along."""

import math
import re
import textwrap
from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..comparison.growth.change import Changed
from ..comparison.growth.measured import Measured
from ..comparison.result import Change
from ..comparison.tracks.changes import NOT_SHOWN
from ..comparison.tracks.edits import accept, decide_together, reject
from ..comparison.tracks.model import Patient, Status
from ..scene.timeline_edits import Edit, can_redo, can_undo
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_rows import MEASURES, REFERENCES, TrackRow, titles_of, track_rows
from ..scene.timeline_views import MOST_COLUMNS
from .busy_cursor import busy_cursor
from .fields import allow
from .finding_text import MARKS
from .results_table import ResultsTable
from .review_list import KEYS, Sorting, around, connect_buttons, enter_returns_to
from .tracks_form import TracksForm
from .wrapped_label import NARROWEST, show_wrapped

FILTERS: tuple[Callable[[TrackRow], bool], ...] = (  # in the order of FILTER_TITLES
    lambda row: True,
    lambda row: row.status is not Status.REJECTED and _changed(row),
    lambda row: row.status is Status.PROPOSED,
    lambda row: row.status in (Status.ACCEPTED, Status.EDITED),
    lambda row: row.status is Status.REJECTED,
)
FIRST_TIME = 4  # column of the first time point
MANY = 20  # findings whose common decision may take longer than a click feels like
LINE_LETTERS = 8  # of a time point without a date: so two of them have room in a panel of 350 pixels
MARKED, PAST = _("Since baseline: ↗ grown, ↘ shrunk, + new."), _("In parentheses: before the previous time point.")
OVERALL = {Change.GROWN: "↗", Change.SHRUNK: "↘", Change.NEW: "+"}  # behind another class: what it is since baseline
UNSEEN = "?"  # at a time point whose study does not show its place
UNSEEN_SAID = _("? at a time point: its study does not show the place.")
VERDICTS = {Changed.YES: _("yes"), Changed.NO: _("no"), Changed.CANNOT_SAY: "?"}


class TracksPanel(TracksForm):
    """widget: to put in a layout.

    get_node: the patient's text node, or None; get_reader, set_reader: the reader's name, kept by the caller;
    edit(edit): does a correction of comparison.tracks (see timeline_edits.edit_patient) and tells how it went,
    True when it was done; undo(), redo(): take the last one back and do it again; selected(track id): another finding
    is looked at.
    Call changed() when the patient may be another one.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        get_reader: Callable[[], str],
        set_reader: Callable[[str], None],
        edit: Callable[[Edit], bool],
        undo: Callable[[], None],
        redo: Callable[[], None],
        selected: Callable[[str], None] = lambda track: None,
    ) -> None:
        self._get_node, self._get_reader, self._set_reader = get_node, get_reader, set_reader
        self._edit, self._undo, self._redo, self._selected = edit, undo, redo, selected
        self.rows: list[TrackRow] = []
        self._fitting: list[TrackRow] = []
        self._page: list[TrackRow] = []
        self._patient: Patient | None = None
        self._places: dict[str, int] = {}  # of findings in the list, of the patient of this node with these studies
        self._placed_of: Any = None
        self._node: Any = None  # whose findings were shown last
        self._filling = False
        self._several = False  # more than one finding was selected when the comment was shown
        super().__init__()
        self.results = ResultsTable(self.table, self._on_row, giving=FIRST_TIME)
        self.sorting = Sorting(self.table, self._on_sorted)
        self._connect()
        self._fill()
        self.changed()

    @property
    def track(self) -> str:
        """Id of the selected finding, '' without one."""
        place = self.results.row
        return self._page[place].track.id if 0 <= place < len(self._page) else ""

    @property
    def tracks(self) -> list[str]:
        """Ids of the findings that a decision is about, in the order of the list: those selected."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self._page[row].track.id for row in rows if row < len(self._page)] or list(filter(None, [self.track]))

    @property
    def time_point(self) -> str | None:
        """Id of the time point that decisions are for; None for all."""
        points = self._patient.time_points if self._patient is not None else ()
        place = self.at_box.currentIndex - 1
        return points[place].id if 0 <= place < len(points) else None

    def changed(self) -> None:
        """Show the patient as it is now."""
        node = self._get_node()
        patient = patient_of_node(node) if node is not None else None
        if node is not self._node:
            self._node = node
            self._forget_choices()
        if patient is not self._patient:
            self._patient = patient
            self._show_time_points()
            self._fill()
        self._show_buttons()

    def select(self, track: str) -> None:
        """Select a finding by id, and look at it; one that is not shown is looked for."""
        if track not in [row.track.id for row in self._fitting]:
            self.filter_box.currentIndex = 0
        place = next((n for n, row in enumerate(self._fitting) if row.track.id == track), None)
        if place is None:
            return
        if track not in [row.track.id for row in self._page]:
            self.pages.go_to(place)
            self._show_page()
        place -= self.pages.first
        same = self.results.row == place
        self.table.setCurrentCell(place, 0)  # and nothing else stays selected
        if same:
            self._on_row(place)

    def select_first(self) -> None:
        """Look at the finding that is selected, or at the first one that is shown."""
        if self._page:
            self.select(self.track or self._page[0].track.id)

    def accept(self) -> None:
        self._decide(accept, Status.ACCEPTED)

    def reject(self) -> None:
        self._decide(reject, Status.REJECTED)

    def undo(self) -> None:
        """Take back the last correction of any finding."""
        self._undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._redo()

    def next(self) -> None:
        """Look at the next finding of those shown."""
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def _decide(self, decision: Callable[..., Patient], status: Status) -> None:
        tracks, point, note = self.tracks, self.time_point, self.comment_edit.text.strip() or None
        before = [row.track.id for row in self._fitting]

        def edit(patient: Patient, who: str, when: str) -> Patient:
            if len(tracks) == 1:
                return decision(patient, tracks[0], who, when, point, note)
            return decide_together(patient, tracks, status, who, when, point, note)

        with busy_cursor(len(tracks) > MANY):
            done = self._edit(edit)
        if done and self.advance_box.checked:
            open_ = {row.track.id for row in self.rows if row.status is Status.PROPOSED}
            after = before[before.index(tracks[-1]) + 1 :] + before[: before.index(tracks[-1])]
            following = next((each for each in after if each in open_), None)
            if following is not None:
                self.select(following)

    def _step(self, places: int) -> None:
        ids = [row.track.id for row in self._fitting]
        if ids:
            self.select(around(ids, self.track, places, self.pages.first))

    def _fill(self) -> None:
        """Rows anew; the selection stays with its finding."""
        patient = self._patient
        reference = REFERENCES[max(self.reference_box.currentIndex, 0)]
        measure = list(MEASURES)[max(self.measure_box.currentIndex, 0)]
        self.rows = self._in_order(track_rows(patient, reference, measure) if patient is not None else [])
        self._filter()
        self._show_page()
        open_ = sum(row.status is Status.PROPOSED for row in self.rows)
        text = _("One finding, {open} to decide.") if len(self.rows) == 1 else _("{count} findings, {open} to decide.")
        text = text.format(count=len(self.rows), open=open_)
        # beside the filter; without a patient the line above says that nothing was compared
        shown = text if self.rows else _("No findings.") if patient is not None else ""
        show_wrapped(self.summary_label, shown, NARROWEST // 2)
        self._details.visible = self.filter_box.visible = bool(self.rows)

    def _forget_choices(self) -> None:
        """What was chosen and typed for one patient's findings is not for another's, which may have the same names."""
        self._filling = True
        self.table.setCurrentCell(-1, 0)
        self.table.clearSelection()
        self.comment_edit.text, self._several = "", False
        self.filter_box.currentIndex = self.at_box.currentIndex = 0
        self._filling = False
        self.pages.go_to(0)

    def _on_sorted(self) -> None:
        """Put the rows in another order, which they then keep."""
        ordered = self.sorting.ordered(self.rows, _sorted_by)
        self._places = {row.track.id: n for n, row in enumerate(ordered)} if self.sorting.column >= 0 else {}
        self._fill()

    def _in_order(self, rows: list[TrackRow]) -> list[TrackRow]:
        """What changed first. A row keeps its place until the list is sorted or studies are added, whatever the reader
        decides."""
        points = [point.id for point in self._patient.time_points] if self._patient is not None else []
        placed = [self._get_node(), *points]
        if placed != self._placed_of:
            self._placed_of, self._places = placed, {}
        new = [row for row in rows if row.track.id not in self._places]
        for row in sorted(new, key=lambda row: (not _changed(row), row.past, row.change in (None, Change.STABLE))):
            self._places[row.track.id] = len(self._places)
        return sorted(rows, key=lambda row: self._places[row.track.id])

    def _filter(self) -> None:
        fits = FILTERS[max(self.filter_box.currentIndex, 0)]
        self._fitting = [row for row in self.rows if fits(row)]

    def _show_page(self) -> None:
        selected = self.track
        self._page = self.pages.part(self._fitting)
        titles = [_("No."), _("Class"), _("Vol.\n[%]"), _("Sure"), *map(_broken, self._titles())]
        self._filling = True
        try:
            self.results.show(titles, [_line(row) for row in self._page], ["\n".join(row.lines) for row in self._page])
            self._hide_middle(len(titles) - FIRST_TIME)
            ids = [row.track.id for row in self._page]
            self.table.clearSelection()
            self.table.setCurrentCell(ids.index(selected) if selected in ids else -1, 0)
        finally:
            self._filling = False
        classes = [_class(row) for row in self._page]
        said = (MARKED, tuple(OVERALL.values())), (PAST, (")",))
        words = [words for words, signs in said if any(shown.endswith(signs) for shown in classes)]
        words += [UNSEEN_SAID] if any(NOT_SHOWN in row.absent for row in self._page) else []
        show_wrapped(self.marks_label, " ".join(words))
        self._show_reason()

    def _hide_middle(self, points: int) -> None:
        """There is room for a few time points: the first one, and the last ones, which a decision is about."""
        self.results.hide(range(FIRST_TIME + 1, FIRST_TIME + points - 1), points - MOST_COLUMNS)

    def _show_reason(self) -> None:
        several = len(self.tracks)
        if several > 1:
            text = _("{count} findings are selected: they are accepted or rejected together, and undone together.")
            show_wrapped(self.reason_label, text.format(count=several))
            return
        row = next((row for row in self._page if row.track.id in self.tracks), None)
        show_wrapped(self.reason_label, "\n".join(row.latest) if row is not None else "")

    def _show_comment(self) -> None:
        """That of the selected finding; of several, what is typed for all of them."""
        several = len(self.tracks) > 1
        if not several:
            row = next((row for row in self._page if row.track.id in self.tracks), None)
            self.comment_edit.text = _note(row, self.time_point) if row is not None else ""
        elif not self._several:
            self.comment_edit.text = ""
        self._several = several

    def _show_time_points(self) -> None:
        titles = [_("all time points"), *self._titles()]
        if titles != [self.at_box.itemText(n) for n in range(self.at_box.count)]:
            self._filling = True
            self.at_box.clear()
            for title in titles:
                self.at_box.addItem(title)
            self._filling = False

    def _titles(self) -> list[str]:
        return list(titles_of(self._patient).values()) if self._patient is not None else []

    def _show_buttons(self) -> None:
        missing = ""
        if not self.tracks:
            missing = _("Select a finding in the list.")
        elif not self._get_reader().strip():
            missing = _("Type your name as reader.")
        several = len(self.tracks)
        for name, title, titles, tip in (
            ("accept", _("Accept"), _("Accept {count}"), _("Accept the finding (key A; Alt+A from the views)")),
            (
                *("reject", _("Reject"), _("Reject {count}")),
                _("Reject the finding: it counts nowhere, and its outline is hidden (key R; Alt+R from the views)"),
            ),
        ):
            allow(self.buttons[name], tip, missing)
            self.buttons[name].text = titles.format(count=several) if several > 1 else title
        has_reader, patient = bool(self._get_reader().strip()), self._patient
        for name, possible, tip in (
            ("undo", patient is not None and can_undo(patient), _("Take back the last correction of any finding (U)")),
            ("redo", patient is not None and can_redo(patient), _("Do again what was taken back last (Shift+U)")),
        ):
            self.buttons[name].enabled = possible and has_reader
            self.buttons[name].toolTip = tip if has_reader else _("Type your name as reader.")
        for name in ("next", "previous"):
            self.buttons[name].enabled = bool(self._page)
        if self.reader_edit.text != self._get_reader():
            self.reader_edit.text = self._get_reader()

    def _on_row(self, place: int) -> None:
        if self._filling or not 0 <= place < len(self._page):
            return
        self.results.fit()
        self._show_selection()
        self._selected(self.track)

    def _show_selection(self) -> None:
        """Of one finding or of several, which may be selected without one of them being the current one."""
        if not self._filling:
            self._show_reason()
            self._show_comment()
            self._show_buttons()

    def _on_choice(self, index: int) -> None:
        if not self._filling:
            self._fill()
            self._show_buttons()

    def _on_page(self) -> None:
        self._show_page()
        self._show_buttons()

    def _on_reader(self, text: str) -> None:
        self._set_reader(text)
        self._show_buttons()

    def _connect(self) -> None:
        for box in (self.filter_box, self.measure_box, self.reference_box):
            box.connect("currentIndexChanged(int)", self._on_choice)
        self.table.connect("itemSelectionChanged()", self._show_selection)
        self.reader_edit.connect("textEdited(QString)", self._on_reader)
        actions = {name: getattr(self, name) for name in ("accept", "reject", "undo", "redo", "next", "previous")}
        keys = (*KEYS, ("Shift+U", "redo"))
        self.shortcuts = connect_buttons((self.table, self.decisions), self.buttons, actions, keys)
        enter_returns_to(self.table, self.reader_edit, self.comment_edit)


def _line(row: TrackRow) -> list[Any]:
    name = f"{MARKS[str(row.status)]}{row.track.id}"
    percent = row.size.percent.value if row.size is not None and row.size.percent is not None else None
    verdict = VERDICTS[row.size.changed] if row.size is not None else ""
    values = [_value(value, absent) for value, absent in zip(row.values, row.absent, strict=True)]
    return [name, _class(row), _signed(percent), verdict, *values]


def _class(row: TrackRow) -> str:
    """Its class, and behind it the mark of that since baseline where one that is stable now or changed the other way
    would hide it; in parentheses what it became before the previous time point."""
    hides = row.change in (Change.STABLE, *OVERALL) and row.overall is not row.change
    mark = OVERALL.get(row.overall, "") if hides and row.overall is not None else ""
    return f"({row.change})" if row.past and row.change else f"{row.change or ''}{mark}"  # there is no room for a space


def _changed(row: TrackRow) -> bool:
    """Since what the list counts from, or since baseline."""
    return not {row.change, row.overall} <= {None, Change.STABLE}


def _sorted_by(row: TrackRow, column: int) -> Any:
    """What a column is sorted by: numbers where it shows some."""
    percent = row.size.percent.value if row.size is not None and row.size.percent is not None else None
    values = [value.value if value is not None else None for value in row.values]
    return [row.track.id, _class(row), percent, _line(row)[3], *values][column]


def _value(value: Measured | None, absent: str) -> Any:
    """What a time point's column shows: a number, or where the finding is, or that nobody knows; else nothing."""
    if value is not None:
        return _short(value.value)
    return UNSEEN if absent == NOT_SHOWN else _("in {finding}").format(finding=absent) if absent else None


def _short(value: float) -> float:
    """Three digits or the whole number: columns of time points are narrow."""
    return round(value) if abs(value) >= 100 else value


def _signed(percent: float | None) -> str:
    if percent is None or math.isnan(percent):
        return ""
    return f"{percent:+.0f}" if abs(percent) >= 0.5 else "0"


def _broken(title: str) -> str:
    """On two short lines, so that columns stay narrow: a date as '2025' above '03-31', a name by its begin and end, a
    date with a name as '25-03-31' above it."""
    if re.match(r"\d{4}-\d\d-\d\d$", title):
        return title.replace("-", "\n", 1)
    if re.match(r"\d{4}-\d\d-\d\d ", title):  # one of several of a date: the name tells them apart
        name = title[11:]
        return f"{title[2:10]}\n{name if len(name) <= LINE_LETTERS else f'…{name[1 - LINE_LETTERS :]}'}"
    lines = textwrap.wrap(title, LINE_LETTERS)
    return "\n".join(lines if len(lines) <= 2 else (lines[0], f"…{title[1 - LINE_LETTERS :]}"))


def _note(row: TrackRow, time_point: str | None) -> str:
    notes = [o.note for o in row.track.observations if time_point in (None, o.time_point)]
    return next(filter(None, notes), "")
