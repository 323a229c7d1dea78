"""Binary morphology with balls in mm, by distance maps: right on anisotropic voxels, and as fast for large radii."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_around, grown
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress, execute
from .connectivity import connected_components

# Below this many voxels SimpleITK takes longer to start than the distances take.
FEW_VOXELS = 10_000


def distance_to(region: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
    """Distance in mm of each voxel's centre (z, y, x) to the nearest voxel of the region; infinite if it is empty."""
    if not region.any():
        return np.full(region.shape, np.inf, np.float32)
    if region.all():
        return np.zeros(region.shape, np.float32)
    if region.size <= FEW_VOXELS:
        progress.check()
        return ndimage.distance_transform_edt(~region, tuple(reversed(grid.spacing))).astype(np.float32)
    distance = sitk.SignedMaurerDistanceMapImageFilter()
    distance.SetUseImageSpacing(True)
    distance.SetSquaredDistance(False)
    result = execute(distance, grid.image_of(region), progress=progress, message="Measuring distances")
    return np.maximum(sitk.GetArrayFromImage(result), 0)


def dilated(region: np.ndarray, grid: Geometry, radius_mm: float, progress: Progress = SILENT) -> np.ndarray:
    """Voxels within the radius of the region."""
    result = np.zeros(region.shape, bool)
    around = box_around(region)
    if around is not None:  # farther away nothing is near enough
        box = grown(around, grid, radius_mm)
        result[box] = distance_to(region[box], _part(grid, region[box]), progress) <= radius_mm
    return result


def eroded(region: np.ndarray, grid: Geometry, radius_mm: float, progress: Progress = SILENT) -> np.ndarray:
    """Voxels farther than the radius from all outside the region. What the image's border cuts is not eroded there."""
    result = np.zeros(region.shape, bool)
    around = box_around(region)
    if around is not None:  # of all outside, what lies along the box's sides is nearest
        box = grown(around, grid, 0.0)
        result[box] = distance_to(~region[box], _part(grid, region[box]), progress) > radius_mm
    return result


def closed(region: np.ndarray, grid: Geometry, radius_mm: float, progress: Progress = SILENT) -> np.ndarray:
    """The region with its gaps and dents filled that a ball of this radius does not reach; the border is no wall."""
    margin = [int(np.ceil(radius_mm / s)) + 1 for s in reversed(grid.spacing)]
    padded = np.pad(region, [(m, m) for m in margin])
    wide = _part(grid, padded)
    first, second = progress.parts(1, 1)
    grown = dilated(padded, wide, radius_mm, first)
    result = eroded(grown, wide, radius_mm, second)
    return result[tuple(slice(m, -m) for m in margin)] | region


def filled(region: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
    """The region with the holes filled that it wholly encloses."""
    if grid.dimension == 3 and 1 in grid.size:
        # a single slice would be all border
        plane = np.squeeze(region)
        flat = Geometry(
            tuple(reversed(plane.shape)), (1.0,) * plane.ndim, (0.0,) * plane.ndim, tuple(np.eye(plane.ndim).ravel())
        )
        return filled(plane, flat, progress).reshape(region.shape) if plane.ndim == 2 else region
    fill = sitk.BinaryFillholeImageFilter()
    return sitk.GetArrayFromImage(execute(fill, grid.image_of(region), progress=progress, message="Filling")) != 0


def largest(region: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
    """The largest piece of the region (connected over faces)."""
    return connected_components(grid.image_of(region), "face", progress)[0] == 1


def main_piece(region: np.ndarray, grid: Geometry, radius_mm: float, progress: Progress = SILENT) -> np.ndarray:
    """The largest piece that is left when bridges thinner than twice the radius are cut, with its detail kept.

    Empty when a ball of this radius fits nowhere in the region.
    """
    first, second, third = progress.parts(2, 1, 2)
    cores = eroded(region, grid, radius_mm, first)
    core = largest(cores, grid, second)
    # erosion takes up to a voxel more than the radius
    return (
        dilated(
            core, grid, radius_mm + max(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1) / 2, third
        )
        & region
    )


def _part(grid: Geometry, part: np.ndarray) -> Geometry:
    """The grid as large as a part (z, y, x) of it; where that lies makes no difference to distances."""
    return Geometry(tuple(reversed(part.shape)), grid.spacing, grid.origin, grid.direction)
