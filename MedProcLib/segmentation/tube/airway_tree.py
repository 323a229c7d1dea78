"""The airway tree in CT: from the trachea on, air is taken in at rising HU, and what leaks into the lung is barred."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress, execute
from ...core.statistics import median_and_sd
from ...core.voxels import gaussian
from ..common.label_boxes import box_around, grown, within
from ..common.morphology import distance_to
from .trachea import find_trachea

# Thresholds: the first takes in the middle of the trachea; the last is half way from air to soft tissue.
FIRST_HU, STEP_HU, LAST_HU = -950.0, 15.0, -500.0
# Noisier images (SD in the trachea) are smoothed first.
MOST_NOISE_HU, SMOOTHING_MM = 20.0, 0.8
# The trachea is first taken within this distance of its axis.
TRACHEA_RADIUS_MM = 14.0
# A new piece is a leak when it holds more than this many times a tube of its length and of its parent's radius, or is
# thicker than its parent by this factor. Smaller pieces than this are not worth a look.
MOST_TUBES, MOST_WIDENING, SMALL_MM3 = 1.2, 1.3, 30.0
# The parent's radius is the largest within this distance of where the piece begins.
PARENT_MM = 8.0
# What is barred is no airway at any threshold, nor is what lies around it within so many voxels.
BARRED_HU, BARRED_AROUND = 3000, 2
CUBE = np.ones((3, 3, 3), bool)


def airway_tree(
    values_hu: np.ndarray,
    grid: Geometry,
    region: np.ndarray | None = None,
    progress: Progress = SILENT,
    seeds: np.ndarray | None = None,
) -> np.ndarray:
    """Lumen of trachea and bronchi (bool; z, y, x); nowhere True when there is no trachea (see find_trachea).

    values_hu: z, y, x; region: where airway may be (inside a mask, say; None for everywhere); seeds: voxels (bool) in
    the trachea, which is found without them. The limit of Mori et al. (ICPR 1996), just below which the volume
    explodes, is found for each branch by itself.
    """
    find, grow = progress.parts(2, 5)
    nowhere = np.zeros(values_hu.shape, bool)
    if seeds is None:
        points = find_trachea(values_hu, grid, region, find)
        seeds = _voxels_at(points, grid)
    if region is not None:
        seeds = seeds & region
    if not seeds.any():
        return nowhere
    growth = _Growth(values_hu, grid, region, seeds)
    if not growth.tree.any():
        return growth.tree
    thresholds = np.arange(growth.first_hu, LAST_HU + 1, STEP_HU).tolist()
    for threshold, share in zip(thresholds, grow.parts(*[1] * len(thresholds)), strict=True):
        growth.step(threshold, share)
    return growth.tree


def _voxels_at(points: np.ndarray, grid: Geometry) -> np.ndarray:
    seeds = np.zeros(tuple(reversed(grid.size)), bool)
    if len(points):
        index = np.rint(grid.indices(points)).astype(int)
        index = index[((index >= 0) & (index < grid.size)).all(axis=1)]
        seeds[tuple(index[:, ::-1].T)] = True
    return seeds


class _Growth:
    """A tree that grows in air, one threshold after the other, and what is barred to it."""

    def __init__(self, values_hu: np.ndarray, grid: Geometry, region: np.ndarray | None, seeds: np.ndarray) -> None:
        self.grid = grid
        self.spacing = np.array(grid.spacing[::-1])
        self.values = np.clip(values_hu, -BARRED_HU, BARRED_HU).astype(np.int16)
        if region is not None:
            self.values[~region] = BARRED_HU
        level, noise = median_and_sd(self.values[seeds].astype(float))
        if noise > MOST_NOISE_HU:
            blurred = gaussian(self.values, grid, [SMOOTHING_MM] * 3)
            self.values = np.where(self.values == BARRED_HU, self.values, blurred.astype(np.int16))
            noise = MOST_NOISE_HU
        self.first_hu = max(FIRST_HU, level + 2.5 * noise)
        self.tree = np.zeros(seeds.shape, bool)
        self._take_trachea(seeds)

    def _take_trachea(self, seeds: np.ndarray) -> None:
        box = _box(seeds, self.grid, TRACHEA_RADIUS_MM)
        near = distance_to(seeds[box], grid_of_box(self.grid, box)) <= TRACHEA_RADIUS_MM
        numbers, count = ndimage.label((self.values[box] <= self.first_hu) & near)
        hit = np.bincount(numbers[seeds[box]], minlength=count + 1)
        hit[0] = 0
        if hit.any():
            self.tree[box] = numbers == hit.argmax()
            first = np.argwhere(self.tree & seeds)[0]
            self.seed = [int(i) for i in first[::-1]]

    def step(self, threshold: float, progress: Progress = SILENT) -> None:
        """Take in what the threshold adds, unless it is a leak."""
        fill = sitk.ConnectedThresholdImageFilter()
        fill.SetLower(-BARRED_HU)
        fill.SetUpper(threshold)
        fill.AddSeed(self.seed)
        image = self.grid.image_of(self.values)
        flood = sitk.GetArrayFromImage(execute(fill, image, progress=progress, message="Following the airways"))
        box = _box(flood != 0, self.grid, 0)
        new = (flood[box] != 0) & ~self.tree[box]
        near = _box(self.tree, self.grid, PARENT_MM)
        shell = np.zeros(self.tree.shape, bool)
        shell[near] = ndimage.binary_dilation(self.tree[near], CUBE)
        far = new & ~shell[box]
        taken = new & shell[box]
        numbers, _ = ndimage.label(far, CUBE)
        volumes = np.bincount(numbers.ravel()) * self.grid.voxel_volume
        depth = distance_to(~ndimage.binary_closing(self.tree[near], CUBE), grid_of_box(self.grid, near))
        for number, inner in enumerate(ndimage.find_objects(numbers), 1):
            progress.check()
            piece = numbers[inner] == number
            place = within(box, inner)
            if volumes[number] >= SMALL_MM3 and self._is_leak(piece, place, volumes[number], near, depth):
                self._bar(piece, place, taken, box)
            else:
                taken[inner] |= piece
        self.tree[box] |= taken

    def _is_leak(self, piece: np.ndarray, place: Box, volume: float, near: Box, depth: np.ndarray) -> bool:
        """Whether a new piece is no tube: too voluminous or too thick beside the tree that it begins at.

        depth: mm to the outside of the tree, in the box `near`.
        """
        around = grid_of_box(self.grid, near)
        here = np.zeros(depth.shape, bool)
        common = tuple(slice(max(p.start, n.start), min(p.stop, n.stop)) for p, n in zip(place, near, strict=True))
        here[_inside(near, common)] = piece[_inside(place, common)]
        contact = ndimage.binary_dilation(here, CUBE, 2) & self.tree[near]
        if not contact.any():
            return True
        beside = _box(contact, around, PARENT_MM)
        close = distance_to(contact[beside], grid_of_box(around, beside)) <= PARENT_MM
        radius = float(depth[beside].max(where=close, initial=0))
        tubes = MOST_TUBES * np.pi * radius**2
        if volume > tubes * np.linalg.norm(np.array(piece.shape) * self.spacing):
            return True
        start = np.argwhere(contact).mean(axis=0) + [n.start - p.start for n, p in zip(near, place, strict=True)]
        length = np.linalg.norm((np.argwhere(piece) - start) * self.spacing, axis=1).max()
        padded = np.pad(piece, 1)
        thickness = ndimage.distance_transform_edt(padded, self.spacing).max()
        return bool(volume > tubes * length or thickness > MOST_WIDENING * radius)

    def _bar(self, piece: np.ndarray, place: Box, taken: np.ndarray, box: Box) -> None:
        """No threshold leads into this piece any more, nor along its edge."""
        wide = grown(place, self.grid, 0, BARRED_AROUND)
        edge = np.zeros([s.stop - s.start for s in wide], bool)
        edge[_inside(wide, place)] = piece
        edge = ndimage.binary_dilation(edge, CUBE, BARRED_AROUND) & ~self.tree[wide]
        self.values[wide][edge] = BARRED_HU
        clipped = tuple(slice(max(w.start, b.start), min(w.stop, b.stop)) for w, b in zip(wide, box, strict=True))
        taken[_inside(box, clipped)] &= ~edge[_inside(wide, clipped)]


def _box(region: np.ndarray, grid: Geometry, margin_mm: float) -> Box:
    """The box around a region that is not empty, and some more."""
    box = box_around(region)
    assert box is not None
    return grown(box, grid, margin_mm, 2)


def _inside(outer: Box, box: Box) -> Box:
    """A box in the array as it is in a larger box of it."""
    return tuple(slice(b.start - o.start, b.stop - o.start) for b, o in zip(box, outer, strict=True))
