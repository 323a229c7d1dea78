"""Center lines of vessels and airways as curves, and a table of their branches."""

from collections.abc import Sequence

import numpy as np
import slicer
import vtk
from vtkmodules.util.numpy_support import numpy_to_vtk

from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.tables import table_from_rows
from MedProcLib.segmentation.tube.branch import Branch, as_rows

# A curve a branch up to here; larger trees become one model of lines, which Slicer draws at once.
MOST_CURVES = 30
MOST_CURVE_POINTS = 40
LINE_COLOR = (0.95, 0.85, 0.20)


def add_centerlines(branches: Sequence[Branch], title: str, like=None, scene=None) -> tuple:
    """Add the branches of a tree: curves (or one model of lines, of a large tree) and a table; returns the nodes.

    like: node beside which all of it is put in the subject hierarchy.
    """
    scene = scene or slicer.mrmlScene
    table = _branch_table(branches, f"{title} center lines", like, scene)
    if len(branches) > MOST_CURVES:
        return (table, _line_model(branches, f"{title} center lines model", like, scene))
    curves = [_curve(branch, f"{title} branch {branch.number}", like, scene) for branch in branches]
    return (table, *curves)


def _branch_table(branches: Sequence[Branch], title: str, like, scene):
    rows = as_rows(branches)
    units = {name: unit for name in rows[0] for unit in ("mm3", "mm") if name.endswith(f"_{unit}")}
    return table_from_rows(rows, title, units, scene, like)


def _curve(branch: Branch, name: str, like, scene):
    points = ras_of(_points(branch))
    every = max(1, -(-len(points) // MOST_CURVE_POINTS))
    kept = points[::every] if len(points) % every == 1 or every == 1 else np.vstack([points[::every], points[-1:]])
    node = new_node("vtkMRMLMarkupsCurveNode", name, scene)
    scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    was_modifying = node.StartModify()
    for point in kept.tolist():
        node.AddControlPoint(point)
    node.SetLocked(True)
    node.EndModify(was_modifying)
    display = node.GetDisplayNode()
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(False)
    display.SetGlyphScale(0.5)
    display.SetSelectedColor(LINE_COLOR)
    if like is not None:
        place_beside(node, like)
    return node


def _line_model(branches: Sequence[Branch], name: str, like, scene):
    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    radii = np.concatenate([np.asarray(branch.radii_mm, np.float32) for branch in branches])
    for branch in branches:
        lines.InsertNextCell(len(_points(branch)))
        for point in ras_of(_points(branch)).tolist():
            lines.InsertCellPoint(points.InsertNextPoint(point))
    poly = vtk.vtkPolyData()
    poly.SetPoints(points)
    poly.SetLines(lines)
    radius = numpy_to_vtk(radii, deep=True)
    radius.SetName("radius_mm")
    poly.GetPointData().AddArray(radius)
    return add_model(poly, name, LINE_COLOR, like, scene)


def add_model(poly_data, name: str, color: tuple[float, float, float], like=None, scene=None):
    """Add a model node of polygons or lines in RAS mm, visible in the 3D and the slice views."""
    scene = scene or slicer.mrmlScene
    node = new_node("vtkMRMLModelNode", name, scene)
    node.SetAndObservePolyData(poly_data)
    scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetColor(*color)
    display.SetVisibility2D(True)
    if like is not None:
        place_beside(node, like)
    return node


def _points(branch: Branch) -> np.ndarray:
    return np.reshape(np.asarray(branch.points, float), (-1, 3))
