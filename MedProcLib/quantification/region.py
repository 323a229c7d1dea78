"""Segments of a label map, their connected components and their slices, each as masks within boxes of the volume."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.boxes import Box, within
from .clumps import clumps_of

# find_objects keeps a list as long as the largest label
LARGEST_DIRECT_LABEL = 65535


@dataclass(frozen=True)
class Region:
    """mask: bool (z, y, x), not empty; start: index (z, y, x) of its first voxel in the volume."""

    mask: np.ndarray
    start: tuple[int, ...]

    @property
    def box(self) -> Box:
        return tuple(slice(s, s + n) for s, n in zip(self.start, self.mask.shape, strict=True))

    @functools.cached_property
    def index_sums(self) -> tuple[int, np.ndarray]:
        """Number of voxels, and the sum of their indices (x, y, z) in the volume."""
        profiles = [np.sum(self.mask, axis=others) for others in ((1, 2), (0, 2), (0, 1))]
        count = int(profiles[0].sum())
        sums = [
            float(profile @ np.arange(s, s + n))
            for profile, s, n in zip(profiles, self.start, self.mask.shape, strict=True)
        ]
        return count, np.array(sums[::-1])

    @property
    def count(self) -> int:
        return self.index_sums[0]


@dataclass(frozen=True)
class Segment:
    """A label value, the number it is searched by in `labels` (z, y, x), and boxes whose contents do not touch."""

    value: int
    number: int
    boxes: tuple[Box, ...]

    @property
    def box_voxels(self) -> int:
        return sum(int(np.prod([side.stop - side.start for side in box])) for box in self.boxes)

    def regions(self, labels: np.ndarray) -> list[Region]:
        return [Region(labels[box] == self.number, tuple(side.start for side in box)) for box in self.boxes]


def segments_of(labels: np.ndarray) -> tuple[np.ndarray, list[Segment]]:
    """The labels (z, y, x; numbered anew where their values are negative or large) and their segments, ascending."""
    known = None
    if labels.size and (labels.min() < 0 or labels.max() > LARGEST_DIRECT_LABEL):
        known, numbers = np.unique(labels, return_inverse=True)
        zero = int(np.searchsorted(known, 0))
        labels = numbers.reshape(labels.shape) + 1
        if zero < len(known) and known[zero] == 0:
            labels[labels == zero + 1] = 0
    boxes: dict[int, list[Box]] = {}
    for clump in clumps_of(labels):
        for number, box in enumerate(ndimage.find_objects(labels[clump]), 1):
            if box is not None:
                boxes.setdefault(number, []).append(within(clump, box))
    return labels, [
        Segment(number if known is None else int(known[number - 1]), number, tuple(boxes[number]))
        for number in sorted(boxes)
    ]


def components_of(regions: Sequence[Region]) -> list[Region]:
    """Components (connected by faces, edges or corners) of regions that do not touch: largest first, then by place."""
    found = []
    for region in regions:
        numbered, count = ndimage.label(region.mask, structure=np.ones((3, 3, 3)))
        if count == 1:
            found.append(region)
            continue
        for number, box in enumerate(ndimage.find_objects(numbered), 1):
            start = tuple(side.start for side in within(region.box, box))
            found.append(Region(numbered[box] == number, start))
    return sorted(found, key=lambda part: (-part.count, part.start))


def slices_of(regions: Sequence[Region]) -> Iterator[tuple[int, list[Region]]]:
    """Index along the third axis of the image, and parts of the regions there, of each slice that holds any."""
    planes: dict[int, list[Region]] = {}
    for region in regions:
        z, y, x = region.start
        for index in np.flatnonzero(region.mask.any(axis=(1, 2))).tolist():
            planes.setdefault(z + index, []).append(Region(region.mask[index : index + 1], (z + index, y, x)))
    yield from sorted(planes.items(), key=lambda plane: plane[0])


def at_border(region: Region, shape: Sequence[int], in_slices: bool = False) -> bool:
    """Whether a region, its box being tight, reaches the border of a volume of this shape; in_slices: theirs alone.

    Of a single slice nobody knows where it ends: its sides count alone.
    """
    sides = list(zip(region.box, shape, strict=True))[in_slices:]
    return any(n > 1 and (side.start == 0 or side.stop == n) for side, n in sides)


def joined(regions: Sequence[Region]) -> Region:
    """One region that holds all voxels of the regions."""
    if len(regions) == 1:
        return regions[0]
    low = np.min([region.start for region in regions], axis=0)
    high = np.max([np.add(region.start, region.mask.shape) for region in regions], axis=0)
    whole = Region(np.zeros(high - low, bool), tuple(low.tolist()))
    for region in regions:
        first = np.subtract(region.start, low)
        whole.mask[tuple(slice(a, a + n) for a, n in zip(first, region.mask.shape, strict=True))] |= region.mask
    return whole


def surroundings(region: Region, shape: Sequence[int], margin: Sequence[int]) -> Region:
    """The region in a box that reaches so many voxels (z, y, x) further, as far as the volume of this shape goes."""
    low = [max(0, s - m) for s, m in zip(region.start, margin, strict=True)]
    high = [min(n, side.stop + m) for side, m, n in zip(region.box, margin, shape, strict=True)]
    around = Region(np.zeros(np.subtract(high, low), bool), tuple(low))
    around.mask[tuple(slice(s.start - a, s.stop - a) for s, a in zip(region.box, low, strict=True))] = region.mask
    return around
