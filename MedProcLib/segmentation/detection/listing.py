"""The pieces of a label map as a list of candidates, for a reader to go through."""

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
        index = np.argwhere(numbers[box] == number) + [s.start for s in box]
        points = grid.points(index[:, ::-1])
        middle = points[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))]
        volume = len(index) * grid.voxel_volume
        found.append((volume, number, tuple(float(x) for x in middle)))
    found.sort(key=lambda each: (-each[0], each[1]))
    unit = "mm³" if grid.dimension == 3 else "mm²"
    return [
        Candidate(number, position, ball_diameter(volume, grid.dimension), volume, volume, f"{volume:.3g} {unit}")
        for volume, number, position in found
    ]


def ball_diameter(volume: float, dimension: int) -> float:
    """Diameter in mm of the ball of this volume in mm3 (3D), or of the disk of this area in mm2 (2D)."""
    return float((6 * volume / np.pi) ** (1 / 3) if dimension == 3 else (4 * volume / np.pi) ** 0.5)
