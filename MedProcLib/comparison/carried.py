"""Outlines carried from one study's voxels to another's without a change of volume."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.geometry import Geometry, resample
from ..core.image_filter import Box, grid_of_box
from ..core.progress import SILENT, Progress
from ..segmentation.common.label_boxes import boxes_of

STEP_MM = 1.0  # over which the growth of a transform is taken


def carried(
    numbers: np.ndarray,
    grid: Geometry,
    target: Geometry,
    to_target: sitk.Transform,
    from_target: sitk.Transform,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Label array (z, y, x) on the target grid of one on another grid.

    Each label takes the voxels deepest inside its signed distance, as many as make up its volume (at least one): the
    nearest voxels alone would change the volume of a small finding on coarse voxels by a quarter. Signed distances
    average shapes (Raya and Udupa, IEEE TMI 9, 1990); where labels meet, the lower one has the voxel.
    """
    result = np.zeros(tuple(reversed(target.size)), np.int32)
    found = boxes_of(numbers)
    for done, (number, box) in enumerate(found.items()):
        progress(done / len(found), "Carrying outlines over")
        wide = _widened(box, grid, max(target.spacing))
        margins = [(b.start - w.start, w.stop - b.stop) for b, w in zip(box, wide, strict=True)]
        inside = np.pad(numbers[box] == number, margins)
        place = _place(grid_of_box(grid, wide), target, to_target)
        if place is None:
            continue
        depth = _depth(inside, grid_of_box(grid, wide), grid_of_box(target, place), from_target)
        depth[result[place] != 0] = 0
        volume = inside.sum() * grid.voxel_volume * _growth(to_target, _center(inside, wide, grid))
        count = min(max(1, round(volume / target.voxel_volume)), np.count_nonzero(depth))
        deepest = np.argsort(-depth, axis=None, kind="stable")[:count]
        part = result[place]
        part[np.unravel_index(deepest, part.shape)] = number
    return result


def _widened(box: Box, grid: Geometry, reach_mm: float) -> Box:
    """The box with a margin, which may reach beyond the grid."""
    margin = [int(np.ceil(2 * reach_mm / s)) + 1 for s in reversed(grid.spacing)]
    return tuple(slice(s.start - m, s.stop + m) for s, m in zip(box, margin, strict=True))


def _place(around: Geometry, target: Geometry, to_target: sitk.Transform) -> Box | None:
    """The box of the target grid that a box covers; None outside."""
    corners = np.array([to_target.TransformPoint(point.tolist()) for point in around.corners()])
    index = target.indices(corners)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, target.size)
    if np.any(high <= low):
        return None
    return tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True))


def _depth(inside: np.ndarray, grid: Geometry, target: Geometry, from_target: sitk.Transform) -> np.ndarray:
    """Signed distance from the border (mm) at the target's voxels, raised so that 0 is outside of the box."""
    sampling = tuple(reversed(grid.spacing))
    signed = ndimage.distance_transform_edt(inside, sampling) - ndimage.distance_transform_edt(~inside, sampling)
    raised = grid.image_of((signed - signed.min() + 1).astype(np.float32))
    return sitk.GetArrayFromImage(resample(raised, target, from_target))


def _center(inside: np.ndarray, box: Box, grid: Geometry) -> np.ndarray:
    index = np.argwhere(inside).mean(axis=0) + [s.start for s in box]
    return grid.points(index[::-1][np.newaxis])[0]


def _growth(transform: sitk.Transform, point: np.ndarray) -> float:
    """How much a transform enlarges volume at a point."""
    sides = [
        np.subtract(*(transform.TransformPoint((point + sign * STEP_MM * unit).tolist()) for sign in (1, -1)))
        for unit in np.eye(3)
    ]
    return float(abs(np.linalg.det(sides))) / (2 * STEP_MM) ** 3
