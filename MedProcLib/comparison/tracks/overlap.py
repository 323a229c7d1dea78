"""How much the pieces of two label maps overlap, counted voxel by voxel after registration."""

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_matrix

from ...core.boxes import box_of
from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from ..halfway import matrix_of
from ..inverse import inverted
from .label_pieces import LabelPieces


def overlap_table(first: LabelPieces, other: LabelPieces, progress: Progress = SILENT) -> coo_matrix:
    """Sparse table (pieces of the first, pieces of the other) of the volume in mm³ that each pair shares.

    Counted at the voxels of the finer label map, at which the coarser one is looked up.
    """
    if first.grid.voxel_volume > other.grid.voxel_volume:
        return overlap_table(other, first, progress).T.tocoo()
    shape = len(first.pieces), len(other.pieces)
    if 0 in shape:
        return coo_matrix(shape)
    between = _between(first, other)
    mine, theirs = (_at_voxels if between.IsLinear() else _at_box)(first, other, between, progress)
    both = (mine > 0) & (theirs > 0)
    index = (mine[both].astype(np.int64) - 1) * shape[1] + theirs[both] - 1
    pairs, count = np.unique(index, return_counts=True)
    return coo_matrix((count * first.grid.voxel_volume, (pairs // shape[1], pairs % shape[1])), shape=shape)


def _at_voxels(
    first: LabelPieces, other: LabelPieces, between: sitk.Transform, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of both at the voxels of the first one's pieces."""
    progress.check()
    where = np.nonzero(first.numbers)
    matrix = np.linalg.inv(other.grid.index_to_point) @ matrix_of(between) @ first.grid.index_to_point
    indices = np.stack(where[::-1], axis=1) @ matrix[:3, :3].T + matrix[:3, 3]
    nearest = np.floor(indices + 0.5).astype(np.int64)
    inside = np.all((nearest >= 0) & (nearest < other.grid.size), axis=1)
    theirs = np.zeros(len(nearest), np.int32)
    theirs[inside] = other.numbers[tuple(nearest[inside].T[::-1])]
    return first.numbers[where], theirs


def _at_box(
    first: LabelPieces, other: LabelPieces, between: sitk.Transform, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of both at the voxels of the box around the first one's pieces."""
    around = box_of(first.numbers != 0)
    image, grid = other.grid.image_of(other.numbers), grid_of_box(first.grid, around)
    theirs = resample(image, grid, between, sitk.sitkNearestNeighbor, progress=progress)
    return first.numbers[around].ravel(), sitk.GetArrayFromImage(theirs).ravel()


def _between(first: LabelPieces, other: LabelPieces) -> sitk.Transform:
    """Transform from points of the first to points of the other."""
    parts = [other.from_common] if other.from_common is not None else []
    if first.from_common is not None:
        parts.append(inverted(first.from_common, _common_grid(first)))
    # of a composite the last is applied first
    return sitk.CompositeTransform(parts) if parts else sitk.Transform(3, sitk.sitkIdentity)


def _common_grid(first: LabelPieces) -> Geometry:
    """Box of the common space around the pieces."""
    low, high = first.pieces.low.min(axis=0), first.pieces.high.max(axis=0)
    side = np.maximum(high - low, 1.0)
    return Geometry((2, 2, 2), tuple(side.tolist()), tuple(low.tolist()), tuple(np.eye(3).ravel().tolist()))
