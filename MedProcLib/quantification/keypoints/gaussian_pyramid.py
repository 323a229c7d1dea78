"""The image blurred more and more, on grids as coarse as the blur allows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, isotropic_grid

# Lowe's choices: levels in an octave, SD in voxels of the first level of each
LEVELS = 3
FIRST_SD = 1.6
# blur that an image has of itself, in voxels
OWN_SD = 0.5
LEAST_SIDE = 8


@dataclass(frozen=True)
class Octave:
    """levels: (levels + 3, z, y, x) blurred images; grid: of each, with equal spacing; sds: of the levels in mm."""

    levels: np.ndarray
    grid: Geometry
    sds: np.ndarray


def octaves_of(
    image: sitk.Image, smallest_mm: float, largest_mm: float, progress: Progress = SILENT
) -> Iterator[Octave]:
    """Octaves whose scales (SD in mm) run from smallest_mm to largest_mm.

    image: float, no NaN. The blur that the voxels of each axis have already is counted in, so that thick slices are
    blurred less along their axis. Source: Lowe, IJCV 60(2), 2004, section 3; Lindeberg, J Appl Stat 21, 1994.
    """
    native = Geometry.of(image)
    grid = isotropic_grid(native, smallest_mm / FIRST_SD)
    values = sitk.GetArrayFromImage(resample(extended(image, 2), grid, pixel_type=sitk.sitkFloat32))
    sd = smallest_mm
    own = [OWN_SD * max(s, g) for s, g in zip(native.spacing, grid.spacing, strict=True)]
    values = _blurred(values, grid, [max(0.0, sd**2 - each**2) ** 0.5 for each in own])
    step = 2 ** (1 / LEVELS)
    while sd <= largest_mm * 1.001:
        progress.check()
        levels, sds = [values], [sd]
        for _ in range(LEVELS + 2):
            added = sds[-1] * (step**2 - 1) ** 0.5
            levels.append(_blurred(levels[-1], grid, [added] * grid.dimension))
            sds.append(sds[-1] * step)
        yield Octave(np.stack(levels), grid, np.array(sds))
        # the level with twice the blur, every second voxel of it
        values = levels[LEVELS][tuple(slice(None, None, 2) for _ in range(grid.dimension))]
        grid = Geometry(
            tuple(-(-n // 2) for n in grid.size),
            tuple(2 * s for s in grid.spacing),
            grid.origin,
            grid.direction,
        )
        if min(grid.size) < LEAST_SIDE:
            return
        sd *= 2


def _blurred(values: np.ndarray, grid: Geometry, sds_mm: list[float]) -> np.ndarray:
    for axis, (sd, spacing) in enumerate(zip(reversed(sds_mm), reversed(grid.spacing), strict=True)):
        if sd > 0:
            values = ndimage.gaussian_filter1d(values, sd / spacing, axis=axis, mode="nearest", truncate=4.0)
    return values
