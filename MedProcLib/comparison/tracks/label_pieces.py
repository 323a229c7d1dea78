"""The pieces of a label map: which voxels they are, and their summaries in the common space."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry, require_3d
from ...core.progress import SILENT, Progress
from ...segmentation.common.connectivity import connected_components
from ...segmentation.common.label_boxes import box_around
from .common_space import to_common
from .pieces import Pieces


@dataclass(frozen=True)
class LabelPieces:
    """numbers: (z, y, x) int32, piece n of the summaries (from 0) has n + 1; 0 is none. from_common: see TimePoint."""

    grid: Geometry
    numbers: np.ndarray
    pieces: Pieces
    from_common: sitk.Transform | None = None


def pieces_of(
    labels: sitk.Image,
    from_common: sitk.Transform | None = None,
    components: bool = True,
    progress: Progress = SILENT,
) -> LabelPieces:
    """Connected pieces (by corners) of each label, the largest first, or each label as one piece, ascending.

    from_common: maps points of the common space to points of the label map; None where that lies in it.
    The pieces' labels are their numbers from 1 for components, the label map's own values otherwise.
    Raises InputError for a label map that is not a 3D image of whole numbers.
    """
    require_3d(labels, "The label map")
    if labels.GetPixelID() in (sitk.sitkFloat32, sitk.sitkFloat64):
        raise InputError("A label map must hold whole numbers; save it as integers.")
    grid = Geometry.of(labels)
    if components:
        numbers, counts = connected_components(labels, "corner", progress)
        values = np.arange(1, len(counts))
    else:
        array = sitk.GetArrayViewFromImage(labels)
        values, numbers = _compact(array)
        counts = np.bincount(numbers.ravel(), minlength=len(values) + 1)
    return LabelPieces(grid, numbers, _summaries(numbers, values, counts, grid, from_common), from_common)


def index_sums(numbers: np.ndarray, count: int) -> np.ndarray:
    """Sums (count, 3) of the voxel indices x, y, z of each number in an array (z, y, x) of numbers below count."""
    where = np.nonzero(numbers)
    return np.stack([np.bincount(numbers[where], axis, count) for axis in reversed(where)], axis=1)


def surfaces_of(numbers: np.ndarray, grid: Geometry, count: int = 0) -> np.ndarray:
    """Surface in mm² of each number of an array (z, y, x): its voxel faces times 2/3, a smooth surface's share.

    count: least length of the result.
    """
    around = box_around(numbers != 0)
    if around is None:
        return np.zeros(max(count, 1))
    padded = np.pad(numbers[around], 1)
    total = np.zeros(max(count, int(padded.max()) + 1))
    for axis in range(3):
        area = grid.voxel_volume / grid.spacing[2 - axis]
        a = np.moveaxis(padded, axis, 0)
        border = a[1:] != a[:-1]
        for side in (a[1:], a[:-1]):
            total += area * np.bincount(side[border], minlength=total.size)
    total[0] = 0
    return total * 2 / 3


def _compact(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values other than 0, ascending, and the array with 1, 2, ... in their place."""
    numbers = np.zeros(array.shape, np.int32)
    inside = np.nonzero(array)
    values, index = np.unique(array[inside], return_inverse=True)
    numbers[inside] = index + 1
    return values, numbers


def _summaries(
    numbers: np.ndarray, values: np.ndarray, counts: np.ndarray, grid: Geometry, from_common: sitk.Transform | None
) -> Pieces:
    n = len(values)
    centers = grid.points(index_sums(numbers, n + 1)[1:] / counts[1:, None]) if n else np.zeros((0, 3))
    boxes = ndimage.find_objects(numbers, n)
    corners = [
        [[box[2 - axis].start - 0.5, box[2 - axis].stop - 0.5][(corner >> axis) & 1] for axis in range(3)]
        for box in boxes
        for corner in range(8)
    ]
    around = to_common(grid.points(np.array(corners)), from_common) if n else np.zeros((0, 3))
    around = around.reshape(n, 8, 3)
    # surfaces and volumes are those of the time point's own space, where they are measured
    return Pieces(
        values,
        to_common(centers, from_common),
        around.min(axis=1),
        around.max(axis=1),
        counts[1:] * grid.voxel_volume,
        surfaces_of(numbers, grid, n + 1)[1:],
        centers,
    )
