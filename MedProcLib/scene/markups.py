"""Points and lines (LPS, mm) as markups nodes, and placed points as LPS positions."""

from collections.abc import Sequence

import numpy as np
import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.scene.coordinates import lps_of, ras_of
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node


def line_from_points(first: Sequence[float], second: Sequence[float], name: str, scene=None, like=None):
    """Add a line node between two LPS positions (mm), its length measured by Slicer; locked against dragging."""
    return _add_markups("vtkMRMLMarkupsLineNode", np.array([first, second], float), ("", ""), name, scene, like)


def points_node_from(points: np.ndarray, labels: Sequence[str], name: str, scene=None, like=None):
    """Add a point list node of LPS positions (n, 3) in mm, labeled; locked against dragging.

    like: node beside which it is put in the subject hierarchy.
    """
    points = np.reshape(points, (-1, 3))
    return _add_markups("vtkMRMLMarkupsFiducialNode", points, labels, name, scene, like)


def set_points(node, points: np.ndarray, labels: Sequence[str]) -> None:
    """Have a point list hold just these LPS positions (n, 3) in mm, labeled; nothing happens where it does already."""
    wanted = ras_of(np.reshape(points, (-1, 3))).tolist()
    count = node.GetNumberOfControlPoints()
    held = [list(node.GetNthControlPointPosition(n)) for n in range(count)]
    if held == wanted and [node.GetNthControlPointLabel(n) for n in range(count)] == list(labels):
        return
    was_modifying = node.StartModify()
    node.RemoveAllControlPoints()
    for point, label in zip(wanted, labels, strict=True):
        node.AddControlPoint(point, label)
    node.EndModify(was_modifying)


def points_of_markups(node) -> np.ndarray:
    """LPS positions (n, 3) in mm of a markups node's placed points, in world space: transforms are applied.

    Raises InputError when there is no point.
    """
    return np.array([place for place, _name in named_points(node)])


def named_points(node) -> tuple[tuple[tuple[float, float, float], str], ...]:
    """Position, as of points_of_markups, and name of each placed point. Raises InputError when there is none."""
    if node is None or not node.IsA("vtkMRMLMarkupsNode"):
        raise InputError("No point list is selected.")
    placed = placed_points(node)
    if not placed:
        raise InputError(f"Point list '{node.GetName()}' has no point: place one in a slice view.")
    return tuple(placed)


def placed_points(node) -> list[tuple[tuple[float, float, float], str]]:
    """LPS position in world space and name of each point that is placed."""
    defined = slicer.vtkMRMLMarkupsNode.PositionDefined
    return [
        (
            tuple(lps_of(list(node.GetNthControlPointPositionWorld(index))).tolist()),
            node.GetNthControlPointLabel(index) or f"point {index + 1}",
        )
        for index in range(node.GetNumberOfControlPoints())
        if node.GetNthControlPointPositionStatus(index) == defined
    ]


def _add_markups(class_name: str, points: np.ndarray, labels: Sequence[str], name: str, scene, like):
    scene = scene or slicer.mrmlScene
    node = new_node(class_name, name, scene)
    scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    set_points(node, points, labels)
    node.SetLocked(True)
    if like is not None:
        place_beside(node, like)
    return node
