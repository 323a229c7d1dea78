"""Highest mean intensity of a sphere of 1 cm3: at the hottest voxel of a region, and anywhere in it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..core.ball import voxel_ball
from ..core.errors import InputError
from ..core.image_filter import Box
from ..core.voxels import largest_value
from .bit_mask import BitMask

SPHERE_MM3 = 1000.0
RADIUS_MM = (3 * SPHERE_MM3 / (4 * math.pi)) ** (1 / 3)
# voxels around which spheres are looked at at a time: they bound the memory
VOXELS_AT_ONCE = 1 << 14


class Readable(Protocol):
    """Values (z, y, x) that are read in parts, as those of an array are.

    One that holds slabs says across which axis they lie, as `across`: it is read slab by slab.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, part: Box, /) -> np.ndarray: ...


def intensity_peaks(values: Readable, mask: np.ndarray | BitMask, spacing: tuple[float, ...]) -> tuple[float, float]:
    """Local and global intensity peak (IBSI VJGA and 0F91) of a region, in the unit of the values.

    values, mask: (z, y, x), the mask true inside; spacing: x, y, z in mm. A
    peak is the mean of the voxels whose centers lie within 6.2 mm of a voxel of the region, those outside the region
    included and those outside the image or without a number left out. The local one is at the hottest voxel (the
    highest, where several are), the global one is the highest at any voxel of the region. NaN for a region without a
    number. Raises InputError for arrays that do not fit.
    Source: Frings et al., J Nucl Med 55(7), 2014; IBSI (arXiv 1612.07003).
    """
    if values.shape != mask.shape or len(mask.shape) != 3 or len(spacing) != 3:
        raise InputError(
            f"An intensity peak needs a volume and its mask; these have the shapes {values.shape} and {mask.shape}."
        )
    region = mask if isinstance(mask, BitMask) else BitMask.of(mask != 0)
    sphere = voxel_ball(RADIUS_MM, spacing[::-1], mask.shape)
    hottest, local, highest = -math.inf, math.nan, math.nan
    for core in _blocks(region.box, sphere.shape, getattr(values, "across", 0)) if region.count else ():
        inside = region[core]
        if not inside.any():
            continue
        near = _Near.of(values, core, sphere)
        inside &= near.known[near.middle]
        if not inside.any():
            continue
        top = float(near.values[inside].max())
        if top >= hottest:
            here = max(near.mean_at(place) for place in np.argwhere(inside & (near.values == top)).tolist())
            local = here if top > hottest else max(local, here)
            hottest = top
        means = near.means()
        means[~inside] = -math.inf
        best = int(np.argmax(means))
        highest = np.fmax(highest, near.mean_at([int(i) for i in np.unravel_index(best, inside.shape)]))
    return local, float(np.fmax(highest, local))


def _blocks(box: Box, sphere: tuple[int, ...], across: int) -> list[Box]:
    """Parts of a box in order along an axis, as long along it as what spheres reach around them, so that few slabs are
    read for one, and along the others as many times as long, but not shorter."""
    around = [max(1, side - 1) for side in sphere]
    times = max(1.0, math.sqrt(VOXELS_AT_ONCE / math.prod(around)))
    lengths = [reach if axis == across else int(times * reach) for axis, reach in enumerate(around)]
    sides = (
        [slice(first, min(first + length, part.stop)) for first in range(part.start, part.stop, length)]
        for part, length in zip(box, lengths, strict=True)
    )
    return sorted(itertools.product(*sides), key=lambda block: block[across].start)


@dataclass(frozen=True)
class _Near:
    """A box with all that spheres around its voxels reach, 0 and not known beyond the image (z, y, x).

    values: of the box itself; scaled: of all, divided by the largest, so that sums stay finite; middle: the box in it.
    """

    values: np.ndarray
    scaled: np.ndarray
    known: np.ndarray
    largest: float
    middle: Box
    sphere: np.ndarray

    @classmethod
    def of(cls, values: Readable, core: Box, sphere: np.ndarray) -> "_Near":
        reach = [side // 2 for side in sphere.shape]
        there = [
            slice(max(0, c.start - r), min(n, c.stop + r)) for c, r, n in zip(core, reach, values.shape, strict=True)
        ]
        read = values[tuple(there)]
        valid = np.isfinite(read)
        largest = largest_value(read, valid) or 1.0
        shape = [c.stop - c.start + 2 * r for c, r in zip(core, reach, strict=True)]
        scaled, known = np.zeros(shape), np.zeros(shape, bool)
        first = [t.start - c.start + r for t, c, r in zip(there, core, reach, strict=True)]
        place = tuple(slice(f, f + n) for f, n in zip(first, read.shape, strict=True))
        known[place] = valid
        np.divide(read, largest, out=scaled[place], where=valid)
        middle = tuple(slice(r, n - r) for r, n in zip(reach, shape, strict=True))
        own = tuple(slice(c.start - t.start, c.stop - t.start) for c, t in zip(core, there, strict=True))
        return cls(read[own].copy(), scaled, known, largest, middle, sphere)

    def mean_at(self, place: Sequence[int]) -> float:
        """Mean of the sphere around a voxel of the box."""
        around = tuple(slice(p, p + side) for p, side in zip(place, self.sphere.shape, strict=True))
        return self.largest * float(self.scaled[around][self.known[around] & self.sphere].mean())

    def means(self) -> np.ndarray:
        """Mean of the sphere around each voxel of the box, divided by the largest; but for rounding."""
        counts = int(self.sphere.sum()) if self.known.all() else np.maximum(self._sums(self.known, np.int32), 1)
        sums = self._sums(self.scaled, np.float64)
        sums /= counts
        return sums

    def _sums(self, values: np.ndarray, kind: type) -> np.ndarray:
        """Sum of the sphere around each voxel of the box: its lines along x are differences of running sums."""
        depth, height, width = (n - side + 1 for n, side in zip(values.shape, self.sphere.shape, strict=True))
        running: np.ndarray = np.zeros((*values.shape[:2], values.shape[2] + 1), kind)
        np.cumsum(values, axis=2, out=running[:, :, 1:])
        sums: np.ndarray = np.zeros((depth, height, width), kind)
        for z, y in np.argwhere(self.sphere.any(axis=2)):
            first, *_, last = np.flatnonzero(self.sphere[z, y])[[0, -1]]
            lines = running[z : z + depth, y : y + height]
            sums += lines[:, :, last + 1 : last + 1 + width]
            sums -= lines[:, :, first : first + width]
        return sums
