"""One segment of a label map, cut out of it: its voxels, border and surface."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...core.geometry import Geometry
from .surface_elements import indices_of, surface_elements


@dataclass(frozen=True)
class Part:
    """A segment's voxels within the smallest box that holds them.

    mask: bool, may be empty; start: index of the box's first voxel in the image; spacing: mm; all in the order of the
    array's axes. voxel_volume: mm3 (2D: mm2), with the thickness of a single slice.
    """

    mask: np.ndarray
    start: tuple[int, ...]
    spacing: tuple[float, ...]
    voxel_volume: float

    @cached_property
    def count(self) -> int:
        return int(np.count_nonzero(self.mask))

    @cached_property
    def border(self) -> np.ndarray:
        """Where a voxel has a face neighbor outside (bool, like mask); outside the image is outside."""
        return self.mask & ~_inner(self.mask)

    @cached_property
    def border_voxels(self) -> np.ndarray:
        """Indices (dimension, n) of the border voxels in the image."""
        return indices_of(self.border) + np.reshape(self.start, (-1, 1))

    @cached_property
    def elements(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells (dimension, n) that the surface crosses, counted in the image, and the area (2D: length) in each."""
        cells, areas = surface_elements(self.mask, self.spacing)
        return cells + np.reshape(self.start, (-1, 1)), areas


def part_of(
    labels: np.ndarray, value: int, box: tuple[slice, ...] | None, spacing: tuple[float, ...], voxel_volume: float
) -> Part:
    """The voxels of a value, of which the box holds all; None: there are none."""
    if box is None:
        return Part(np.zeros((0,) * labels.ndim, bool), (0,) * labels.ndim, spacing, voxel_volume)
    return Part(labels[box] == value, tuple(side.start for side in box), spacing, voxel_volume)


def shared_box(first: Part, second: Part) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where the boxes of two parts meet, as slices into each one's mask (of size 0 where they do not)."""
    low = np.maximum(first.start, second.start)
    high = np.minimum(np.add(first.start, first.mask.shape), np.add(second.start, second.mask.shape))
    high = np.maximum(low, high)
    if (high == low).any():
        nothing = (slice(0, 0),) * low.size
        return nothing, nothing
    return tuple(
        tuple(slice(int(a - s), int(b - s)) for a, b, s in zip(low, high, part.start, strict=True))  # type: ignore
        for part in (first, second)
    )


def _inner(mask: np.ndarray) -> np.ndarray:
    """Voxels with all face neighbors inside."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        low, high = ((slice(None),) * axis + (side,) for side in (slice(None, -1), slice(1, None)))
        inner[high] &= mask[low]
        inner[low] &= mask[high]
        for edge in (slice(0, 1), slice(-1, None)):
            inner[(slice(None),) * axis + (edge,)] = False
    return inner


def grid_of(part: Part) -> Geometry:
    """Grid of a part's box, upright at the origin: for filters that ask for one; distances are the same."""
    n = part.mask.ndim
    return Geometry(part.mask.shape[::-1], part.spacing[::-1], (0.0,) * n, tuple(np.eye(n).ravel().tolist()))
