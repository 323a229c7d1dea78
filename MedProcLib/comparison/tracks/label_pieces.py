"""The pieces of a label map: which voxels they are, and their summaries in the common space."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, require_3d
from ...core.progress import SILENT, Progress
from ...segmentation.common.connectivity import connected_components
from .common_space import to_common
from .pieces import Pieces

STEP_MM = 1.0  # over which the slope of a transform is taken


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
        values, numbers = compact(array)
        counts = np.bincount(_labelled(numbers)[1], minlength=len(values) + 1)
    return LabelPieces(grid, numbers, _summaries(numbers, values, counts, grid, from_common), from_common)


def index_sums(numbers: np.ndarray, count: int) -> np.ndarray:
    """Sums (count, 3) of the voxel indices x, y, z of each number in an array (z, y, x) of numbers below count."""
    place, owner = _labelled(numbers)
    where = np.unravel_index(place, numbers.shape)
    return np.stack([np.bincount(owner, axis, count) for axis in reversed(where)], axis=1)


def surfaces_of(numbers: np.ndarray, grid: Geometry, count: int = 0) -> np.ndarray:
    """Surface in mm² of each number of an array (z, y, x): its voxel faces times 2/3, a smooth surface's share.

    count: least length of the result.
    """
    place, owner = _labelled(numbers)
    flat = numbers.reshape(-1)
    total = np.zeros(max(count, int(owner.max(initial=0)) + 1))
    where = np.unravel_index(place, numbers.shape)
    for axis, (index, size) in enumerate(zip(where, numbers.shape, strict=True)):
        step = int(np.prod(numbers.shape[axis + 1 :]))
        area = grid.voxel_volume / grid.spacing[2 - axis]
        for side, last in ((-step, 0), (step, size - 1)):
            neighbor = flat[np.where(index == last, place, place + side)]
            border = (neighbor != owner) | (index == last)
            total += area * np.bincount(owner[border], minlength=total.size)
    return total * 2 / 3


def _labelled(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flat places of the voxels that have a number, and the numbers: most of an image has none."""
    place = np.flatnonzero(numbers)
    return place, numbers.reshape(-1)[place]


def compact(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values other than 0, ascending, and the array with 1, 2, ... in their place."""
    place, labels = _labelled(array)
    values, index = np.unique(labels, return_inverse=True)
    numbers = np.zeros(array.shape, np.int32)
    numbers.reshape(-1)[place] = index + 1
    return values, numbers


def _summaries(
    numbers: np.ndarray, values: np.ndarray, counts: np.ndarray, grid: Geometry, from_common: sitk.Transform | None
) -> Pieces:
    n = len(values)
    if n == 0:
        none = np.zeros((0, 3))
        return Pieces(values, none, none, none, np.zeros(0), np.zeros(0), none)
    indices = index_sums(numbers, n + 1)[1:] / counts[1:, None]
    centers = grid.points(indices)
    common = to_common(centers, from_common)
    halves = _half_sides(numbers, indices, counts, grid, centers, from_common)
    # surfaces and volumes are those of the time point's own space, where they are measured
    return Pieces(
        values,
        common,
        common - halves,
        common + halves,
        counts[1:] * grid.voxel_volume,
        surfaces_of(numbers, grid, n + 1)[1:],
        centers,
    )


def _half_sides(
    numbers: np.ndarray,
    indices: np.ndarray,
    counts: np.ndarray,
    grid: Geometry,
    centers: np.ndarray,
    from_common: sitk.Transform | None,
) -> np.ndarray:
    """Half the sides (n, 3) in mm of the box around the ellipsoid that has each piece's second moments.

    Unlike the box around its voxels it turns with the piece, whatever the directions of the grid.
    """
    place, owner = _labelled(numbers)
    where = np.unravel_index(place, numbers.shape)
    offsets = [axis - indices[owner - 1, 2 - n] for n, axis in enumerate(where)][::-1]
    moments = np.zeros((len(indices), 3, 3))
    for a in range(3):
        for b in range(a + 1):
            sums = np.bincount(owner, offsets[a] * offsets[b], len(counts))[1:]
            moments[:, a, b] = moments[:, b, a] = sums / counts[1:]
        moments[:, a, a] += 1 / 12  # of a voxel itself
    to_mm = grid.index_to_point[:3, :3]
    ends = [to_common(centers + sign * STEP_MM * unit, from_common) for unit in np.eye(3) for sign in (1, -1)]
    slopes = np.stack([(ends[2 * n] - ends[2 * n + 1]) / (2 * STEP_MM) for n in range(3)], axis=2)
    axes = slopes @ to_mm
    covariance = axes @ moments @ axes.transpose(0, 2, 1)
    # a solid ellipsoid's variance along an axis is a fifth of its half side squared
    return np.sqrt(5 * np.diagonal(covariance, axis1=1, axis2=2))
