"""What the texture filters share: run in slabs, exact up to the image's border, whatever the mask.

The standard filters the whole image; a mask only says later where features are taken. So a mask does not limit them.
"""

from typing import Any

import numpy as np

from ...core.geometry import Geometry
from ...core.image_filter import Box, ImageFilter, Place
from ...core.progress import SILENT, Progress
from .patch import Boundary, Patch


class TextureFilter(ImageFilter):
    """Base of a filter whose response needs a few voxels around, or with a periodic boundary the whole image."""

    mask_limits = False
    parallel = True
    boundary: Boundary

    def radii(self, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Voxels around a voxel that its response depends on, per axis z, y, x."""
        raise NotImplementedError

    def response(self, patch: Patch, box: Box, spacing: tuple[float, ...], progress: Progress) -> np.ndarray:
        """The response in a box of the image; the patch holds the box and the radii around it. spacing: z, y, x mm."""
        raise NotImplementedError

    def doubt(self, spacing: tuple[float, ...]) -> str:
        """A sentence for the user where the response is not what its name says. spacing: mm of axes of several voxels,
        z, y, x."""
        return ""

    @property
    def why_global(self) -> str:  # type: ignore[override]
        """A line, of a filter that has no preview."""
        return "Beyond its border the image repeats itself" if self.boundary == "periodic" else ""

    def margin(self, grid: Geometry) -> tuple[int, ...] | None:
        return None if self.boundary == "periodic" else self.radii(tuple(reversed(grid.spacing)))

    def apply(
        self, values: np.ndarray, region: np.ndarray, place: Place, learned: Any, progress: Progress = SILENT
    ) -> np.ndarray:
        whole = tuple(reversed(place.whole.size))
        doubt = self.doubt(tuple(s for s, size in zip(place.spacing, whole, strict=True) if size > 1))
        if doubt:
            progress.note(doubt)
        patch = Patch(values, tuple(s.start for s in place.box), whole, self.boundary)
        box = tuple(slice(b.start + w.start, b.start + w.stop) for b, w in zip(place.box, place.wanted, strict=True))
        result = np.empty_like(values)
        result[place.wanted] = self.response(patch, box, place.spacing, progress)
        return result


def filtered_axes(whole: tuple[int, ...], by_slices: bool) -> list[int]:
    """The axes (of z, y, x) that a filter runs along: those of more than a voxel; by slices, x and y only."""
    return [axis for axis, size in enumerate(whole) if size > 1 and not (by_slices and axis == len(whole) - 3)]
