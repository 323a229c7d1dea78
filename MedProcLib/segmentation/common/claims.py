"""Voxels that several segments could grow into: each goes to the segment nearest to it."""

import numpy as np
import SimpleITK as sitk

from ...core.boxes import union_of
from ...core.geometry import Geometry, require_same_grid
from ...core.image_filter import Box

# Distances are in float32, and not all from one filter: what differs by less is equally near, and within a radius.
ROUNDING_MM = 1e-4


class Claims:
    """A label map that segments grow in, none over another; of equally near segments that of the lower value wins.

    Offer the segments in ascending order of their values. Memory: the map, and float32 within the boxes' union.
    """

    def __init__(
        self, labels: sitk.Image, boxes: dict[int, Box], over_others: bool = False, mask: sitk.Image | None = None
    ):
        """boxes: of the segments that grow, as far as they may; over_others: other segments give way; mask: the limit.

        Raises InputError for a mask of another grid.
        """
        self.values = sitk.GetArrayFromImage(labels)
        self._grid = Geometry.of(labels)
        self._frame = union_of(boxes) if boxes else tuple(slice(0, 0) for _ in self.values.shape)
        inside = self.values[self._frame]
        self._free = inside == 0
        if over_others:
            self._free |= ~np.isin(inside, list(boxes))
        if mask is not None:
            require_same_grid(labels, mask, "the label map and the mask")
            self._free &= sitk.GetArrayViewFromImage(mask)[self._frame] != 0
        self._nearest = np.full(inside.shape, np.inf, np.float32)

    def offer(self, segment: int, box: Box, distance: np.ndarray, wanted: np.ndarray) -> None:
        """A segment wants these voxels of a box (bool), which are this far from it (mm)."""
        local = tuple(slice(b.start - f.start, b.stop - f.start) for b, f in zip(box, self._frame, strict=True))
        won = wanted & self._free[local] & (distance < self._nearest[local] - ROUNDING_MM)
        self._nearest[local][won] = distance[won]
        self.values[box][won] = segment

    def image(self) -> sitk.Image:
        return self._grid.image_of(self.values)
