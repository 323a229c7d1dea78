"""How well two parts agree along their borders (boundary IoU)."""

import numpy as np

from ...core.progress import SILENT, Progress
from ..common.morphology import distance_to
from .nearest import flat_places
from .overlap import ratio
from .part import Part, grid_of, shared_box

# Painting the neighbors of each border voxel costs about this many times less a voxel than a distance map.
MAP_COST = 40


def boundary_iou(reference: Part, test: Part, boundary_mm: float, progress: Progress = SILENT) -> float:
    """IoU of the bands of voxels nearer than boundary_mm to the border within each part; both empty: 1."""
    if not (reference.count or test.count):
        return 1.0
    bands = [band(part, boundary_mm, side) for part, side in zip((reference, test), progress.parts(1, 1), strict=True)]
    first, second = shared_box(reference, test)
    both = int(np.count_nonzero(bands[0][first] & bands[1][second]))
    return ratio(both, sum(int(np.count_nonzero(b)) for b in bands) - both)


def band(part: Part, width_mm: float, progress: Progress = SILENT) -> np.ndarray:
    """Voxels of a part (bool, like its mask) nearer than a width to one of its border voxels."""
    if not part.count:
        return part.mask
    progress.check()
    reach = [min(int(width_mm / side), n) for side, n in zip(part.spacing, part.mask.shape, strict=True)]
    painted = part.border_voxels.shape[1] * np.prod([2 * r + 1 for r in reach], dtype=float)
    if painted > MAP_COST * part.mask.size:
        return part.mask & (distance_to(part.border, grid_of(part), progress) < width_mm * (1 - 1e-6))
    offsets = np.indices([2 * r + 1 for r in reach]).reshape(len(reach), -1).T - reach
    near = np.sqrt(((offsets * part.spacing) ** 2).sum(axis=1)) < width_mm * (1 - 1e-6)
    wide = np.zeros([n + 2 * r for n, r in zip(part.mask.shape, reach, strict=True)], bool)
    steps = np.cumprod([1, *wide.shape[:0:-1]])[::-1]
    border = flat_places(part.border_voxels, np.subtract(part.start, reach), steps)
    for step in offsets[near] @ steps:
        progress.check()
        wide.reshape(-1)[border + step] = True
    return part.mask & wide[tuple(slice(r, r + n) for r, n in zip(reach, part.mask.shape, strict=True))]
