"""The airway tree in CT: from the trachea on, air is taken in at rising HU, and what leaks into the lung is cut off."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress
from ...core.statistics import median_and_sd
from ...core.voxels import gaussian
from ..common.connected_to import connected_to
from ..common.label_boxes import box_around, grown, within
from ..common.morphology import distance_to
from .new_tubes import tubes_beside, wider
from .trachea import find_trachea
from .wavefront import Leak, grown_without_leaks

# Thresholds: the first takes in the middle of the trachea, the last is half way from air to soft tissue.
FIRST_HU, STEP_HU, LAST_HU = -950.0, 25.0, -500.0
# Once there was a leak, little but the walls is left to be taken.
RIM_STEP_HU = 75.0
# Of noise this many SD are still air at the first threshold.
NOISE_SD = 2.5
# Noisier images (SD in the trachea) are smoothed first.
MOST_NOISE_HU, SMOOTHING_MM = 20.0, 0.8
# The trachea is first taken within this distance of its axis.
TRACHEA_RADIUS_MM = 14.0
# At each threshold the tree may grow so far; so far beside the tube once there was a leak.
REACH_MM, BESIDE_MM = 40.0, 5.0
# Cross-sections of all branches together, shortly after a place, to that before it: more is a leak.
MOST_WIDENING = 3.0
NOTHING_HU = 3000.0
CUBE = np.ones((3, 3, 3), bool)


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
    start = seeds & tree
    box = _box(tree, grid, 0)
    solid = ndimage.binary_closing(tree[box], CUBE)
    radius = float(distance_to(~solid, grid_of_box(grid, box)).max())
    found: list[Leak] = []
    rim = None
    threshold = first
    while threshold <= LAST_HU:
        progress((threshold - first) / (LAST_HU - first + 1), "Following the airways")
        box = _box(tree, grid, REACH_MM if rim is None else BESIDE_MM)
        air = values[box] <= threshold
        air = connected_to(start[box] & air, air, "face")
        box, air = _cropped(box, air)
        part = grid_of_box(grid, box)
        wave, _, stopped = grown_without_leaks(air, start[box] & air, part, radius, MOST_WIDENING, progress.part(0, 0))
        tubes, leaky = tubes_beside(wave & ~tree[box], tree[box], part)
        values[box][leaky] = NOTHING_HU
        if rim is None and (stopped or leaky.any()):
            rim = wider(tree)
        # once it leaked, the tree must not creep into the lung voxel by voxel
        near = wider(tree[box]) if rim is None else rim[box]
        tree[box] |= tubes | (wave & near & ~leaky)
        found += [leak for leak in stopped if not any(_near(leak, other) for other in found)]
        onward = threshold + (STEP_HU if rim is None else RIM_STEP_HU)
        threshold = LAST_HU if threshold < LAST_HU < onward else onward
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


def _cropped(box: Box, air: np.ndarray) -> tuple[Box, np.ndarray]:
    """The part of the box that holds the air (not empty), a voxel wider, and the air in it."""
    around = box_around(air)
    assert around is not None
    inner = tuple(slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(around, air.shape, strict=True))
    return within(box, inner), air[inner]


def _near(leak: Leak, other: Leak) -> bool:
    distance = np.linalg.norm(np.subtract(leak.position, other.position))
    return bool(distance < 2 * max(leak.radius_mm, other.radius_mm, 2.0))


def _voxels_at(points: np.ndarray, grid: Geometry) -> np.ndarray:
    seeds = np.zeros(tuple(reversed(grid.size)), bool)
    if len(points):
        index = np.rint(grid.indices(points)).astype(int)
        index = index[((index >= 0) & (index < grid.size)).all(axis=1)]
        seeds[tuple(index[:, ::-1].T)] = True
    return seeds


def _box(region: np.ndarray, grid: Geometry, margin_mm: float) -> Box:
    """The box around a region that is not empty, and some more."""
    box = box_around(region)
    assert box is not None
    return grown(box, grid, margin_mm, 2)
