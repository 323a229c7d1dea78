"""The panel of a fixed chain of operations: each step with its parameters, switched on or off."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.operation import Declaration
from ..core.recipe import Recipe, Step
from .operation_panel import OperationPanel


class ChainPanel:
    """Steps to see and change; the order and the operations are those of the recipe it is made with.

    widget: to put in a layout; changed: called without arguments after the user changed something.
    """

    def __init__(self, recipe: Recipe, changed: Callable[[], None] | None = None) -> None:
        self.default = recipe
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.steps = [StepPanel(step.operation.declaration, changed or (lambda: None)) for step in recipe.steps]
        for panel in self.steps:
            layout.addWidget(panel.widget)
        if len(self.steps) == 1:
            self.steps[0].keep_on()
        self.set_recipe(recipe)

    def recipe(self) -> Recipe:
        """The recipe as shown."""
        return Recipe(tuple(panel.step() for panel in self.steps))

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe of the same operations. Raises InputError for one of other operations."""
        names = [step.operation.declaration.name for step in recipe.steps]
        own = [panel.declaration.name for panel in self.steps]
        if names != own:
            raise InputError(f"The recipe's steps are {', '.join(names) or 'none'}; this panel has {', '.join(own)}.")
        for panel, step in zip(self.steps, recipe.steps, strict=True):
            panel.set_step(step)


class StepPanel:
    """A check box that switches the step on, and below it, unfolded on demand, the step's parameters."""

    def __init__(self, declaration: Declaration, changed: Callable[[], None]) -> None:
        self.declaration = declaration
        self._changed = changed
        self._writing = False
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.enabled_box = qt.QCheckBox(_(declaration.title))
        self.enabled_box.toolTip = f"{declaration.description}\n\n" + _("Source: {source}").format(
            source=declaration.source
        )
        self.enabled_box.connect("toggled(bool)", self._on_enabled)
        self.unfold_button = qt.QToolButton()
        self.unfold_button.autoRaise = True
        self.unfold_button.toolTip = _("Show or hide the parameters of this step")
        self.unfold_button.connect("clicked()", lambda: self.unfold(not self.unfolded))
        self.operation_panel = OperationPanel(declaration, changed)
        self._body = _indented(self.operation_panel.widget)
        self._header = _side_by_side(self.unfold_button, self.enabled_box)
        layout.addWidget(self._header)
        layout.addWidget(self._body)
        self.unfold_button.enabled = bool(declaration.parameters)  # there all the same, so that the titles line up
        self.unfold(False)

    def step(self) -> Step:
        return Step(self.operation_panel.operation(), bool(self.enabled_box.checked))

    def set_step(self, step: Step) -> None:
        self.operation_panel.set_parameters(step.operation.parameters)
        self._writing = True
        try:
            self.enabled_box.checked = step.enabled
        finally:
            self._writing = False
        self.operation_panel.widget.enabled = step.enabled

    def keep_on(self) -> None:
        """A chain's only step cannot be switched off, and shows its parameters."""
        self._header.setVisible(False)
        self.unfold(True)
        self._body.layout().setContentsMargins(0, 0, 0, 0)

    def unfold(self, unfolded: bool) -> None:
        self.unfolded = unfolded
        self.unfold_button.arrowType = self._arrow(unfolded)
        self._body.setVisible(unfolded)

    def _arrow(self, unfolded: bool) -> int:
        if not self.declaration.parameters:
            return qt.Qt.NoArrow
        return qt.Qt.DownArrow if unfolded else qt.Qt.RightArrow

    def _on_enabled(self, enabled: bool) -> None:
        self.operation_panel.widget.enabled = enabled
        if not self._writing:
            self._changed()


def _side_by_side(first: Any, second: Any) -> Any:
    widget = qt.QWidget()
    layout = qt.QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(first)
    layout.addWidget(second, 1)
    return widget


def _indented(inner: Any) -> Any:
    widget = qt.QWidget()
    layout = qt.QVBoxLayout(widget)
    layout.setContentsMargins(26, 0, 0, 6)
    layout.addWidget(inner)
    return widget
