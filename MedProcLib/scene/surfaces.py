"""Triangles of a surface as a model."""

from typing import Any

import numpy as np
import vtk
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.tubes import add_model

SURFACE_COLOR = (0.85, 0.70, 0.55)


def model_from_surface(surface: Any, name: str, like=None, scene=None):
    """Add a model node of a surface: points (n, 3) in LPS mm and triangles (m, 3) of their numbers.

    like: node beside which it is put in the subject hierarchy.
    """
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(ras_of(surface.points)), deep=True))
    triangles = np.asarray(surface.triangles, np.int64)
    cells = vtk.vtkCellArray()
    numbered = np.column_stack([np.full(len(triangles), 3), triangles]).ravel()
    cells.ImportLegacyFormat(numpy_to_vtkIdTypeArray(np.ascontiguousarray(numbered), deep=True))
    poly = vtk.vtkPolyData()
    poly.SetPoints(points)
    poly.SetPolys(cells)
    return add_model(poly, name, SURFACE_COLOR, like, scene)
