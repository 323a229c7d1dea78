"""How much the pieces of two label maps overlap, counted voxel by voxel after registration."""

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_matrix

from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from ...segmentation.common.label_boxes import box_around
from ..inverse import inverted
from .label_pieces import LabelPieces


def overlap_table(first: LabelPieces, other: LabelPieces, progress: Progress = SILENT) -> coo_matrix:
    """Sparse table (pieces of the first, pieces of the other) of the volume in mm³ that each pair shares.

    Counted at the voxels of the finer label map, at which the coarser one is looked up.
    """
    if first.grid.voxel_volume > other.grid.voxel_volume:
        return overlap_table(other, first, progress).T.tocoo()
    shape = len(first.pieces), len(other.pieces)
    around = box_around(first.numbers != 0)
    if around is None or 0 in shape:
        return coo_matrix(shape)
    grid = grid_of_box(first.grid, around)
    theirs = sitk.GetArrayFromImage(
        resample(
            other.grid.image_of(other.numbers),
            grid,
            _between(first, other),
            sitk.sitkNearestNeighbor,
            progress=progress,
        )
    )
    mine = first.numbers[around]
    both = np.flatnonzero((mine.ravel() > 0) & (theirs.ravel() > 0))
    pairs, count = np.unique(
        (mine.ravel()[both].astype(np.int64) - 1) * shape[1] + theirs.ravel()[both] - 1, return_counts=True
    )
    return coo_matrix((count * first.grid.voxel_volume, (pairs // shape[1], pairs % shape[1])), shape=shape)


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
