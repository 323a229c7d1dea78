"""The panel of an operation, made from its declaration: a row per parameter with limits, unit, meaning, default."""

from collections.abc import Callable, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.operation import Declaration
from ..core.parameters import Value
from .parameter_editor import ParameterEditor, describe

LABEL_WIDTH = 130  # one width, so the rows of several operations below each other line up


class OperationPanel:
    """Rows to see and change the parameters of an operation.

    widget: to put in a layout; changed: called without arguments after the user changed a parameter.
    """

    def __init__(self, declaration: Declaration, changed: Callable[[], None] | None = None) -> None:
        self.declaration = declaration
        self._changed = changed or (lambda: None)
        self.widget = qt.QWidget()
        self.widget.objectName = declaration.name
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.editors = {p.name: ParameterEditor(p, self._on_edited) for p in declaration.parameters}
        self._labels = {name: _label(editor) for name, editor in self.editors.items()}
        for name, editor in self.editors.items():
            rows.addRow(self._labels[name], editor.widget)
        self.reset_button = qt.QToolButton()
        self.reset_button.text = _("Reset to defaults")
        self.reset_button.autoRaise = True
        self.reset_button.toolTip = _("Set all parameters of this step to their defaults")
        self.reset_button.connect("clicked()", self._on_reset)
        if self.editors:
            rows.addRow("", self.reset_button)
        self._show_whether_changed()

    def parameters(self) -> dict[str, Value]:
        return {name: editor.value for name, editor in self.editors.items()}

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Show these values, defaults for the others. Raises InputError, and then shows what it showed before."""
        operation = self.declaration.create(parameters)
        for name, value in operation.parameters.items():
            self.editors[name].set_value(value)
        self._show_whether_changed()

    def operation(self) -> Any:
        """The operation with the parameters shown."""
        return self.declaration.create(self.parameters())

    def show_row(self, name: str, shown: bool) -> None:
        """Show or hide a parameter that does not count now; its value stays."""
        for widget in (self._labels[name], self.editors[name].widget):
            widget.visible = shown

    def remove_row(self, name: str) -> None:
        """Leave a parameter's widget to be put elsewhere."""
        for widget in (self._labels[name], self.editors[name].widget):
            self.widget.layout().removeWidget(widget)
        self._labels[name].visible = False

    def reset(self) -> None:
        """Show the defaults."""
        self.set_parameters({})

    def _on_edited(self) -> None:
        self._show_whether_changed()
        self._changed()

    def _on_reset(self) -> None:
        self.reset()
        self._changed()

    def _show_whether_changed(self) -> None:
        self.reset_button.enabled = self.operation() != self.declaration.create()


def _label(editor: ParameterEditor):
    label = qt.QLabel(_(editor.parameter.title) + ":")
    label.wordWrap = True
    label.setFixedWidth(LABEL_WIDTH)
    label.toolTip = describe(editor.parameter)
    label.setMinimumHeight(label.heightForWidth(LABEL_WIDTH))  # rows do not ask how high a wrapped label gets
    return label
