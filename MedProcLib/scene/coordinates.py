"""Where ITK's convention (LPS) and MRML's (RAS) meet; every other file of the scene floor asks this one."""

from collections.abc import Sequence

import numpy as np
import vtk

# Changes LPS to RAS and back: x and y point the other way.
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def ras_of(points: Sequence | np.ndarray) -> np.ndarray:
    """RAS positions (..., 3) of LPS positions (..., 3), in mm."""
    return np.asarray(points, float) * (-1.0, -1.0, 1.0)


def lps_of(points: Sequence | np.ndarray) -> np.ndarray:
    """LPS positions (..., 3) of RAS positions (..., 3), in mm."""
    return ras_of(points)


def array_of_matrix(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """(4, 4) array of a VTK matrix (copy)."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def matrix_of_array(array: np.ndarray) -> vtk.vtkMatrix4x4:
    """VTK matrix of a (4, 4) array (copy)."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(array, float).ravel().tolist())
    return matrix
