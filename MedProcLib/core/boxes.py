"""Boxes of an array's regions: work on a region need not pass over the whole volume."""

import numpy as np
from scipy import ndimage

from .geometry import Geometry

Box = tuple[slice, ...]  # of an array, in z, y, x order

# find_objects makes a list as long as the largest value.
LARGEST_LISTED = 1_000_000


def boxes_of(values: np.ndarray) -> dict[int, Box]:
    """The boxes (z, y, x) of the segments of a label map by label value, in ascending order; 0 is background."""
    if values.dtype in (np.uint8, np.uint16):
        low, high = 0, 0  # whatever they are, they can be listed: no need to pass over them
    else:
        low, high = (int(f(values, initial=0)) for f in (np.min, np.max))
    if low >= 0 and high <= LARGEST_LISTED:
        found = ndimage.find_objects(values)
        return {value: box for value, box in enumerate(found, 1) if box is not None}
    around = box_around(values != 0)
    if around is None:
        return {}
    names, index = np.unique(values[around], return_inverse=True)
    # 0 stays 0, so that it is left out
    numbers = np.where(names == 0, 0, np.arange(1, names.size + 1))[index].reshape(values[around].shape)
    found = ndimage.find_objects(numbers)
    return {int(names[i]): within(around, box) for i, box in enumerate(found) if box is not None}


def box_around(region: np.ndarray) -> Box | None:
    """The smallest box that holds the region (bool), None when it is empty."""
    box = []
    for axis in range(region.ndim):
        rest = tuple(other for other in range(region.ndim) if other != axis)
        there = np.flatnonzero(region.any(axis=rest))
        if there.size == 0:
            return None
        box.append(slice(int(there[0]), int(there[-1]) + 1))
    return tuple(box)


def box_of(region: np.ndarray) -> Box:
    """The smallest box that holds the region (bool), which is known not to be empty; else it raises ValueError."""
    box = box_around(region)
    if box is None:
        raise ValueError("an empty region has no box")
    return box


def union_of(boxes: dict[int, Box]) -> Box:
    """The smallest box around all these (at least one)."""
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes.values(), strict=True)
    )


def grown(box: Box, grid: Geometry, margin_mm: float, voxels: int = 1) -> Box:
    """The box with all voxels within the margin (mm) of it and some more, as far as the grid goes."""
    return tuple(
        slice(max(0, part.start - extra), min(size, part.stop + extra))
        for part, size, extra in (
            (part, size, int(margin_mm / spacing + 1e-6) + voxels)
            for part, size, spacing in zip(box, reversed(grid.size), reversed(grid.spacing), strict=True)
        )
    )


def within(outer: Box, inner: Box) -> Box:
    """The box in the whole of a box that was found in a part of it."""
    return tuple(slice(o.start + i.start, o.start + i.stop) for o, i in zip(outer, inner, strict=True))


def inside_of(outer: Box, inner: Box) -> Box:
    """Where a box lies in a larger one, both in the whole."""
    return tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
