"""Plain Qt widgets as the panels use them: named, with a tooltip, and no wider than a narrow column allows."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import SlicerParameterNamePropertyName

from .wrapped_label import wish_no_width

NARROWEST_BUTTON = 56
NO_FINDINGS = _("Compare first, or load findings: there are none yet.")


def combo(name: str, tip: str, titles: Sequence[str] = (), letters: int = 6) -> Any:
    """A QComboBox of titles that may get as narrow as so many letters."""
    box = qt.QComboBox()
    box.objectName = name
    box.toolTip = tip
    box.setMinimumContentsLength(letters)
    box.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
    for title in titles:
        box.addItem(title)
    return box


def line_edit(name: str, tip: str) -> Any:
    """A QLineEdit."""
    widget = qt.QLineEdit()
    widget.objectName = name
    widget.toolTip = tip
    return widget


def push_button(name: str, title: str, tip: str = "", clicked: Callable[[], Any] | None = None) -> Any:
    """A QPushButton that may share a row with three others."""
    button = qt.QPushButton(title)
    button.setMinimumWidth(NARROWEST_BUTTON)
    button.objectName = name
    button.toolTip = tip
    if clicked is not None:
        button.connect("clicked()", clicked)
    return button


def allow(button: Any, tip: str, missing: str) -> None:
    """Let a button be pressed, or say in its tooltip what is missing for it; '' for nothing."""
    button.enabled = not missing
    button.toolTip = missing or tip


def row_table(name: str, tip: str) -> Any:
    """A QTableWidget to read in, of which one row is selected."""
    table = qt.QTableWidget()
    table.objectName = name
    table.toolTip = tip
    table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    table.alternatingRowColors = True
    table.wordWrap = False
    table.textElideMode = qt.Qt.ElideMiddle
    table.verticalHeader().visible = False
    table.horizontalHeader().highlightSections = False
    return table


def text_label() -> Any:
    """A QLabel for lines of plain text that wrap and can be copied."""
    label = qt.QLabel()
    label.wordWrap = True
    label.textFormat = qt.Qt.PlainText
    label.textInteractionFlags = qt.Qt.TextSelectableByMouse
    return label


def node_box(name: str, kind: str, tip: str, mark: str = "") -> Any:
    """A qMRMLNodeComboBox of the scene's nodes of a kind, kept in the parameter of its name; mark: an attribute that
    they have."""
    box = slicer.qMRMLNodeComboBox()
    box.objectName = name
    box.nodeTypes = [kind]
    if mark:
        box.addAttribute(kind, mark)
    box.addEnabled = box.removeEnabled = False
    box.noneEnabled = True
    box.toolTip = tip
    box.setProperty(SlicerParameterNamePropertyName, name)
    box.setMRMLScene(slicer.mrmlScene)
    return box


def connect_node(box: Any, chosen: Callable[[Any], Any]) -> None:
    """Have chosen(node) called when a qMRMLNodeComboBox shows another node, twice where the user chose it.

    Since Slicer 5.12 currentNodeChanged says nothing of a node that has the name of the one before.
    """
    for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
        box.connect(signal, chosen)


def beside(*widgets: Any) -> Any:
    """Widgets in a row that share its width; tool buttons take what they need.

    A ctkCollapsibleButton gets no narrower than its contents would like to be, and the module panel no narrower than
    it: so the others say no more than what they need at least.
    """
    frame = qt.QWidget()
    layout = qt.QHBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        is_tool = widget.inherits("QToolButton")
        if not is_tool:
            widget.setMinimumWidth(widget.minimumWidth or widget.minimumSizeHint.width())
            wish_no_width(widget)
        layout.addWidget(widget, 0 if is_tool else 1)
    return frame


def titled(title: str, widget: Any) -> Any:
    """A widget with its title before it, to be shown or hidden as one."""
    row = qt.QWidget()
    form = qt.QFormLayout(row)
    form.setContentsMargins(0, 0, 0, 0)
    form.addRow(title, widget)
    return row
