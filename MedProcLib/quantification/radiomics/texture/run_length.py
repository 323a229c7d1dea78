"""Gray level run length matrices (Galloway, Comput Graph Image Process 4(2), 1975; IBSI 3.7)."""

import numpy as np

from .counts import BLOCK, Counts
from .directions import Vector
from .region import Region


def run_lengths(region: Region, direction: Vector, by_slice: bool) -> Counts:
    """How many runs of each level (row: rank) have each length (column, in voxels) along a unit direction (z, y, x).

    Matrix: slice, or 0 for the volume.
    """
    lines, across, along = _lines(region, direction)
    at_once = max(1, BLOCK // lines.shape[1])
    parts = []
    for first in range(0, lines.shape[0], at_once):
        line = lines[first : first + at_once].reshape(-1)
        # each line begins with background, so no run goes on from the line before
        starts = np.flatnonzero(line[1:] != line[:-1]) + 1
        lengths = np.diff(starts, append=line.size)
        ranks = line[starts]
        runs = ranks > 0
        starts, lengths, ranks = starts[runs], lengths[runs], ranks[runs]
        if by_slice:
            row, column = np.divmod(starts, lines.shape[1])
            matrix = ((first + row) * across + column * along) // region.plane
        else:
            matrix = np.zeros_like(starts)
        parts.append(Counts.of(matrix, ranks, lengths))
    return Counts.joined(parts).merged()


def _lines(region: Region, direction: Vector) -> tuple[np.ndarray, int, int]:
    """A row for each line of voxels along a direction, and how far apart rows and voxels of a row are in the volume.

    Voxels next to each other along the direction are a fixed step apart in memory, so a line is what remains of
    taking each step-th voxel: a column of the volume folded to that width. The margin of background, which is at
    least as long as the step, is where one line ends and the next begins.
    """
    step = region.step(direction)
    if step == 1:
        width = region.ranks.shape[2]
        return region.flat.reshape(-1, width), width, 1
    rows = region.flat.size // step
    return region.flat[: rows * step].reshape(rows, step).T, 1, step
