"""The menu that adds a step to a chain: operations by group, and a search over all of them."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.operation import Declaration

UNGROUPED = "Other"
SEARCH_WIDTH = 220  # pixels


class AddStepMenu:
    """A menu of operations; while something is typed into its search field, it lists what fits instead of the groups.

    menu: to give to a button; chosen(declaration): called when the user chose an operation.
    """

    def __init__(self, declarations: Sequence[Declaration], chosen: Callable[[Declaration], None]) -> None:
        self._chosen = chosen
        self.menu = qt.QMenu()
        self.menu.toolTipsVisible = True
        self.search_field = qt.QLineEdit()
        self.search_field.placeholderText = _("Search, or choose below")
        self.search_field.toolTip = _("Words of an operation's name or description")
        self.search_field.clearButtonEnabled = True
        self.search_field.setMinimumWidth(SEARCH_WIDTH)
        self.search_field.connect("textChanged(QString)", self.search)
        self.search_field.connect("returnPressed()", self._choose_first)
        self._search_action = qt.QWidgetAction(self.menu)
        self._search_action.setDefaultWidget(self.search_field)
        self.menu.addAction(self._search_action)
        self.groups: dict[str, Any] = {}  # title -> its submenu
        self.found: list[tuple[Declaration, Any]] = []  # an action of the flat list for each operation
        main = declarations[0].area if declarations else ""
        for area in dict.fromkeys(each.area for each in declarations):
            # operations of another area than the module's own in a menu of their own
            parent = self.menu if area == main else self._add_group(_(area.capitalize()), self.menu)
            for title, members in grouped([each for each in declarations if each.area == area]).items():
                submenu = self._add_group(_(title), parent)
                for declaration in members:
                    self._add(declaration, submenu)
        for declaration in sorted(declarations, key=lambda d: d.title.lower()):
            self.found.append((declaration, self._add(declaration, self.menu)))
        self.menu.connect("aboutToShow()", self._on_shown)
        self.search("")

    def search(self, text: str) -> None:
        """List the operations that have all these words; the groups for an empty text."""
        words = text.lower().split()
        for submenu in self.groups.values():
            submenu.menuAction().visible = not words
        for declaration, action in self.found:
            action.visible = bool(words) and fits(declaration, words)

    def _add_group(self, title: str, parent: Any) -> Any:
        submenu = qt.QMenu(title, parent)
        submenu.toolTipsVisible = True
        parent.addMenu(submenu)
        self.groups[title] = submenu
        return submenu

    def _add(self, declaration: Declaration, menu: Any) -> Any:
        action = qt.QAction(_(declaration.title), menu)
        action.toolTip = declaration.description.split("\n", 1)[0]
        action.connect("triggered()", lambda: self._chosen(declaration))
        menu.addAction(action)
        return action

    def _on_shown(self) -> None:
        self.search_field.text = ""
        self.search_field.setFocus()

    def _choose_first(self) -> None:
        first = next((declaration for declaration, action in self.found if action.visible), None)
        if first is not None:
            self.menu.close()
            self._chosen(first)


def grouped(declarations: Sequence[Declaration]) -> dict[str, list[Declaration]]:
    """Operations by their group's title, both in alphabetical order."""
    groups: dict[str, list[Declaration]] = {}
    for declaration in sorted(declarations, key=lambda d: ((d.group or UNGROUPED).lower(), d.title.lower())):
        groups.setdefault(declaration.group or UNGROUPED, []).append(declaration)
    return groups


def fits(declaration: Declaration, words: Sequence[str]) -> bool:
    """Whether an operation has all these words (in lower case) in its title, name, group or description."""
    text = " ".join((declaration.title, declaration.name, declaration.group, declaration.description)).lower()
    return all(word in text for word in words)
