"""A step of a chain: a check box that switches it on, its parameters below, and what else its chain offers for it."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.operation import Declaration
from ..core.recipe import Step
from .operation_panel import OperationPanel

TOOL_WIDTH = 22  # pixels
TITLE_WIDTH = 218  # what the buttons leave in a module panel of 350 pixels
INDENT = 26


class StepPanel:
    """A check box that switches the step on, and below it, unfolded on demand, the step's parameters.

    widget: to put in a layout; changed: called without arguments after the user changed something; tools: widgets to
    put at the right end of the header.
    """

    def __init__(self, declaration: Declaration, changed: Callable[[], None], tools: Sequence[Any] = ()) -> None:
        self.declaration = declaration
        self._changed = changed
        self._writing = False
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.enabled_box = qt.QCheckBox(_(declaration.title))
        self.enabled_box.toolTip = f"{declaration.description}\n\n" + _("Source: {source}").format(
            source=declaration.source
        )
        self.enabled_box.connect("toggled(bool)", self._on_enabled)
        self.unfold_button = tool_button(_("Show or hide the parameters of this step"))
        self.unfold_button.connect("clicked()", lambda: self.unfold(not self.unfolded))
        self.operation_panel = OperationPanel(declaration, changed)
        self._body = _indented(self.operation_panel.widget)
        self._header = _row(self.unfold_button, self.enabled_box, *tools)
        layout.addWidget(self._header)
        layout.addWidget(self._body)
        self.unfold_button.enabled = bool(declaration.parameters)  # there all the same, so that the titles line up
        self.unfold(False)

    def step(self) -> Step:
        """The step as shown."""
        return Step(self.operation_panel.operation(), bool(self.enabled_box.checked))

    def set_step(self, step: Step) -> None:
        """Show a step of the same operation."""
        self.operation_panel.set_parameters(step.operation.parameters)
        self._writing = True
        try:
            self.enabled_box.checked = step.enabled
        finally:
            self._writing = False
        self.operation_panel.widget.enabled = step.enabled

    def set_number(self, number: int) -> None:
        """Show the step's place in the chain, counted from 1, as error messages name it."""
        title = f"{number}. {_(self.declaration.title)}"
        self.enabled_box.text = title
        if self.enabled_box.sizeHint.width() > TITLE_WIDTH:
            self.enabled_box.text = in_two_lines(title)

    def keep_on(self) -> None:
        """A chain's only step cannot be switched off, and shows its parameters."""
        self._header.setVisible(False)
        self.unfold(True)
        self._body.layout().setContentsMargins(0, 0, 0, 0)

    def unfold(self, unfolded: bool) -> None:
        """Show or hide the parameters."""
        self.unfolded = unfolded and bool(self.declaration.parameters)
        self.unfold_button.arrowType = self._arrow()
        self._body.setVisible(self.unfolded)

    def _arrow(self) -> int:
        if not self.declaration.parameters:
            return qt.Qt.NoArrow
        return qt.Qt.DownArrow if self.unfolded else qt.Qt.RightArrow

    def _on_enabled(self, enabled: bool) -> None:
        self.operation_panel.widget.enabled = enabled
        if not self._writing:
            self._changed()


def in_two_lines(title: str) -> str:
    """The title broken at the space that makes its longer line shortest; as it is when it has none."""
    spaces = [place for place, letter in enumerate(title) if letter == " "]
    if not spaces:
        return title
    best = min(spaces, key=lambda place: max(place, len(title) - place - 1))
    return f"{title[:best]}\n{title[best + 1 :]}"


def tool_button(tool_tip: str, arrow: int | None = None, clicked: Callable[[], None] | None = None) -> Any:
    """A small flat button for a header."""
    button = qt.QToolButton()
    button.autoRaise = True
    button.toolTip = tool_tip
    button.setFixedWidth(TOOL_WIDTH)
    if arrow is not None:
        button.arrowType = arrow
    if clicked is not None:
        button.connect("clicked()", clicked)
    return button


def _row(first: Any, second: Any, *others: Any) -> Any:
    widget = qt.QWidget()
    layout = qt.QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    layout.addWidget(first)
    layout.addWidget(second, 1)
    for other in others:
        layout.addWidget(other)
    return widget


def _indented(inner: Any) -> Any:
    widget = qt.QWidget()
    layout = qt.QVBoxLayout(widget)
    layout.setContentsMargins(INDENT, 0, 0, 6)
    layout.addWidget(inner)
    return widget
