"""Voxel grids of VTK images in MRML: from an IJK to RAS matrix to ITK's geometry and back, and their voxels."""

import numpy as np
import SimpleITK as sitk
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import FLIP

# Axes further from perpendicular than this (cosine) make lengths and volumes wrong: such a grid is resampled.
LARGEST_SHEAR = 1e-3
# Slicer shows signed 8-bit volumes but its writers refuse them (tried with 5.12).
SAVED_AS = {"bool": np.uint8, "int8": np.int16, "float16": np.float32}


def geometry_of_grid(ijk_to_ras: np.ndarray, extent: tuple[int, ...], what: str) -> Geometry:
    """Geometry (LPS, mm) of a VTK image of this extent whose index (i, j, k) lies at ijk_to_ras @ (i, j, k, 1).

    Raises InputError when there are no voxels or the matrix does not place them.
    """
    size = tuple(int(last - first + 1) for first, last in zip(extent[::2], extent[1::2], strict=True))
    if min(size) < 1:
        raise InputError(f"{what} has no voxels: load or compute its image first.")
    matrix = FLIP @ ijk_to_ras
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if not np.isfinite(matrix).all() or not (spacing > 0).all():
        raise InputError(f"{what} has a spacing of {_short(spacing)} mm: correct it in the Volumes module.")
    direction = matrix[:3, :3] / spacing
    if abs(np.linalg.det(direction)) < 1e-6:
        raise InputError(f"The axes of {what} lie in one plane: correct its IJK to RAS directions.")
    origin = matrix @ [extent[0], extent[2], extent[4], 1.0]
    return Geometry(size, tuple(spacing.tolist()), tuple(origin[:3].tolist()), tuple(direction.ravel().tolist()))


def ijk_to_ras_of(geometry: Geometry) -> np.ndarray:
    """(4, 4) matrix from voxel index to RAS mm of a 3D geometry."""
    return FLIP @ geometry.index_to_point


def image_of_vtk(image: vtkImageData, geometry: Geometry) -> sitk.Image:
    """SimpleITK image of VTK voxels on this grid. Copies the voxels once."""
    scalars = image.GetPointData().GetScalars()
    components = scalars.GetNumberOfComponents()
    shape = tuple(reversed(geometry.size))
    array = vtk_to_numpy(scalars).reshape(shape if components == 1 else (*shape, components))
    return geometry.stamp(sitk.GetImageFromArray(array, isVector=components > 1))


def vtk_of_image(image: sitk.Image) -> vtkImageData:
    """VTK image of the voxels of a 3D image, in a type Slicer can save; spacing 1 and origin 0, as in volume nodes.

    Copies the voxels once.
    """
    array = savable(sitk.GetArrayViewFromImage(image))
    components = image.GetNumberOfComponentsPerPixel()
    scalars = numpy_to_vtk(array.reshape(-1, components) if components > 1 else array.reshape(-1), deep=True)
    scalars.SetName("ImageScalars")
    result = vtkImageData()
    result.SetDimensions(image.GetSize())
    result.GetPointData().SetScalars(scalars)
    return result


def savable(array: np.ndarray) -> np.ndarray:
    """The array in a type that Slicer can display and save, values unchanged: 64-bit and 8-bit signed integers,
    booleans and half floats change type. Raises InputError when no type holds the values."""
    if array.dtype in (np.int64, np.uint64):
        return _narrowed(array)
    return array.astype(SAVED_AS.get(array.dtype.name, array.dtype), copy=False)


def upright_grid(geometry: Geometry) -> Geometry:
    """The geometry itself where its axes are perpendicular, else the nearest grid of its spacing whose axes are and
    which covers its voxels' centers."""
    axes = np.reshape(geometry.direction, (3, 3))
    if np.abs(axes.T @ axes - np.eye(3)).max() <= LARGEST_SHEAR:
        return geometry
    u, _, vt = np.linalg.svd(axes)
    turned = Geometry((1, 1, 1), geometry.spacing, (0.0, 0.0, 0.0), tuple((u @ vt).ravel().tolist()))
    corners = turned.indices(geometry.corners())
    first = corners.min(axis=0)
    size = np.ceil(corners.max(axis=0) - first - 1e-6).astype(int) + 1
    return Geometry(tuple(size.tolist()), turned.spacing, tuple(turned.points(first)[0].tolist()), turned.direction)


def _narrowed(array: np.ndarray) -> np.ndarray:
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    if np.iinfo(np.int32).min <= low and high <= np.iinfo(np.int32).max:
        return array.astype(np.int32)
    if max(-low, high) <= 2**53:
        return array.astype(np.float64)
    raise InputError(
        f"Voxel values from {low} to {high} fit no type that Slicer can save: rescale them or cast to floating point."
    )


def _short(values: np.ndarray) -> str:
    return " x ".join(f"{value:.3g}" for value in values)
