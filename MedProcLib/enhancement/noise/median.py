"""Median filter."""

from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .selection_network import middle

# Values in the arrays that are compared, so that they stay in a core's cache.
CACHED_VALUES = 250_000


@operation(
    "enhancement.median",
    title="Smooth (median)",
    gives="image",
    source="Tukey, Exploratory Data Analysis, 1977; selection network: Knuth, The Art of Computer Programming 3, 5.3.4",
)
class Median(ImageFilter):
    """Replace each voxel by the median of the ball around it: single outliers vanish, straight edges stay.

    The ball holds at least the neighbors along the finest axis. Mirrored at the border.
    """

    radius_mm: Annotated[float, Range(0.1, 6, "mm"), "radius of the ball"] = 1.2

    parallel = True
    farthest = 600

    def margin(self, grid):
        return tuple(self._reach(grid)[1])

    def apply(self, values, region, place, learned, progress=SILENT):
        margin, wanted = self.margin(place.whole), place.wanted
        padded = np.pad(values, [(m, m) for m in margin], mode="symmetric")
        strides = np.array([int(np.prod(padded.shape[axis + 1 :])) for axis in range(padded.ndim)])
        shifts = (self._offsets(place.whole) @ strides).tolist()
        flat, result = padded.reshape(-1), np.empty_like(padded).reshape(-1)
        first = int((np.array([s.start for s in wanted]) + margin) @ strides)
        last = int((np.array([s.stop - 1 for s in wanted]) + margin) @ strides)
        length = max(256, CACHED_VALUES // len(shifts))
        for start in range(first, last + 1, length):
            progress((start - first) / (last + 1 - first), "Median")
            stop = min(start + length, last + 1)
            result[start:stop] = middle([flat[start + s : stop + s] for s in shifts])
        values[wanted] = result.reshape(padded.shape)[
            tuple(slice(s.start + m, s.stop + m) for s, m in zip(wanted, margin, strict=True))
        ]
        return values

    def _offsets(self, grid) -> np.ndarray:
        """Offsets (n, dimension) in voxels of the neighbors, an odd number."""
        radius, reach = self._reach(grid)
        mesh = np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij")
        distance = sum((m * s) ** 2 for m, s in zip(mesh, reversed(grid.spacing), strict=True))
        return np.stack([m[distance <= radius**2] for m in mesh], axis=1)

    def _reach(self, grid) -> tuple[float, list[int]]:
        """The radius in mm, and how many voxels it is along each axis."""
        axes = [(n, s) for n, s in zip(reversed(grid.size), reversed(grid.spacing), strict=True)]
        radius = max(self.radius_mm, min((s for n, s in axes if n > 1), default=0.0)) * (1 + 1e-6)
        return radius, [0 if n == 1 else int(radius / s) for n, s in axes]
