"""Removal of stripes."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import median_and_sd

FWHM_TO_SD = 1 / np.sqrt(8 * np.log(2))
TRUNCATE = 3.0
# The spread of the fine structure is measured on no more voxels than this.
ENOUGH_VOXELS = 2_000_000

# Array axes counted from the end (x is -1) along which stripes run, and across them.
AXES = {"horizontal": ((-1,), -2), "vertical": ((-2,), -1), "slices": ((-1, -2), -3)}


@dataclass(frozen=True)
class _Kernels:
    """Standard deviations of the Gaussians in voxels, per axis."""

    along: dict[int, float]
    across: dict[int, float]


@operation(
    "enhancement.remove_stripes",
    title="Remove stripes",
    gives="image",
    source="In space, what Munch et al., Optics Express 17(10), 2009, do by wavelets and Fourier transform: of the "
    "detail across the stripes, the part that is constant along them; structure is left out as outliers",
)
class RemoveStripes(ImageFilter):
    """Subtract what varies quickly across a direction and slowly along it: uneven detector rows, slices of other gain.

    Where the detail across stands out of that of the whole image it is taken for structure and does not count. Long
    straight edges along the stripes that are as faint as these lose contrast.
    """

    stripes: Annotated[Literal["horizontal", "vertical", "slices"], "direction: along x, along y, or whole slices"] = (
        "horizontal"
    )
    length_mm: Annotated[float, Range(1, 1000, "mm"), "stripes keep their strength over at least this"] = 60.0
    width_mm: Annotated[float, Range(0.1, 100, "mm"), "stripes are not wider than this (at least 1 voxel)"] = 3.0
    outlier: Annotated[float, Range(1, 20, "SD"), "detail above so many standard deviations is structure"] = 2.5

    parallel = True

    def margin(self, grid):
        kernels = self._kernels(grid)
        sds = kernels.along | kernels.across
        return tuple(int(np.ceil(TRUNCATE * sds.get(axis, 0.0))) for axis in range(-grid.dimension, 0))

    def learn(self, values, region, grid, progress=SILENT):
        """The largest detail that may be a stripe; None where there is nothing across."""
        kernels = self._kernels(grid)
        if not kernels.across:
            return None
        axis = next(iter(kernels.across))
        # every so many of the lines across
        others = [a for a in range(-values.ndim, 0) if a != axis]
        every = int(np.ceil((values.size / ENOUGH_VOXELS) ** (1 / len(others)))) if values.size > ENOUGH_VOXELS else 1
        chosen = tuple(slice(None, None, every if a in others else 1) for a in range(-values.ndim, 0))
        detail = _detail(values[chosen], kernels)[region[chosen]]
        # a background that was cut out says nothing
        detail = detail[detail != 0]
        return self.outlier * median_and_sd(detail)[1] if detail.size else None

    def apply(self, values, region, place, learned, progress=SILENT):
        kernels = self._kernels(place.whole)
        if not kernels.across or not learned:
            return values
        detail = _detail(values, kernels)
        weight = (np.abs(detail) <= learned).astype(values.dtype)
        detail *= weight
        for axis, sd in kernels.along.items():
            progress.check()
            detail, weight = (_gaussian(a, axis, sd) for a in (detail, weight))
        # nothing but structure near: no stripe is seen there
        values -= detail / np.maximum(weight, 0.05)
        return values

    def _kernels(self, grid: Geometry) -> _Kernels:
        along, across = AXES[self.stripes]
        size, spacing = grid.size[::-1], grid.spacing[::-1]
        used = [axis for axis in range(-grid.dimension, 0) if size[axis] > 1]
        return _Kernels(
            {axis: self.length_mm * FWHM_TO_SD / spacing[axis] for axis in along if axis in used},
            {axis: max(self.width_mm / spacing[axis], 1.0) for axis in [across] if axis in used},
        )


def _detail(values: np.ndarray, kernels: _Kernels) -> np.ndarray:
    """What is finer than the widest stripe, across."""
    axis, sd = next(iter(kernels.across.items()))
    smooth = _gaussian(values, axis, sd)
    return np.subtract(values, smooth, out=smooth)


def _gaussian(values: np.ndarray, axis: int, sd: float) -> np.ndarray:
    return ndimage.gaussian_filter1d(values, sd, axis, mode="reflect", radius=int(np.ceil(TRUNCATE * sd)))
