"""Surfaces of segments as models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import vtk
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.segmentations import SegmentInfo
from MedProcLib.scene.tubes import add_model
from MedProcLib.segmentation.common.triangles import Surface

# Segments with a model of their own; the surfaces of more share one.
MOST_MODELS = 60


@dataclass(frozen=True)
class ReadyModel:
    """A surface as VTK data, and what its model is called."""

    name: str
    color: tuple[float, float, float]
    surface: vtk.vtkPolyData


def ready_models(surface: Surface, infos: Mapping[int, SegmentInfo]) -> list[ReadyModel]:
    """Models of the surface of each segment, in the order of the segments' values; in any thread.

    infos: name and color of each segment, by value.
    """
    values = np.unique(surface.segments).tolist()
    if len(values) > MOST_MODELS:
        return [ReadyModel("", SegmentInfo("").color, poly_data_of(surface))]
    known = {value: infos.get(value, SegmentInfo(f"Segment {value}")) for value in values}
    return [ReadyModel(known[v].name, known[v].color, poly_data_of(surface.of(v))) for v in values]


def add_models(models: Sequence[ReadyModel], name: str, like=None, scene=None) -> tuple:
    """Add a model node for each surface; returns them in order.

    name: of one that stands for all segments; like: node beside which they are put in the subject hierarchy.
    """
    return tuple(
        add_model(each.surface, f"{each.name} surface" if each.name else f"{name} surfaces", each.color, like, scene)
        for each in models
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
