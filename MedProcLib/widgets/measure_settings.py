"""What is measured, made from the operation's declaration: a check box for each group, then the settings they need."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.recipe import Recipe, Step
from .operation_panel import OperationPanel

COLUMNS = 2
# A setting that only counts when others have these values.
NEEDS: dict[str, dict[str, tuple]] = {
    "smallest_component_mm3": {"components": (True,)},
    "histogram_bins": {"distribution": (True,)},
    "hu_ranges": {"ct": (True,)},
    "uptake": {"pet": (True,)},
    "uptake_suv": {"pet": (True,), "uptake": ("suv",)},
    "uptake_percent": {"pet": (True,), "uptake": ("percent_of_maximum",)},
    "reference_segment": {"pet": (True,), "uptake": ("percist_liver", "percist_blood_pool")},
}


class MeasureSettings:
    """The one step of a recipe, as ChainPanel shows chains: recipe, set_recipe, steps.

    widget: to put in a layout; changed: called without arguments after the user changed something.
    """

    def __init__(self, recipe: Recipe, changed: Callable[[], None]) -> None:
        self.default = recipe
        self._changed = changed
        (step,) = recipe.steps
        self.declaration = step.operation.declaration
        self.operation_panel = OperationPanel(self.declaration, self._on_edited)
        self.steps = [self]
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        boxes = qt.QGridLayout()
        flags = [p.name for p in self.declaration.parameters if p.kind == "bool"]
        for number, name in enumerate(flags):
            editor = self.operation_panel.editors[name]
            self.operation_panel.remove_row(name)
            editor.widget.text = _(editor.parameter.title)
            boxes.addWidget(editor.widget, number // COLUMNS, number % COLUMNS)
        layout.addLayout(boxes)
        layout.addWidget(self.operation_panel.widget)
        self.set_recipe(recipe)

    def recipe(self) -> Recipe:
        """The recipe as shown."""
        return Recipe((Step(self.operation_panel.operation()),))

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe of the same operation. Raises InputError for one of others."""
        names = [step.operation.declaration.name for step in recipe.steps]
        if names != [self.declaration.name]:
            raise InputError(f"The recipe's steps are {', '.join(names) or 'none'}; this panel has a measurement only.")
        self.operation_panel.set_parameters(recipe.steps[0].operation.parameters)
        self._show_needed()

    def unfold(self, unfolded: bool) -> None:
        """All of it is shown always."""

    def _on_edited(self) -> None:
        self._show_needed()
        self._changed()

    def _show_needed(self) -> None:
        """Hide the settings that do not count now."""
        values: dict[str, Any] = self.operation_panel.parameters()
        for name, needs in NEEDS.items():
            if name in values:
                self.operation_panel.show_row(name, all(values.get(other) in wanted for other, wanted in needs.items()))
