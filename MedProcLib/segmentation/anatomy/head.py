"""The head in an MR image, and its upper part, which holds the brain."""

from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import foreground
from ..common.morphology import closed, distance_to, filled, main_piece

# Gaps that are closed, and radius that cuts what touches the head.
CLOSING_MM, OPENING_MM = 6.0, 4.0
# From the vertex to the foramen magnum; below it are face, neck and shoulders, which may be brighter than the brain.
UPPER_MM = 150.0
# The highest voxels may be noise; and nothing is cut from what is no larger than a brain that was extracted.
TOP_PERCENT, UNCUT_ML = 99.9, 2000.0
# An image that shows this much of a head and cuts so large a piece at one end alone (a neck: 116 to 311 cm2 in most
# of two dozen images) has the neck there. Images cut a vertex, too, but show less of the head.
TALL_MM, NECK_MM2 = 170.0, 10000.0
# Scalp and skull.
SCALP_MM = 15.0


@dataclass(frozen=True)
class Head:
    """values: brightness above the background (z, y, x); upper: the head's upper part; scalp: its outer part."""

    values: np.ndarray
    upper: np.ndarray
    scalp: np.ndarray

    @classmethod
    def of(cls, work: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> "Head":
        """The largest thing that is no background. Raises InputError where there is no background."""
        close, cut, measure = progress.parts(3, 3, 2)
        # the square root brings dark tissue nearer to bright tissue than to air
        head = foreground(np.sqrt(np.maximum(work - work.min(), 0)), np.isfinite(work))
        head = filled(closed(head, grid, CLOSING_MM, close), grid)
        piece = main_piece(head, grid, OPENING_MM, cut)
        head = piece if piece.any() else head
        if head.all():
            raise InputError("The image has no background around the head, so no brain can be found in it.")
        # brightness counts from the background, which is not 0 in a standardized image
        values = np.maximum(work - float(np.median(work[~head])), 0)
        upper = head & _upper(head, grid)
        return cls(values, upper, upper & (distance_to(~head, grid, measure) < SCALP_MM))


def ball(center: np.ndarray, radius_mm: float, grid: Geometry) -> np.ndarray:
    """Voxels (z, y, x) within the radius of a voxel (z, y, x)."""
    sides = zip(np.ogrid[tuple(slice(n) for n in reversed(grid.size))], center, reversed(grid.spacing), strict=True)
    return np.asarray(sum(((index - middle) * mm) ** 2 for index, middle, mm in sides) < radius_mm**2)


def _upper(head: np.ndarray, grid: Geometry) -> np.ndarray:
    """Where (z, y, x) it is not far below the top of the head; everywhere in a picture and in a brain alone."""
    if grid.dimension == 2 or 1 in grid.size or np.count_nonzero(head) * grid.voxel_volume / 1000 <= UNCUT_ML:
        return np.ones(head.shape, bool)
    up = np.reshape(grid.direction, (3, 3))[2] * grid.spacing
    if _upside_down(head, grid):
        up = -up
    height = sum(index * mm for index, mm in zip(np.ogrid[tuple(slice(n) for n in head.shape)], up[::-1], strict=True))
    return np.asarray(height > np.percentile(np.broadcast_to(height, head.shape)[head], TOP_PERCENT) - UPPER_MM)


def _upside_down(head: np.ndarray, grid: Geometry) -> bool:
    """Whether the neck is at what the file calls the top, as in files that name the directions wrongly."""
    up = np.reshape(grid.direction, (3, 3))[2][::-1]
    axis = int(np.argmax(np.abs(up)))
    areas = np.count_nonzero(head, axis=tuple({0, 1, 2} - {axis}))
    shown = np.flatnonzero(areas)
    side = grid.spacing[2 - axis]
    top, bottom = (areas[-1], areas[0]) if up[axis] > 0 else (areas[0], areas[-1])
    tall = (shown[-1] - shown[0] + 1) * side >= TALL_MM
    return bool(tall and bottom == 0 and top * grid.voxel_volume / side >= NECK_MM2)
