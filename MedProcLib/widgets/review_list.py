"""What lists of findings that a reader goes through share: pages, the row of decisions and its keys."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from .fields import beside, line_edit, push_button
from .inputs import remember_reader
from .measured_rows import rank
from .step_panel import tool_button

# So many rows are shown on a page; a list of thousands would take seconds to fill.
PAGE = 300
TABLE_HEIGHT = 190
KEYS = (("A", "accept"), ("R", "reject"), ("U", "undo"), ("N", "next"), ("P", "previous"))


class Pages:
    """Which part of a long list is shown. widget: to put in a layout, visible where there is more than one page;
    turned(): called when the reader turned the page."""

    def __init__(self, turned: Callable[[], None]) -> None:
        self.first = 0
        self._turned = turned
        self.label = qt.QLabel()
        self.buttons = [
            tool_button(_("The findings before these"), qt.Qt.LeftArrow, lambda: self._turn(-1)),
            tool_button(_("The findings after these"), qt.Qt.RightArrow, lambda: self._turn(1)),
        ]
        self.widget = beside(self.buttons[0], self.label, self.buttons[1])

    def part(self, things: Sequence[Any]) -> list[Any]:
        """The things of the page that is shown; the first page where the list became shorter."""
        if self.first >= len(things):
            self.first = 0
        page = list(things[self.first : self.first + PAGE])
        last = self.first + len(page)
        self.widget.visible = len(things) > PAGE
        self.label.text = _("{first} to {last} of {all}").format(first=self.first + 1, last=last, all=len(things))
        self.buttons[0].enabled, self.buttons[1].enabled = self.first > 0, last < len(things)
        return page

    def go_to(self, place: int) -> None:
        """Have the page with this place of the list be the one shown next."""
        self.first = place // PAGE * PAGE

    def _turn(self, pages: int) -> None:
        self.first = max(self.first + pages * PAGE, 0)
        self._turned()


class Sorting:
    """The order of a list, by a click on a heading: numbers from the largest on, a second click the other way, a third
    for the list's own order. changed(): called after a click."""

    def __init__(self, table: Any, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.column = -1  # that the list is sorted by, -1 for its own order
        self.descending = False
        self._header = table.horizontalHeader()
        self._header.setSectionsClickable(True)
        self._header.connect("sectionClicked(int)", self.sort)

    def sort(self, column: int) -> None:
        """What a click on a heading does."""
        first = column > 0  # a name is looked for from its beginning
        if column != self.column:
            self.column, self.descending = column, first
        elif self.descending is first:
            self.descending = not first
        else:
            self.column = -1
        self._header.setSortIndicatorShown(self.column >= 0)
        if self.column >= 0:
            order = qt.Qt.DescendingOrder if self.descending else qt.Qt.AscendingOrder
            self._header.setSortIndicator(self.column, order)
        self._changed()

    def ordered(self, things: Sequence[Any], value: Callable[[Any, int], Any]) -> list[Any]:
        """Things in this order. value(thing, column): what is sorted by."""
        if self.column < 0:
            return list(things)
        return sorted(things, key=lambda thing: rank(value(thing, self.column), self.descending))


def decision_buttons(*further: tuple[str, str]) -> dict[str, Any]:
    """The buttons of a row of decisions by name: previous, accept, reject, undo, further ones (name, title), next."""
    named = (("accept", _("Accept")), ("reject", _("Reject")), ("undo", _("Undo")), *further)
    return {
        "previous": tool_button(_("Look at the finding before (key P; Alt+P from the views)"), qt.Qt.LeftArrow),
        **{name: push_button(f"{name}Button", title) for name, title in named},
        "next": tool_button(_("Look at the next finding (key N; Alt+N from the views)"), qt.Qt.RightArrow),
    }


def connect_buttons(
    places: Sequence[Any],
    buttons: Mapping[str, Any],
    actions: Mapping[str, Callable[[], None]],
    keys: Sequence[tuple[str, str]] = KEYS,
) -> dict[str, Any]:
    """Have buttons and keys (key, name of the button) do these actions; returns the first place's shortcuts by key.

    places: the keys work while one of these widgets or one inside has the focus: other panels have these keys too, and
    in a text field or a combo box beside the list they are letters. With Alt they work wherever the reader is, as in a
    slice view, whose own keys they would be without, while the list is seen.
    """
    for name, action in actions.items():
        buttons[name].connect("clicked()", action)
    shortcuts: dict[str, Any] = {}
    for place in places:
        for key, name in keys:
            shortcut = qt.QShortcut(qt.QKeySequence(key), place)
            shortcut.setContext(qt.Qt.WidgetWithChildrenShortcut)
            shortcut.connect("activated()", lambda name=name: buttons[name].click())
            shortcuts.setdefault(key, shortcut)
    for key, name in keys:
        shortcut = qt.QShortcut(qt.QKeySequence(f"Alt+{key}"), places[0])
        shortcut.connect("activated()", lambda name=name: buttons[name].click())
        shortcuts[f"Alt+{key}"] = shortcut
    return shortcuts


def reader_field(tip: str) -> Any:
    """Where the reader's name is typed."""
    field = line_edit("readerEdit", tip)
    field.placeholderText = _("type your name to decide")
    field.connect("textEdited(QString)", remember_reader)
    return field


def enter_returns_to(table: Any, *fields: Any) -> None:
    """Have Enter in a text field go back to the list, where the keys of decisions work: in a field they are letters."""
    for field in fields:
        field.connect("returnPressed()", table.setFocus)


def around(ids: Sequence[Any], current: Any, places: int, first: int) -> Any:
    """The one so many places after the current one, or the nearest there is; from the first shown without a current."""
    at = ids.index(current) + places if current in ids else first
    return ids[min(max(at, 0), len(ids) - 1)]
