"""Results enter the scene in one step, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager

import slicer
import vtk

from MedProcLib.scene.hierarchy import hierarchy_of


class SceneChange:
    """The nodes added since the commit began."""

    def __init__(self, scene) -> None:
        self._scene = scene
        self._nodes_before = set(_nodes(scene))
        self._items_before = set(_items(scene))

    @property
    def nodes(self) -> list:
        """Nodes added so far, in order."""
        return [node for node in _nodes(self._scene) if node not in self._nodes_before]

    def undo(self) -> None:
        """Remove what was added, last first: display and storage nodes, colors and subject-hierarchy items too."""
        for node in reversed(self.nodes):
            if self._scene.IsNodePresent(node):  # a display node goes with the node it belongs to
                self._scene.RemoveNode(node)
        hierarchy = hierarchy_of(self._scene)
        for item in reversed(_items(self._scene)):
            if item not in self._items_before:
                hierarchy.RemoveItem(item, False, False)


@contextmanager
def commit(scene=None) -> Iterator[SceneChange]:
    """Add results inside this block: views update once at its end, and an exception takes back all that was added.

    Only add nodes inside; what is done to a node that was there before is not taken back. Main thread only.
    """
    scene = scene or slicer.mrmlScene
    change = SceneChange(scene)
    scene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    try:
        yield change
    except BaseException:
        change.undo()
        raise
    finally:
        scene.EndState(slicer.vtkMRMLScene.BatchProcessState)


def _nodes(scene) -> list:
    return [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]


def _items(scene) -> list[int]:
    items = vtk.vtkIdList()
    hierarchy = hierarchy_of(scene)
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    return [items.GetId(index) for index in range(items.GetNumberOfIds())]
