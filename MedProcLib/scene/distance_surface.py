"""The surface of a segmentation with its signed distance to a reference in mm. Plain VTK data, no nodes: any thread."""

from collections.abc import Iterable, Iterator

import numpy as np
import SimpleITK as sitk
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkAppendPolyData, vtkImplicitPolyDataDistance, vtkReverseSense, vtkSurfaceNets3D

from MedProcLib.core.boxes import boxes_of
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.coordinates import ras_of

DISTANCE, SEGMENT = "distance_mm", "segment"
CHUNK = 2000  # points measured at once: VTK keeps Python waiting meanwhile


def distance_surface(
    pairs: Iterable[tuple[sitk.Image, sitk.Image]], progress: Progress = SILENT
) -> tuple[vtkPolyData, list[int]]:
    """Triangles (RAS, mm) of the segments of the tests that the references have too, and the values of those that
    only one has.

    pairs: (reference, test), two 3D label maps on one grid, segments of one value belonging together.
    Point data: distance_mm, positive where the test reaches beyond the reference's surface, and the segment's value.
    Of a picture (one slice) there is none: its segments would be plates, on which most points are no border.
    The surfaces are smoothed within their voxels (Frisken, surface nets). Raises Cancelled.
    """
    together, alone = vtkAppendPolyData(), []
    pairs = list(pairs)
    for (reference, test), part in zip(pairs, progress.parts(*[1] * len(pairs)), strict=True):
        grid, arrays = Geometry.of(reference), [sitk.GetArrayViewFromImage(image) for image in (reference, test)]
        boxes = [boxes_of(array) for array in arrays]
        alone += sorted(boxes[0].keys() ^ boxes[1].keys())
        both = sorted(boxes[0].keys() & boxes[1].keys()) if min(grid.size) > 1 else []
        for value, step in zip(both, part.parts(*[1] * len(both)), strict=True):
            first, second = (
                _surface(array[known[value]] == value, known[value], grid.spacing)
                for array, known in zip(arrays, boxes, strict=True)
            )
            _measure(second, first, step)
            numbers = np.full(second.GetNumberOfPoints(), value, np.int32)
            _add_array(second, SEGMENT, numbers)
            together.AddInputData(_in_world(second, grid))
    if together.GetNumberOfInputConnections(0) == 0:
        return vtkPolyData(), alone
    together.Update()
    result = together.GetOutput()
    result.GetPointData().SetActiveScalars(DISTANCE)
    return result, alone


def distances_of(surface: vtkPolyData) -> np.ndarray:
    """Signed distance in mm of each point."""
    array = surface.GetPointData().GetArray(DISTANCE)
    return np.zeros(0) if array is None else vtk_to_numpy(array)


def _surface(mask: np.ndarray, box: tuple[slice, ...], spacing: tuple[float, ...]) -> vtkPolyData:
    """Surface of a mask (z, y, x) that starts at a box of the image; index times spacing, mm."""
    padded = np.pad(mask, 1).astype(np.uint8)
    image = vtkImageData()
    image.SetDimensions(padded.shape[::-1])
    image.SetSpacing(spacing)
    image.SetOrigin([(side.start - 1) * s for side, s in zip(box[::-1], spacing, strict=True)])
    image.GetPointData().SetScalars(numpy_to_vtk(padded.reshape(-1), deep=True))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetOutputMeshTypeToTriangles()
    nets.Update()
    surface = vtkPolyData()
    surface.ShallowCopy(nets.GetOutput())
    surface.GetCellData().Initialize()
    return surface


def _measure(surface: vtkPolyData, reference: vtkPolyData, progress: Progress) -> None:
    """Give each point of a surface its signed distance to the nearest triangle of the reference."""
    distance = vtkImplicitPolyDataDistance()
    distance.SetInput(reference)
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    values = np.empty(len(points))
    for start, part in _chunks(len(points), progress):
        measured = vtkDoubleArray()
        distance.FunctionValue(numpy_to_vtk(points[part], deep=True), measured)
        values[part] = vtk_to_numpy(measured)
        progress(start / len(points), "Coloring the surface")
    _add_array(surface, DISTANCE, values.astype(np.float32))


def _chunks(count: int, progress: Progress) -> Iterator[tuple[int, slice]]:
    for start in range(0, count, CHUNK):
        progress.check()
        yield start, slice(start, start + CHUNK)


def _add_array(surface: vtkPolyData, name: str, values: np.ndarray) -> None:
    array = numpy_to_vtk(values, deep=True)
    array.SetName(name)
    surface.GetPointData().AddArray(array)


def _in_world(surface: vtkPolyData, grid: Geometry) -> vtkPolyData:
    """The surface (index times spacing) in RAS, its triangles facing outward on left-handed grids too."""
    points = vtkPoints()
    indices = vtk_to_numpy(surface.GetPoints().GetData()) / np.array(grid.spacing)
    points.SetData(numpy_to_vtk(ras_of(grid.points(indices)).astype(np.float32), deep=True))
    surface.SetPoints(points)
    if np.linalg.det(np.reshape(grid.direction, (3, 3))) > 0:
        return surface
    turned = vtkReverseSense()
    turned.SetInputData(surface)
    turned.ReverseCellsOn()
    turned.Update()
    return turned.GetOutput()
