"""The panel of a fixed chain of operations: each step with its parameters, switched on or off."""

from collections.abc import Callable

import qt

from ..core.errors import InputError
from ..core.recipe import Recipe
from .step_panel import StepPanel


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
