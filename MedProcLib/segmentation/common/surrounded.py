"""What a region has around it on most sides, where no hole of it is closed."""

import itertools

import numpy as np

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress

# In so many of all directions the region must be met.
LEAST = 0.5


def surrounded(
    region: np.ndarray,
    space: np.ndarray,
    grid: Geometry,
    reach_mm: float,
    most: float,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Voxels (z, y, x) outside the region that meet it within the reach in this share of the directions at least.

    Directions are those to a voxel's 26 neighbors. One in which the space ends within the reach, and the region is not
    met, tells nothing: what lies beyond is not known. The region itself is left out.
    """
    beyond = ~space
    met, missed = np.zeros(region.shape, np.int16), np.zeros(region.shape, np.int16)
    directions = [d for d in itertools.product((-1, 0, 1), repeat=region.ndim) if any(d)]
    for number, direction in enumerate(directions):
        progress(number / len(directions), "Looking for what is surrounded")
        step = float(np.linalg.norm(np.multiply(direction, grid.spacing[::-1])))
        steps = max(1, round(reach_mm / step))
        here = _within(region, direction, steps)
        met += here
        missed += ~here & ~_within(beyond, direction, steps)
    return space & ~region & (met >= LEAST * len(directions)) & (met >= most * (met + missed))


def _within(region: np.ndarray, direction: tuple[int, ...], steps: int) -> np.ndarray:
    """Voxels from which the region is met in this direction after so many steps at most."""
    result, done = _ahead(region, direction, 1), 1
    while done < steps:
        more = min(done, steps - done)
        result |= _ahead(result, direction, more)
        done += more
    return result


def _ahead(region: np.ndarray, direction: tuple[int, ...], steps: int) -> np.ndarray:
    """What lies so many steps ahead of each voxel; False beyond the border."""
    result = np.zeros_like(region)
    moves = [part * steps for part in direction]
    here = tuple(slice(max(0, -m), n - max(0, m)) for m, n in zip(moves, region.shape, strict=True))
    there = tuple(slice(max(0, m), n - max(0, -m)) for m, n in zip(moves, region.shape, strict=True))
    if all(s.start < s.stop for s in here):
        result[here] = region[there]
    return result
