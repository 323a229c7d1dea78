"""Surfaces of segments as models."""

from collections.abc import Mapping

import numpy as np
import vtk
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.segmentations import SegmentInfo
from MedProcLib.scene.tubes import add_model
from MedProcLib.segmentation.common.triangles import Surface

# Segments with a model of their own; the surfaces of more share one.
MOST_MODELS = 60


def models_of_surface(surface: Surface, infos: Mapping[int, SegmentInfo], name: str, like=None, scene=None) -> tuple:
    """Add a model node for the surface of each segment; returns them in the order of the segments' values.

    infos: name and color of each segment, by value; like: node beside which they are put in the subject hierarchy.
    """
    values = np.unique(surface.segments).tolist()
    if len(values) > MOST_MODELS:
        return (add_model(poly_data_of(surface), f"{name} surfaces", SegmentInfo("").color, like, scene),)
    return tuple(
        add_model(
            poly_data_of(surface.of(value)),
            f"{infos[value].name if value in infos else f'Segment {value}'} surface",
            infos[value].color if value in infos else SegmentInfo("").color,
            like,
            scene,
        )
        for value in values
    )


def poly_data_of(surface: Surface) -> vtk.vtkPolyData:
    """VTK triangles in RAS mm; LPS to RAS is a turn, so they keep facing outwards."""
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(ras_of(surface.points)), deep=True))
    triangles = np.asarray(surface.triangles, np.int64)
    numbered = np.column_stack([np.full(len(triangles), 3), triangles]).ravel()
    cells = vtk.vtkCellArray()
    cells.ImportLegacyFormat(numpy_to_vtkIdTypeArray(np.ascontiguousarray(numbered), deep=True))
    poly = vtk.vtkPolyData()
    poly.SetPoints(points)
    poly.SetPolys(cells)
    return poly
