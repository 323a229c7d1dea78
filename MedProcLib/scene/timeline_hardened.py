"""Whether a time point lies as it was compared: with its registration hardened the volume would be moved twice."""

from itertools import product

import numpy as np
from vtk import vtkMatrix4x4

from MedProcLib.core.errors import InputError
from MedProcLib.scene.coordinates import array_of_matrix

NEAR_MM = 0.01  # more than a file's rounding


def corners_text(volume, transform) -> str:
    """Where the corners of a volume node are (RAS, mm), as a text to keep: in its own space, under the node of its
    registration; in the world without one (None)."""
    return " ".join(repr(value) for value in _corners(volume, transform).ravel().tolist())


def require_as_compared(volume, transform, kept: str, is_lost: bool) -> None:
    """Raise InputError where the corners of a time point's volume are not those that were kept ('': not known), or its
    registration was deleted (is_lost).

    transform: the node of the registration, None of what lies in the common space.
    """
    name = volume.GetName()
    if is_lost:
        raise InputError(f"The registration of '{name}' was deleted, so nobody knows how it lies: compare again.")
    if not kept:
        return
    corners = np.reshape([float(value) for value in kept.split()], (-1, 1, 3))
    # files may order slices the other way round
    if np.linalg.norm(corners - _corners(volume, transform), axis=-1).min(axis=-1).max() > NEAR_MM:
        how, back = (
            (" (its registration was hardened?)", "move it back (Transforms: the inverse, hardened)")
            if transform is not None
            else ("", "give it the place back that it had (Transforms)")
        )
        raise InputError(f"'{name}' lies elsewhere than it was compared{how}: {back}, or compare again.")


def _corners(volume, transform) -> np.ndarray:
    ends = np.array(list(product(*np.reshape(volume.GetImageData().GetExtent(), (3, 2)), [1])), float)
    corners = (ends @ _matrix(volume).T)[:, :3]
    return corners if transform is not None else np.array([_in_world(volume, corner) for corner in corners])


def _in_world(volume, point: np.ndarray) -> list[float]:
    place = [0.0, 0.0, 0.0]
    volume.TransformPointToWorld(point.tolist(), place)
    return place


def _matrix(volume) -> np.ndarray:
    matrix = vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return array_of_matrix(matrix)
