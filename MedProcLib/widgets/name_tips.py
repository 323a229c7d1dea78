"""Names of nodes in full: in a narrow panel a combo box shows only their beginning."""

from collections.abc import Iterable
from typing import Any

from slicer.i18n import tr as _


def show_names_in_tips(boxes: Iterable[Any]) -> None:
    """Have the tooltip of each qMRMLNodeComboBox begin with the name of its node, whatever is chosen later."""
    for box in boxes:
        tip = box.toolTip
        _show(box, tip)
        box.connect("currentNodeChanged(vtkMRMLNode*)", lambda node, box=box, tip=tip: _show(box, tip))
        box.connect("currentNodeRenamed(QString)", lambda name, box=box, tip=tip: _show(box, tip))


def _show(box: Any, tip: str) -> None:
    node = box.currentNode()
    box.toolTip = _("{name}\n\n{tip}").format(name=node.GetName(), tip=tip) if node is not None else tip
