"""Outlines carried from one study's voxels to another's without a change of volume."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.boxes import boxes_of
from ..core.geometry import Geometry, resample
from ..core.image_filter import Box, grid_of_box
from ..core.progress import SILENT, Progress

STEP_MM = 1.0  # over which the growth of a transform is taken
MOST_SAMPLES = 6  # along a voxel's side, to see what share of it is covered
TIE = 1e-3  # weight of what the neighbors cover, which decides between voxels that are covered alike


def carried(
    numbers: np.ndarray,
    grid: Geometry,
    target: Geometry,
    to_target: sitk.Transform,
    from_target: sitk.Transform,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Label array (z, y, x) on the target grid of one on another grid.

    Each label takes the voxels it covers most of, as many as make up its volume (at least one): the nearest voxels
    alone would change the volume of a small finding on coarse voxels by a quarter. Where labels meet, the lower one
    has the voxel.
    """
    result = np.zeros(tuple(reversed(target.size)), np.int32)
    found = boxes_of(numbers)
    for done, (number, box) in enumerate(found.items()):
        progress(done / len(found), "Carrying outlines over")
        inside, own = numbers[box] == number, grid_of_box(grid, box)
        place = _place(_widened(box, grid, max(target.spacing)), target, to_target)
        if place is None:
            continue
        covered = _covered(inside, own, grid_of_box(target, place), from_target)
        covered[result[place] != 0] = 0
        center = own.points(np.argwhere(inside)[:, ::-1].mean(axis=0)[np.newaxis])[0]
        volume = inside.sum() * grid.voxel_volume * _growth(to_target, center)
        count = min(max(1, round(volume / target.voxel_volume)), np.count_nonzero(covered))
        most = np.argsort(-(covered + TIE * ndimage.uniform_filter(covered, 3)), axis=None, kind="stable")[:count]
        part = result[place]
        part[np.unravel_index(most, part.shape)] = number
        if count == 0:
            _mark(result, target, to_target.TransformPoint(center.tolist()), number)
    return result


def _widened(box: Box, grid: Geometry, reach_mm: float) -> Geometry:
    """The grid of a box with a margin, which may reach beyond the whole grid."""
    margin = [int(np.ceil(reach_mm / s)) + 1 for s in reversed(grid.spacing)]
    return grid_of_box(grid, tuple(slice(s.start - m, s.stop + m) for s, m in zip(box, margin, strict=True)))


def _place(around: Geometry, target: Geometry, to_target: sitk.Transform) -> Box | None:
    """The box of the target grid that a box covers; None outside."""
    corners = np.array([to_target.TransformPoint(point.tolist()) for point in around.corners()])
    index = target.indices(corners)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, target.size)
    if np.any(high <= low):
        return None
    return tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True))


def _covered(inside: np.ndarray, grid: Geometry, target: Geometry, from_target: sitk.Transform) -> np.ndarray:
    """Share (0..1) of each of the target's voxels that lies inside."""
    finest = min(grid.spacing)
    parts = np.clip(np.ceil(2 * np.array(target.spacing) / finest), 2, MOST_SAMPLES).astype(int)
    first = (1 / parts - 1) / 2  # the first part's center from that of its voxel, in voxels
    samples = Geometry(
        tuple(int(n) for n in parts * target.size),
        tuple((np.array(target.spacing) / parts).tolist()),
        tuple(target.points(first[np.newaxis])[0].tolist()),
        target.direction,
    )
    found = resample(grid.image_of(inside), samples, from_target, sitk.sitkNearestNeighbor)
    z, y, x = reversed(target.size)
    split = sitk.GetArrayViewFromImage(found).reshape(z, parts[2], y, parts[1], x, parts[0])
    return split.mean(axis=(1, 3, 5))


def _mark(result: np.ndarray, target: Geometry, point: tuple[float, float, float], number: int) -> None:
    """Give the voxel at a point to a label too small to cover any sample, if it is free."""
    place = np.round(target.indices(np.array([point]))[0]).astype(int)
    if np.all((place >= 0) & (place < target.size)) and result[tuple(place[::-1])] == 0:
        result[tuple(place[::-1])] = number


def _growth(transform: sitk.Transform, point: np.ndarray) -> float:
    """How much a transform enlarges volume at a point."""
    sides = [
        np.subtract(*(transform.TransformPoint((point + sign * STEP_MM * unit).tolist()) for sign in (1, -1)))
        for unit in np.eye(3)
    ]
    return float(abs(np.linalg.det(sides))) / (2 * STEP_MM) ** 3
