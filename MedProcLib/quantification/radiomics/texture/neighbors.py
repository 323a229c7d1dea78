"""What the neighborhoods of single voxels tell: tone difference and dependence (IBSI 3.10 and 3.11)."""

import numpy as np

from ....core.progress import SILENT, Progress
from .counts import BLOCK, Counts, tally
from .directions import Vector
from .region import Region


def tone_differences(region: Region, vectors: list[Vector], by_slice: bool, progress: Progress = SILENT) -> Counts:
    """Neighborhood gray tone difference matrices (Amadasun & King, IEEE SMC 19(5), 1989), as IBSI changed them.

    Two columns for each rank (row) that a voxel with neighbors has: 0, how many such voxels (n_i); 1, the sum of
    their differences (s_i), each that of the level to the mean level of those neighbors (at vectors z, y, x and
    opposite) which are in the region. Matrix: slice, or 0 for the volume.
    """
    level_of = region.levels.astype(np.float64)
    parts = []
    for place in _blocks(region, progress):
        total, known = np.zeros(place.size), np.zeros(place.size, np.int32)
        for other in _neighbors(region, place, vectors):
            total += level_of[other]
            known += other > 0
        valid = known > 0
        place, rank = place[valid], region.flat[place[valid]]
        keys = place // region.plane if by_slice else np.zeros_like(place), rank
        (matrix, ranks), voxels = tally(keys)
        _, differences = tally(keys, np.abs(level_of[rank] - total[valid] / known[valid]))
        parts += [
            Counts(matrix, ranks, np.full_like(ranks, column), values)
            for column, values in enumerate((voxels, differences))
        ]
    return Counts.joined(parts).merged()


def dependences(
    region: Region, vectors: list[Vector], alpha: int, by_slice: bool, progress: Progress = SILENT
) -> Counts:
    """Neighboring gray level dependence matrices (Sun & Wee, Comput Vis Graph Image Process 23(3), 1983), after IBSI.

    Voxels of each rank (row) by how many of them and their neighbors (column) differ by alpha levels at most.
    """
    level_of = region.levels.astype(np.int64)
    # the background is further from any level than alpha
    level_of[0] = -alpha - 1
    parts = []
    for place in _blocks(region, progress):
        rank = region.flat[place]
        level, count = level_of[rank], np.ones(place.size, np.int32)
        for other in _neighbors(region, place, vectors):
            count += np.abs(level_of[other] - level) <= alpha if alpha else other == rank
        parts.append(Counts.of(place // region.plane if by_slice else np.zeros_like(place), rank, count))
    return Counts.joined(parts).merged()


def _blocks(region: Region, progress: Progress):
    done = 0
    for place in region.places(BLOCK):
        progress(done / region.count, "Looking at neighbors")
        yield place
        done += place.size


def _neighbors(region: Region, place: np.ndarray, vectors: list[Vector]):
    """Ranks at each vector and its opposite from these voxels."""
    for vector in vectors:
        step = region.step(vector)
        yield region.flat[place + step]
        yield region.flat[place - step]
