"""Whether a time point lies as it was compared: with its registration hardened it would be moved twice."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import slicer
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
    corners = np.reshape([float(value) for value in kept.split()], (-1, 3))
    if _apart(corners, _corners(volume, transform)):
        how, back = (
            (" (its registration was hardened?)", "move it back (Transforms: the inverse, hardened)")
            if transform is not None
            else ("", "give it the place back that it had (Transforms)")
        )
        raise InputError(f"'{name}' lies elsewhere than it was compared{how}: {back}, or compare again.")


def require_outlines_as_compared(segmentation, volume, transform) -> None:
    """Raise InputError where a time point's segmentation is not under the node of its registration any more, and not on
    its volume's own voxels either: in the common space the registration would move it again."""
    if transform is None or segmentation.GetParentTransformNode() is transform:
        return
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    kept = segmentation.GetSegmentation().GetConversionParameter(name) or ""  # is hardened with the segments
    values = [float(value) for value in kept.split(";") if value]
    if len(values) < 22:
        return
    matrix, extent = np.reshape(values[:16], (4, 4)), values[16:22]
    if _apart(_ends(matrix, extent), _corners(volume, transform)):
        raise InputError(
            f"'{segmentation.GetName()}' lies elsewhere than it was compared (its registration was hardened?): move "
            f"it back (Transforms: the inverse, hardened) and put it under '{transform.GetName()}' again, or compare "
            "again."
        )


def _apart(corners: np.ndarray, others: np.ndarray) -> bool:
    """Whether any of these corners (n, 3) is none of the others: files may order slices the other way round."""
    return bool(np.linalg.norm(corners[:, None] - others, axis=-1).min(axis=-1).max() > NEAR_MM)


def _corners(volume, transform) -> np.ndarray:
    corners = _ends(_matrix(volume), volume.GetImageData().GetExtent())
    return corners if transform is not None else np.array([_in_world(volume, corner) for corner in corners])


def _ends(ijk_to_ras: np.ndarray, extent: Sequence[float]) -> np.ndarray:
    """Corners (8, 3) of a grid."""
    ends = np.array(list(product(*np.reshape(extent, (3, 2)), [1])), float)
    return (ends @ ijk_to_ras.T)[:, :3]


def _in_world(volume, point: np.ndarray) -> list[float]:
    place = [0.0, 0.0, 0.0]
    volume.TransformPointToWorld(point.tolist(), place)
    return place


def _matrix(volume) -> np.ndarray:
    matrix = vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return array_of_matrix(matrix)
