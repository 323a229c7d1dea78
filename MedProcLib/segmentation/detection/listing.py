"""The pieces of a label map as a list of candidates, for a reader to go through."""

import math
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from .candidate import Candidate


def candidates_of_labels(labels: sitk.Image, progress: Progress = SILENT) -> list[Candidate]:
    """One candidate for each value of a label map (2D or 3D), the largest first; its score is its volume.

    The position is the voxel of the segment nearest to its centroid, which itself may lie outside a bent one.
    """
    numbers = sitk.GetArrayViewFromImage(labels)
    grid = Geometry.of(labels)
    boxes = ndimage.find_objects(numbers.astype(np.int32, copy=False))
    found = []
    for number, box in enumerate(boxes, 1):
        if box is None:
            continue
        progress((number - 1) / len(boxes), "Listing findings")
        mine = numbers[box] == number
        index = nearest_to_center(mine, tuple(reversed(grid.spacing))) + [s.start for s in box]
        volume = np.count_nonzero(mine) * grid.voxel_volume
        found.append((volume, number, tuple(float(x) for x in grid.points(index[::-1])[0])))
    found.sort(key=lambda each: (-each[0], each[1]))
    return [
        Candidate(number, at, ball_diameter(volume, grid.dimension), volume, volume, size_text(volume, grid.dimension))
        for volume, number, at in found
    ]


def flat_candidate(candidate: Candidate, thickness_mm: float) -> Candidate:
    """A candidate of a picture that was taken for one slice of some thickness, with an area (mm2) for its volume.

    Its diameter is that of the disk where it was that of the ball; its score is the area where it was the volume.
    """
    volume = candidate.volume_mm3
    area = volume / thickness_mm
    of_ball = math.isclose(candidate.diameter_mm, ball_diameter(volume, 3), rel_tol=1e-6)
    return replace(
        candidate,
        volume_mm3=area,
        diameter_mm=ball_diameter(area, 2) if of_ball else candidate.diameter_mm,
        score=area if candidate.score == volume else candidate.score,
        reason=candidate.reason.replace(size_text(volume, 3), size_text(area, 2)),
    )


def size_text(volume: float, dimension: int) -> str:
    """A volume (3D) or area (2D) for a reader: three digits, or whole numbers where they are more."""
    unit = "mm³" if dimension == 3 else "mm²"
    return f"{volume:.0f} {unit}" if volume >= 1000 else f"{volume:.3g} {unit}"


def nearest_to_center(mask: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Index of the voxel of a mask whose center is nearest to the mask's centroid; the first of several.

    Plane by plane, so that large segments need no coordinates of every voxel.
    """
    count = np.count_nonzero(mask)
    squares = []
    for axis, side in enumerate(spacing):
        share = np.count_nonzero(mask, axis=tuple(other for other in range(mask.ndim) if other != axis))
        places = np.arange(mask.shape[axis])
        squares.append(((places - (places * share).sum() / count) * side) ** 2)
    rest = sum(
        square.reshape([-1 if other == axis else 1 for other in range(mask.ndim - 1)])
        for axis, square in enumerate(squares[1:])
    )
    best, place = np.inf, [0] * mask.ndim
    for number, plane in enumerate(mask):
        away = np.where(plane, rest, np.inf)
        nearest = int(np.argmin(away))
        distance = away.flat[nearest] + squares[0][number]
        if distance < best:
            best, place = distance, [number, *map(int, np.unravel_index(nearest, plane.shape))]
    return np.array(place)


def ball_diameter(volume: float, dimension: int) -> float:
    """Diameter in mm of the ball of this volume in mm3 (3D), or of the disk of this area in mm2 (2D)."""
    return float((6 * volume / np.pi) ** (1 / 3) if dimension == 3 else (4 * volume / np.pi) ** 0.5)
