"""Level sets on an image: the part around an object on cubic voxels, first coarse, then fine."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended
from ..common.morphology import distance_to
from ..common.working_grid import on_working_grid
from .level_set import Forces, evolved
from .start import Patch

# Voxels are no finer than lets the part of an image that is worked on have so many.
MOST_VOXELS = 3_000_000
# Smaller parts are not worth a coarse beginning.
FEW_VOXELS = 20_000
# Cubes are this much larger in the coarse beginning.
COARSE = 2.0
# After it, the contour has no farther to go than this (voxels at full speed).
NEAR = 10.0
# Between slices farther apart than this many cubes nothing is known that finer cubes would show.
MOST_CUBES = 3.0
# No first contour is thinner than this many voxels, or it would vanish before it moves.
LEAST_RADIUS = 1.0


@dataclass(frozen=True)
class Cubes:
    """A patch on voxels that are cubes. values: intensities over `scale` (z, y, x); side: mm; start: first region."""

    values: np.ndarray
    scale: float
    side: float
    start: np.ndarray


def moved(
    patch: Patch, forces: Callable[[Cubes], Forces], detail_mm: float, iterations: int, progress: Progress = SILENT
) -> np.ndarray:
    """Where the object is (z, y, x, on the patch) after its contour has moved under the forces.

    forces: makes the forces, which depend on the voxels' size; outside what is allowed the contour shrinks.
    detail_mm: it begins on larger voxels where these are no larger than this.
    Raises InputError for an image that is constant there.
    """
    grid = patch.grid
    finest = working_side(grid, MOST_VOXELS)
    sides = [finest]
    if np.prod(grid.extent / finest) > FEW_VOXELS and COARSE * finest <= detail_mm:
        sides.insert(0, COARSE * finest)
    distance, on = _signed(patch.start, grid), grid
    for side, share in zip(sides, progress.parts(1, 2)[-len(sides) :], strict=True):
        cubes, values, scale = on_working_grid(
            grid.image_of(patch.values), patch.values, np.ones(patch.values.shape, bool), side
        )
        # cubes may be stretched by a few percent where the image is not a whole number of them
        side = float(np.prod(cubes.spacing) ** (1 / cubes.dimension)) if 1 not in cubes.size else finest_of(cubes)
        allowed = _on(cubes, patch.allowed.astype(np.float32), grid) > 0.5
        first = _on(cubes, _signed(patch.start, grid), grid) / side
        first -= max(0.0, float(first.min()) + LEAST_RADIUS)
        forced = forces(Cubes(values, scale, side, first < 0))
        forced.outward[~allowed] = -1
        begun = first if on is grid else _on(cubes, distance, on) / side
        if not (begun < 0).any():
            begun = first
        # a step is about half a voxel
        time = 0.5 * iterations if on is grid else min(NEAR, 0.5 * iterations)
        distance = evolved(begun, forced, time, share) * side
        on = cubes
    return _on(grid, distance, on) < 0


def working_side(grid: Geometry, most_voxels: int) -> float:
    """Side (mm) of the cubes to work on: that of the finest axis unless they would be too many, or thick slices."""
    axes = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1] or [max(grid.spacing)]
    fewest = (float(np.prod(grid.extent)) / most_voxels) ** (1 / grid.dimension)
    return max(min(axes), max(axes) / MOST_CUBES, fewest)


def finest_of(grid: Geometry) -> float:
    """The side of the voxels along the axes that have more than one, in mm."""
    sides = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1]
    return float(np.prod(sides) ** (1 / len(sides))) if sides else min(grid.spacing)


def _signed(region: np.ndarray, grid: Geometry) -> np.ndarray:
    """Distance to the region's surface in mm, negative inside."""
    if not region.any():
        raise InputError("The first contour holds no voxel.")
    half = finest_of(grid) / 2
    distance = np.where(region, half - distance_to(~region, grid), distance_to(region, grid) - half)
    return np.nan_to_num(distance, neginf=-1e4).astype(np.float32)


def _on(target: Geometry, values: np.ndarray, grid: Geometry) -> np.ndarray:
    return sitk.GetArrayFromImage(resample(extended(grid.image_of(values)), target))
