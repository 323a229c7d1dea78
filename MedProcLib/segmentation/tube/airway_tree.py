"""The airway tree in CT: from the trachea on, air is taken in at rising HU, and what leaks into the lung is cut off."""

import numpy as np
from scipy import ndimage

from ...core.boxes import box_of, grown
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress
from ...core.statistics import median_and_sd
from ...core.voxels import gaussian
from ..common.morphology import distance_to
from .rising import grow_tree
from .trachea import find_trachea
from .wavefront import Leak

# Thresholds: the first takes in the middle of the trachea, the last is half way from air to soft tissue.
FIRST_HU, STEP_HU, LAST_HU = -950.0, 25.0, -500.0
# Of noise this many SD are still air at the first threshold.
NOISE_SD = 2.5
# Noisier images (SD in the trachea) are smoothed first.
MOST_NOISE_HU, SMOOTHING_MM = 20.0, 0.8
# The trachea is first taken within this distance of its axis.
TRACHEA_RADIUS_MM = 14.0
# Cross-sections of all branches together, shortly after a place, to that before it: more is a leak.
MOST_WIDENING = 3.0
NOTHING_HU = 3000.0


def airway_tree(
    values_hu: np.ndarray,
    grid: Geometry,
    region: np.ndarray | None = None,
    progress: Progress = SILENT,
    seeds: np.ndarray | None = None,
    leaks: list[Leak] | None = None,
) -> np.ndarray:
    """Lumen of trachea and bronchi (bool; z, y, x); nowhere True when there is no trachea (see find_trachea).

    values_hu: z, y, x; region: where airway may be (inside a mask, say; None for everywhere); seeds: voxels (bool) in
    the trachea, which is found without them; leaks: a list that is filled with the places where growing was stopped.

    As in Mori et al. (ICPR 1996) the threshold rises until the tree explodes into the lung, but branch by branch: at
    each threshold a wave runs through the air, and is cut where its fronts widen as they do in no tree.
    """
    find, grow = progress.parts(2, 5)
    if seeds is None:
        seeds = _voxels_at(find_trachea(values_hu, grid, region, find), grid)
    if region is not None:
        seeds = seeds & region
    nowhere = np.zeros(values_hu.shape, bool)
    return _grown(values_hu, grid, region, seeds, leaks, grow) if seeds.any() else nowhere


def _grown(
    values_hu: np.ndarray,
    grid: Geometry,
    region: np.ndarray | None,
    seeds: np.ndarray,
    leaks: list[Leak] | None,
    progress: Progress,
) -> np.ndarray:
    values, noise = _quiet(values_hu, grid, region, seeds)
    first = max(FIRST_HU, float(np.median(values[seeds])) + NOISE_SD * noise)
    tree = _trachea(values, grid, seeds, first)
    if not tree.any():
        return tree
    thresholds = [*np.arange(first, LAST_HU, STEP_HU).tolist(), LAST_HU]
    found = grow_tree(tree, seeds & tree, values, thresholds, grid, MOST_WIDENING, progress)
    if leaks is not None:
        leaks.extend(found)
    return tree


def _quiet(
    values_hu: np.ndarray, grid: Geometry, region: np.ndarray | None, seeds: np.ndarray
) -> tuple[np.ndarray, float]:
    """HU (float32) without too much noise, no airway outside the region, and the SD of the noise."""
    values = np.clip(values_hu, -NOTHING_HU, NOTHING_HU).astype(np.float32)
    noise = median_and_sd(values[seeds].astype(float))[1]
    if noise > MOST_NOISE_HU:
        values, noise = gaussian(values, grid, [SMOOTHING_MM] * 3), MOST_NOISE_HU
    if region is not None:
        values[~region] = NOTHING_HU
    return values, noise


def _trachea(values: np.ndarray, grid: Geometry, seeds: np.ndarray, threshold: float) -> np.ndarray:
    """The air around the seeds that hangs together with most of them."""
    tree = np.zeros(seeds.shape, bool)
    box = _box(seeds, grid, TRACHEA_RADIUS_MM)
    near = distance_to(seeds[box], grid_of_box(grid, box)) <= TRACHEA_RADIUS_MM
    numbers, count = ndimage.label((values[box] <= threshold) & near)
    hit = np.bincount(numbers[seeds[box]], minlength=count + 1)
    hit[0] = 0
    if hit.any():
        tree[box] = numbers == hit.argmax()
    return tree


def _voxels_at(points: np.ndarray, grid: Geometry) -> np.ndarray:
    seeds = np.zeros(tuple(reversed(grid.size)), bool)
    if len(points):
        index = np.rint(grid.indices(points)).astype(int)
        index = index[((index >= 0) & (index < grid.size)).all(axis=1)]
        seeds[tuple(index[:, ::-1].T)] = True
    return seeds


def _box(region: np.ndarray, grid: Geometry, margin_mm: float) -> Box:
    """The box around a region that is not empty, and some more."""
    return grown(box_of(region), grid, margin_mm, 2)
