"""The panel of a chain of operations that the user builds: steps are added, moved, doubled, switched off, removed."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.atomic import write_text
from ..core.errors import InputError
from ..core.operation import Declaration
from ..core.recipe import Recipe, Step
from .add_step_menu import AddStepMenu
from .file_choice import ask_where_to_write
from .step_panel import StepPanel, tool_button
from .tab_order import order_tabs
from .wrapped_label import show_wrapped

FILE_FILTER = "MedProc recipe (*.json)"
FIRST_FILE_NAME = "recipe.json"
NO_STEPS = _("No steps yet: add one, load a recipe or choose a preset.")


class EditedStep(StepPanel):
    """A step with the means to move, double and remove it in its header."""

    def __init__(self, declaration: Declaration, changed: Callable[[], None], tools: Sequence[Any]) -> None:
        super().__init__(declaration, changed, tools)
        self.operation_panel.reset_button.setVisible(False)  # it is in the header's menu
        self.up_button: Any = None
        self.down_button: Any = None
        self.actions: dict[str, Any] = {}


class ChainEditor:
    """A list of steps to build and change, kept as a recipe.

    widget: to put in a layout; declarations: the operations that can be added; changed: called without arguments after
    the user changed something; say(message, is_problem): tells the user how loading or saving a file went.
    """

    def __init__(
        self,
        recipe: Recipe,
        declarations: Sequence[Declaration],
        changed: Callable[[], None] | None = None,
        say: Callable[[str, bool], None] = lambda message, is_problem: None,
    ) -> None:
        self.default = recipe
        self._changed = changed or (lambda: None)
        self._say = say
        self._offered = {declaration.name for declaration in declarations}
        self.steps: list[EditedStep] = []
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._list = qt.QVBoxLayout()
        self._list.setSpacing(2)
        layout.addLayout(self._list)
        self.empty_label = qt.QLabel()
        self.empty_label.wordWrap = True
        layout.addWidget(self.empty_label)
        self.add_menu = AddStepMenu(declarations, self.add)
        layout.addWidget(self._buttons())
        self.set_recipe(recipe)

    def recipe(self) -> Recipe:
        """The recipe as shown."""
        return Recipe(tuple(panel.step() for panel in self.steps))

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe; the steps of a chain of the same operations stay unfolded.

        Raises InputError for an operation that is not among those that can be added; the chain is then as it was.
        """
        for number, step in enumerate(recipe.steps, 1):
            if step.operation.declaration.name not in self._offered:
                raise InputError(f"Step {number} ({step.operation.declaration.name}) does not belong into this panel.")
        names = [step.operation.declaration.name for step in recipe.steps]
        if names != [panel.declaration.name for panel in self.steps]:
            for panel in self.steps:
                self._take_out(panel)
            self.steps = [self._made(step.operation.declaration) for step in recipe.steps]
            for panel in self.steps:
                self._list.addWidget(panel.widget)
        for panel, step in zip(self.steps, recipe.steps, strict=True):
            panel.set_step(step)
        self._show_places()

    def add(self, declaration: Declaration) -> None:
        """Add a step with default parameters at the end, unfolded."""
        self._insert(len(self.steps), Step(declaration.create()))

    def remove(self, panel: EditedStep) -> None:
        """Remove a step."""
        self.steps.remove(panel)
        self._take_out(panel)
        self._on_changed()

    def move(self, panel: EditedStep, places: int) -> None:
        """Move a step down by so many places (up when negative), as far as the chain goes."""
        before = self.steps.index(panel)
        after = min(max(before + places, 0), len(self.steps) - 1)
        if after == before:
            return
        self.steps.insert(after, self.steps.pop(before))
        self._list.removeWidget(panel.widget)
        self._list.insertWidget(after, panel.widget)
        self._on_changed()

    def duplicate(self, panel: EditedStep) -> None:
        """Add the same step with the same parameters below it."""
        self._insert(self.steps.index(panel) + 1, panel.step())

    def save(self, path: str) -> None:
        """Write the recipe to a file, whole or not at all. Raises InputError."""
        write_text(self.recipe().to_json() + "\n", path)

    def load(self, path: str) -> None:
        """Show the recipe of a file. Raises InputError, and then the chain is as it was."""
        recipe = Recipe.load(path)
        self.set_recipe(recipe)
        self._changed()

    def _insert(self, place: int, step: Step) -> None:
        panel = self._made(step.operation.declaration)
        panel.set_step(step)
        panel.unfold(True)
        self.steps.insert(place, panel)
        self._list.insertWidget(place, panel.widget)
        self._on_changed()

    def _made(self, declaration: Declaration) -> EditedStep:
        up = tool_button(_("Move this step up"), qt.Qt.UpArrow)
        down = tool_button(_("Move this step down"), qt.Qt.DownArrow)
        more = tool_button(_("Duplicate, reset or remove this step"))
        more.text = "…"
        more.popupMode = qt.QToolButton.InstantPopup
        more.styleSheet = "QToolButton::menu-indicator { image: none; }"  # there is no room for it
        panel = EditedStep(declaration, self._changed, (up, down, more))
        panel.up_button, panel.down_button = up, down
        up.connect("clicked()", lambda: self.move(panel, -1))
        down.connect("clicked()", lambda: self.move(panel, 1))
        menu = qt.QMenu(more)
        panel.actions = {
            "duplicate": _entry(menu, _("Duplicate"), lambda: self.duplicate(panel)),
            "reset": _entry(menu, _("Reset to defaults"), lambda: self._reset(panel)),
            "remove": _entry(menu, _("Remove"), lambda: self.remove(panel)),
        }
        more.setMenu(menu)
        return panel

    def _take_out(self, panel: EditedStep) -> None:
        self._list.removeWidget(panel.widget)
        panel.widget.hide()
        panel.widget.deleteLater()  # not at once: the click that removes it comes from inside

    def _reset(self, panel: EditedStep) -> None:
        panel.operation_panel.reset()
        self._changed()

    def _on_changed(self) -> None:
        self._show_places()
        self._changed()

    def _show_places(self) -> None:
        for number, panel in enumerate(self.steps, 1):
            panel.set_number(number)
            panel.up_button.enabled = number > 1
            panel.down_button.enabled = number < len(self.steps)
        show_wrapped(self.empty_label, "" if self.steps else NO_STEPS)
        self.save_button.enabled = bool(self.steps)
        order_tabs(self.widget)

    def _buttons(self) -> Any:
        self.add_button = qt.QToolButton()
        self.add_button.text = _("Add step")
        self.add_button.toolTip = _("Add an operation at the end of the chain")
        self.add_button.popupMode = qt.QToolButton.InstantPopup
        self.add_button.setMenu(self.add_menu.menu)
        self.load_button = qt.QToolButton()
        self.load_button.text = _("Load...")
        self.load_button.toolTip = _("Replace the steps by those of a recipe file")
        self.load_button.connect("clicked()", self._on_load)
        self.save_button = qt.QToolButton()
        self.save_button.text = _("Save...")
        self.save_button.toolTip = _("Save the steps as a recipe file, for other volumes, scripts and the command line")
        self.save_button.connect("clicked()", self._on_save)
        widget = qt.QWidget()
        layout = qt.QHBoxLayout(widget)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.add_button)
        layout.addStretch(1)
        layout.addWidget(self.load_button)
        layout.addWidget(self.save_button)
        return widget

    def _on_load(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.widget, _("Load recipe"), "", FILE_FILTER)
        if path:
            self._attempt(lambda: self.load(path), _("Loaded: {path}").format(path=path))

    def _on_save(self) -> None:
        path = ask_where_to_write(self.widget, _("Save recipe"), FIRST_FILE_NAME, FILE_FILTER)
        if path:
            self._attempt(lambda: self.save(path), _("Written: {path}").format(path=path))

    def _attempt(self, action: Callable[[], None], done: str) -> None:
        try:
            action()
        except InputError as error:
            self._say(str(error), True)
        else:
            self._say(done, False)


def _entry(menu: Any, text: str, triggered: Callable[[], None]) -> Any:
    action = qt.QAction(text, menu)
    action.connect("triggered()", triggered)
    menu.addAction(action)
    return action
