"""What of the voxels that a tree may grow by are tubes that leave it, and what are leaks, by volume and thickness."""

import numpy as np
from scipy import ndimage

from ...core.boxes import box_around, box_of, grown, inside_of
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ..common.morphology import distance_to

# A piece is a leak when it holds more than this many times a tube of its length and of its parent's radius, or is
# thicker than its parent by this factor. Smaller pieces than this are not worth a look.
MOST_TUBES, MOST_WIDENING, SMALL_MM3 = 2.0, 1.3, 30.0
# The parent's radius is the largest within this distance of where the piece begins.
PARENT_MM = 8.0
# What lies around a leak within so many voxels belongs to it.
LEAK_AROUND = 2
CUBE = np.ones((3, 3, 3), bool)


def tubes_beside(
    new: np.ndarray, tree: np.ndarray, grid: Geometry, leniency: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Which new voxels (bool; z, y, x) that do not touch the tree (bool, not empty) are tubes, and which leaks.

    leniency: so many times as much volume and thickness passes as by default. Leaks come with what lies around them,
    except for the tree.
    """
    tubes, leaks = np.zeros(new.shape, bool), np.zeros(new.shape, bool)
    numbers, count = ndimage.label(new & ~wider(tree), CUBE)
    if not count:
        return tubes, leaks
    around = box_of(tree)
    near = grown(around, grid, PARENT_MM, 2)
    depth = distance_to(~solid(tree[near]), grid_of_box(grid, near))
    volumes = np.bincount(numbers.ravel()) * grid.voxel_volume
    for number, box in enumerate(ndimage.find_objects(numbers), 1):
        piece = numbers[box] == number
        if volumes[number] < SMALL_MM3 or not _is_leak(
            piece, box, volumes[number], tree[near], near, depth, grid, leniency
        ):
            tubes[box] |= piece
        else:
            leaks[box] |= piece
    if leaks.any():
        leaks = wider(leaks, LEAK_AROUND) & ~tree
    return tubes & ~leaks, leaks


def _is_leak(
    piece: np.ndarray,
    box: Box,
    volume: float,
    tree: np.ndarray,
    near: Box,
    depth: np.ndarray,
    grid: Geometry,
    leniency: float,
) -> bool:
    """Whether a piece in a box is no tube. tree, and depth (mm to its outside): in the box `near`."""
    here = np.zeros(tree.shape, bool)
    common = tuple(slice(max(b.start, n.start), min(b.stop, n.stop)) for b, n in zip(box, near, strict=True))
    if any(s.stop <= s.start for s in common):
        return True
    here[inside_of(near, common)] = piece[inside_of(box, common)]
    contact = wider(here, 2) & tree
    touched = box_around(contact)
    if touched is None:
        return True
    part = grid_of_box(grid, near)
    beside = grown(touched, part, PARENT_MM, 1)
    close = distance_to(contact[beside], grid_of_box(part, beside)) <= PARENT_MM
    radius = float(depth[beside].max(where=close, initial=0))
    spacing = np.array(grid.spacing[::-1])
    flat = 1 in grid.size
    tubes = (
        leniency * MOST_TUBES * (2 * radius * spacing[np.equal(tree.shape, 1)].prod() if flat else np.pi * radius**2)
    )
    if volume > tubes * np.linalg.norm(np.array(piece.shape) * spacing):
        return True
    start = np.argwhere(contact).mean(axis=0) + [n.start - b.start for n, b in zip(near, box, strict=True)]
    length = np.linalg.norm((np.argwhere(piece) - start) * spacing, axis=1).max()
    padding = [(int(n > 1),) * 2 for n in tree.shape]
    thickness = ndimage.distance_transform_edt(np.pad(piece, padding), spacing).max()
    return bool(volume > tubes * length or thickness > leniency * MOST_WIDENING * radius)


def solid(region: np.ndarray) -> np.ndarray:
    """The region without the single voxels that noise takes out of it."""
    return ndimage.binary_closing(region, CUBE) | region


def wider(region: np.ndarray, voxels: int = 1) -> np.ndarray:
    """The region (bool) with the voxels around it, by cubes."""
    return ndimage.maximum_filter(region.view(np.uint8), 2 * voxels + 1, mode="constant") > 0
