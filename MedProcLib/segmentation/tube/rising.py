"""A tree of tubes grown at a rising threshold, branch by branch until each one leaks."""

from collections.abc import Sequence

import numpy as np

from ...core.boxes import box_of, grown, within
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress
from ..common.connected_to import connected_to
from ..common.morphology import distance_to
from .new_tubes import solid, tubes_beside, wider
from .wavefront import Leak, grown_without_leaks

# At each threshold the tree may grow so far; so far beside the tubes once there was a leak.
REACH_MM, BESIDE_MM = 40.0, 5.0
# Once there was a leak, little but the rim is left to be taken: so many thresholds are passed over at a time.
STRIDE = 3
# The widening that goes with the usual strictness about new pieces.
USUAL_WIDENING = 3.0
# Leaks nearer to each other than this (mm, or their diameters) are one.
SAME_LEAK_MM = 4.0


def grow_tree(
    tree: np.ndarray,
    start: np.ndarray,
    values: np.ndarray,
    thresholds: Sequence[float],
    grid: Geometry,
    most_widening: float,
    progress: Progress = SILENT,
) -> list[Leak]:
    """Let the tree (bool, not empty; z, y, x) grow over values up to each of the rising thresholds; returns the leaks.

    start: voxels of the tree at its root; values: the lower the surer it is tube; where there were leaks they are
    raised beyond all thresholds. Tree and values are changed. most_widening: see wavefront.grown_without_leaks.
    """
    radius = radius_of(tree, grid)
    leaks: list[Leak] = []
    rim, number = None, 0
    while number < len(thresholds):
        progress(number / len(thresholds), "Following the tubes")
        box = grown(box_of(tree), grid, REACH_MM if rim is None else BESIDE_MM, 2)
        tube = values[box] <= thresholds[number]
        tube = connected_to(start[box] & tube, tube, "face")
        if tube.any():
            box, tube = _cropped(box, tube)
            part = grid_of_box(grid, box)
            wave, _, stopped = grown_without_leaks(tube, start[box] & tube, part, radius, most_widening)
            tubes, leaky = tubes_beside(wave & ~tree[box], tree[box], part, most_widening / USUAL_WIDENING)
            values[box][leaky] = np.inf
            if rim is None and (stopped or leaky.any()):
                rim = wider(tree)
            if rim is None:
                near = wider(tree[box])
            else:  # once it leaked, the tree must not creep out of its tubes voxel by voxel
                rim[box] |= wider(tubes)
                near = rim[box]
            tree[box] |= tubes | (wave & near & ~leaky)
            leaks += [leak for leak in stopped if not any(_same(leak, other) for other in leaks)]
        last = len(thresholds) - 1
        onward = number + (1 if rim is None else STRIDE)
        number = last if number < last < onward else onward
    return leaks


def radius_of(tree: np.ndarray, grid: Geometry) -> float:
    """mm of the largest ball in the tree."""
    box = grown(box_of(tree), grid, 0, 2)
    return max(float(distance_to(~solid(tree[box]), grid_of_box(grid, box)).max()), min(grid.spacing))


def _cropped(box: Box, region: np.ndarray) -> tuple[Box, np.ndarray]:
    """The part of the box that holds the region (not empty), a voxel wider, and the region in it."""
    inner = tuple(
        slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(box_of(region), region.shape, strict=True)
    )
    return within(box, inner), region[inner]


def _same(leak: Leak, other: Leak) -> bool:
    distance = float(np.linalg.norm(np.subtract(leak.position, other.position)))
    return distance < max(2 * leak.radius_mm, 2 * other.radius_mm, SAME_LEAK_MM)
