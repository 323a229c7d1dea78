"""Where ITK's convention (LPS) and MRML's (RAS) meet; every other file of the scene floor asks this one."""

from collections.abc import Sequence

import numpy as np
import vtk

# Changes LPS to RAS and back: x and y point the other way.
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
# An element this small moves nothing, but ITK's inverse of a matrix with one below 1e-292 is not a number.
SMALLEST_ELEMENT = 1e-100


def ras_of(points: Sequence | np.ndarray) -> np.ndarray:
    """RAS positions (..., 3) of LPS positions (..., 3), in mm."""
    return np.asarray(points, float) * (-1.0, -1.0, 1.0)


def lps_of(points: Sequence | np.ndarray) -> np.ndarray:
    """LPS positions (..., 3) of RAS positions (..., 3), in mm."""
    return ras_of(points)


def array_of_matrix(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """(4, 4) array of a VTK matrix (copy); what is next to nothing is 0."""
    array = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    array[np.abs(array) < SMALLEST_ELEMENT] = 0
    return array


def matrix_of_array(array: np.ndarray) -> vtk.vtkMatrix4x4:
    """VTK matrix of a (4, 4) array (copy)."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(array, float).ravel().tolist())
    return matrix
