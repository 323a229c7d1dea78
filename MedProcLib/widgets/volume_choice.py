"""Several volumes chosen by the user: checked in a list, or all of a patient, study or folder."""

from collections.abc import Callable, Sequence
from typing import Any

import slicer

from ..scene.hierarchy import Branch, branches, hierarchy_of
from ..scene.provenance import is_result
from .inputs import SCALAR_VOLUME

_Hierarchy = slicer.vtkMRMLSubjectHierarchyNode
HIERARCHY_EVENTS = (
    _Hierarchy.SubjectHierarchyItemAddedEvent,
    _Hierarchy.SubjectHierarchyItemRemovedEvent,
    _Hierarchy.SubjectHierarchyItemModifiedEvent,
    _Hierarchy.SubjectHierarchyItemReparentedEvent,
)


class CheckedVolumes:
    """A qMRMLCheckableNodeComboBox whose checked volumes are kept by the caller (in the parameter node).

    on_checked(nodes): called when the user checked or unchecked some.
    """

    def __init__(self, combo_box: Any, on_checked: Callable[[list[Any]], None]) -> None:
        self.combo_box = combo_box
        self._on_checked = on_checked
        self._filling = False
        combo_box.connect("checkedNodesChanged()", self._on_changed)

    def show(self, nodes: Sequence[Any]) -> None:
        """Check just these nodes."""
        self._filling = True
        try:
            for node in (*self.combo_box.checkedNodes(), *nodes):
                if node in nodes:
                    self.combo_box.check(node)
                else:
                    self.combo_box.uncheck(node)
        finally:
            self._filling = False

    def _on_changed(self) -> None:
        scene = slicer.mrmlScene
        if not (self._filling or scene.IsClosing() or scene.IsImporting()):  # then it is not the user who does it
            self._on_checked(list(self.combo_box.checkedNodes()))


class BranchBox:
    """A combo box of the patients, studies and folders that hold volumes; follows the subject hierarchy.

    on_chosen(path): called when the user chose one; the path is kept by the caller.
    """

    def __init__(self, combo_box: Any, on_chosen: Callable[[str], None]) -> None:
        self.combo_box = combo_box
        self._on_chosen = on_chosen
        self._paths: list[str] = []
        self._filling = False
        combo_box.connect("currentIndexChanged(int)", self._on_index)

    def show(self, path: str) -> None:
        """Offer what the scene has now; a path that is not there is shown as none."""
        offered = [(branch.path, f"{branch.path} ({len(branch.nodes)})") for branch in volume_branches()]
        self._filling = True
        try:
            self._paths = [each for each, _ in offered]
            self.combo_box.clear()
            for _, title in offered:
                self.combo_box.addItem(title)
            self.combo_box.currentIndex = self._paths.index(path) if path in self._paths else -1
        finally:
            self._filling = False

    def _on_index(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._paths):
            self._on_chosen(self._paths[index])


def volume_branches() -> list[Branch]:
    """Patients, studies and folders with the scalar volumes in and below them that are not results themselves."""
    found = []
    for branch in branches(slicer.mrmlScene, SCALAR_VOLUME):
        volumes = tuple(node for node in branch.nodes if not is_result(node))
        if volumes:
            found.append(Branch(branch.item, branch.path, volumes))
    return found


def volumes_of_branch(path: str) -> list[Any]:
    """The volumes of a branch by its path; none when it is not there."""
    return next((list(branch.nodes) for branch in volume_branches() if branch.path == path), [])


def hierarchy_node() -> Any:
    """The node whose HIERARCHY_EVENTS tell that branches changed."""
    return hierarchy_of(slicer.mrmlScene)
