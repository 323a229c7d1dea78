"""Where in the body a place is: how far up the trunk, how far from its midline. From PET alone."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import foreground
from ..common.patient_grid import on_patient_grid

GRID_MM = 6.0
# Uptake above this says nothing of where the body is.
BODY_SATURATES = 2.0
# A cross-section counts as one of the trunk from this share of the trunk's median on; legs are alike to this share.
NARROW, ALIKE = 0.6, 0.4
# Pieces smaller than this share of a slice's largest are no limbs.
LEAST_PIECE = 0.15
CLOSING_VOXELS = 2


@dataclass(frozen=True)
class BodyFrame:
    """The trunk between crotch and neck, slice by slice along S. Lengths in mm, LPS; None where not in view.

    heights: S of each slice; middle, half_width, front, back: L of the midline, half the trunk's width, and P of its
    front and back, per slice (NaN without body).
    """

    crotch: float | None
    neck: float | None
    heights: np.ndarray
    middle: np.ndarray
    half_width: np.ndarray
    front: np.ndarray
    back: np.ndarray

    def place(self, point: np.ndarray) -> tuple[float, float, float] | None:
        """Height (0 crotch, 1 neck), side (-1 right edge of the trunk, 0 midline, 1 left), depth (0 front, 1 back).

        None where crotch or neck are not in view.
        """
        if self.crotch is None or self.neck is None:
            return None
        row = int(np.argmin(np.where(np.isfinite(self.middle), np.abs(self.heights - point[2]), np.inf)))
        return (
            float((point[2] - self.crotch) / (self.neck - self.crotch)),
            float((point[0] - self.middle[row]) / max(self.half_width[row], 1.0)),
            float((point[1] - self.front[row]) / max(self.back[row] - self.front[row], 1.0)),
        )


def body_frame(image: sitk.Image, progress: Progress = SILENT) -> BodyFrame:
    """The frame of a PET image (3D, SUV) of the trunk; crotch and neck are None where they are not in view."""
    known = np.nan_to_num(sitk.GetArrayFromImage(image), posinf=BODY_SATURATES, neginf=0)
    grid, values = on_patient_grid(Geometry.of(image).image_of(known), GRID_MM, 0.0, progress=progress.part(0, 0.7))
    clipped = np.clip(values, 0, BODY_SATURATES)
    if not np.ptp(clipped) > 0:
        return _unknown(grid)
    body = ndimage.binary_closing(foreground(np.sqrt(clipped), np.ones(clipped.shape, bool)), iterations=CLOSING_VOXELS)
    progress(0.9, "Finding the trunk")
    area, pieces, largest = np.zeros(len(body)), [], []
    for row, plane in enumerate(body):
        numbers, count = ndimage.label(plane)
        sizes = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
        order = np.argsort(-sizes)
        largest.append(numbers == order[0] + 1 if count else np.zeros(plane.shape, bool))
        area[row] = sizes[order[0]] if count else 0
        pieces.append([float(sizes[i]) for i in order if sizes[i] >= LEAST_PIECE * sizes[order[0]]])
    return _measured(grid, area, pieces, largest)


def _unknown(grid: Geometry) -> BodyFrame:
    nothing = np.full(grid.size[2], np.nan)
    return BodyFrame(None, None, _heights(grid), nothing, nothing, nothing, nothing)


def _heights(grid: Geometry) -> np.ndarray:
    return grid.origin[2] + np.arange(grid.size[2]) * grid.spacing[2]


def _measured(grid: Geometry, area: np.ndarray, pieces: list[list[float]], largest: list[np.ndarray]) -> BodyFrame:
    heights = _heights(grid)
    there = np.flatnonzero(area > 0.05 * area.max())
    if not len(there):
        return _unknown(grid)
    usual = float(np.median(area[there]))
    legs = [row for row in there if len(pieces[row]) >= 2 and pieces[row][1] >= ALIKE * pieces[row][0]]
    low, high = int(there[0]), int(there[-1])
    crotch = _end_of_run(low, 1, lambda row: row in legs, high)
    neck = _end_of_run(high, -1, lambda row: area[row] < NARROW * usual, low)
    sides = np.full((4, len(heights)), np.nan)
    for row in there:
        y, x = np.nonzero(largest[row])
        points = grid.points(np.array([[x.min(), y.min(), row], [x.max(), y.max(), row]]))
        sides[:, row] = (
            points[:, 0].mean(),
            np.ptp(points[:, 0]) / 2,
            points[0, 1],
            points[1, 1],
        )
    return BodyFrame(
        None if crotch is None else float(heights[crotch]),
        None if neck is None else float(heights[neck]),
        heights,
        *sides,
    )


def _end_of_run(start: int, step: int, belongs, last: int) -> int | None:
    """The first row after the run of rows that belong, from an end of the body on; None where there is no run."""
    row = start
    missed = 0
    end = None
    while row != last and missed < 3:
        if belongs(row):
            end, missed = row + step, 0
        else:
            missed += 1
        row += step
    return end
