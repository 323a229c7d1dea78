"""What is measured, made from the operations' declarations: a check box for each group, then the settings they need."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.operation import Declaration
from ..core.recipe import Recipe, Step
from ..core.registry import find_operation
from .operation_panel import OperationPanel

# All give rows of figures, see quantification.measure.measure.
OPERATIONS = (
    "quantification.measure",
    "quantification.calcium_score",
    "quantification.body_composition",
    "quantification.segment_distances",
    "quantification.plane_descriptors",
    "quantification.key_points",
)
COLUMNS = 2
# A setting that only counts when others have these values.
NEEDS: dict[str, dict[str, tuple]] = {
    "smallest_component_mm3": {"components": (True,)},
    "histogram_bins": {"distribution": (True,)},
    "border_sd_mm": {"intervals": (True,)},
    "hu_ranges": {"ct": (True,)},
    "uptake": {"pet": (True,)},
    "uptake_suv": {"pet": (True,), "uptake": ("suv",)},
    "uptake_percent": {"pet": (True,), "uptake": ("percent_of_maximum",)},
    "reference_segment": {"pet": (True,), "uptake": ("percist_liver", "percist_blood_pool")},
    "level_mm": {"at_level": (True,)},
    "slab_mm": {"at_level": (True,)},
}


class MeasureSettings:
    """The one step of a recipe, chosen of OPERATIONS; like a ChainPanel it has recipe, set_recipe and steps.

    widget: to put in a layout; changed: called without arguments after the user changed something.
    """

    def __init__(self, recipe: Recipe, changed: Callable[[], None]) -> None:
        self.default = recipe
        self._changed = changed
        self._filling = False
        self._panels = [_Settings(find_operation(name), changed) for name in OPERATIONS]
        self.steps = [self]
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.operation_box = qt.QComboBox()
        self.operation_box.objectName = "measureOperation"
        self.operation_box.toolTip = _("What is measured of the segments")
        for number, panel in enumerate(self._panels):
            self.operation_box.addItem(_(panel.declaration.title))
            about = f"{panel.declaration.description}\n\n" + _("Source: {s}").format(s=panel.declaration.source)
            self.operation_box.setItemData(number, about, qt.Qt.ToolTipRole)
        self.operation_box.connect("currentIndexChanged(int)", self._on_operation)
        layout.addWidget(self.operation_box)
        for panel in self._panels:
            layout.addWidget(panel.widget)
        self.set_recipe(recipe)

    @property
    def declaration(self) -> Declaration:
        """Of the operation that is shown."""
        return self._shown.declaration

    @property
    def operation_panel(self) -> OperationPanel:
        """The parameters that are shown."""
        return self._shown.operation_panel

    def recipe(self) -> Recipe:
        """The recipe as shown."""
        return Recipe((Step(self.operation_panel.operation()),))

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe of one of the operations. Raises InputError for another, and then shows what it showed."""
        names = [step.operation.declaration.name for step in recipe.steps]
        if len(names) != 1 or names[0] not in OPERATIONS:
            raise InputError(f"The recipe's steps are {', '.join(names) or 'none'}; this panel has one measurement.")
        number = OPERATIONS.index(names[0])
        self._panels[number].show(recipe.steps[0].operation.parameters)
        self._filling = True
        self.operation_box.currentIndex = number
        self._filling = False
        self._show_chosen()

    def unfold(self, unfolded: bool) -> None:
        """All of it is shown always."""

    @property
    def _shown(self) -> "_Settings":
        return self._panels[max(self.operation_box.currentIndex, 0)]

    def _show_chosen(self) -> None:
        for panel in self._panels:
            panel.widget.visible = panel is self._shown

    def _on_operation(self, index: int) -> None:
        if not self._filling:
            self._show_chosen()
            self._changed()


class _Settings:
    """The parameters of one operation: flags in columns, the others below, those that do not count now hidden."""

    def __init__(self, declaration: Declaration, changed: Callable[[], None]) -> None:
        self.declaration = declaration
        self._changed = changed
        self.operation_panel = OperationPanel(declaration, self._on_edited)
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        boxes = qt.QGridLayout()
        flags = [parameter.name for parameter in declaration.parameters if parameter.kind == "bool"]
        for number, name in enumerate(flags):
            editor = self.operation_panel.editors[name]
            self.operation_panel.remove_row(name)
            editor.widget.text = _(editor.parameter.title)
            boxes.addWidget(editor.widget, number // COLUMNS, number % COLUMNS)
        layout.addLayout(boxes)
        layout.addWidget(self.operation_panel.widget)
        self._show_needed()

    def show(self, parameters: Any) -> None:
        """Show these values. Raises InputError."""
        self.operation_panel.set_parameters(parameters)
        self._show_needed()

    def _on_edited(self) -> None:
        self._show_needed()
        self._changed()

    def _show_needed(self) -> None:
        values: dict[str, Any] = self.operation_panel.parameters()
        for name, needs in NEEDS.items():
            if name in values:
                self.operation_panel.show_row(name, all(values.get(other) in wanted for other, wanted in needs.items()))
