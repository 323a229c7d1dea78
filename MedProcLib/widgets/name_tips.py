"""Names of nodes where there is little room for them: cut in their middle where we can, and in full in the tooltip."""

import html
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

import qt
from slicer.i18n import tr as _

MOST_LETTERS = 32  # what a combo box in a panel of 350 pixels shows


def show_names_in_tips(boxes: Iterable[Any]) -> None:
    """Have the tooltip of each qMRMLNodeComboBox begin with the name of its node, whatever is chosen later."""
    for box in boxes:
        tip = box.toolTip
        _show(box, tip)
        box.connect("currentNodeChanged(vtkMRMLNode*)", lambda node, box=box, tip=tip: _show(box, tip))
        box.connect("currentNodeRenamed(QString)", lambda name, box=box, tip=tip: _show(box, tip))


def fill_with_names(box: Any, names: Iterable[str]) -> None:
    """Have a QComboBox offer these names, in place of what it offered."""
    box.clear()
    for number, name in enumerate(names):
        box.addItem(elided(name))
        box.setItemData(number, plain_tip(name), qt.Qt.ToolTipRole)


def elided(name: str, most: int = MOST_LETTERS) -> str:
    """A name of at most so many letters: of longer ones the begin and the end, which tell them apart."""
    end = (most - 1) // 2
    return name if len(name) <= most else f"{name[: most - 1 - end].rstrip()}…{name[-end:].lstrip()}"


def told_apart(names: Iterable[str], most: int) -> dict[str, str]:
    """What to show of names in a cell of about so many letters, which cuts them in their middle: the names, but those
    that would look alike then (both upper and lower lobes as 'lung…left') without the words they begin with together.
    """
    looks: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        looks.setdefault(elided(name, most), []).append(name)
    shown = {name: name for alike in looks.values() for name in alike}
    for alike in looks.values():
        if len(alike) > 1:
            same = takewhile(lambda letters: len(set(letters)) == 1, zip(*alike, strict=False))
            together = "".join(letters[0] for letters in same)
            word = next((n for n in range(len(together), 0, -1) if not together[n - 1].isalnum()), len(together))
            shown |= {name: elided(f"…{name[word:]}", most) for name in alike if name != together}
    return shown


def plain_tip(text: str) -> str:
    """A tooltip that shows a text as it is: Qt takes one with tags, which a node's name may look like, for HTML."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if "<" in text else text


def _show(box: Any, tip: str) -> None:
    node = box.currentNode()
    text = _("{name}\n\n{tip}").format(name=node.GetName(), tip=tip) if node is not None else tip
    box.toolTip = plain_tip(text)
