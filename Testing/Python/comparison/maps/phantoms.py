"""Grids in awkward positions, and soft balls whose volumes are known."""

import numpy as np
import SimpleITK as sitk
from scipy import special
from scipy.spatial.transform import Rotation

from MedProcLib.core.geometry import Geometry


def grid_at(size=(48, 44, 30), spacing=(1.0, 1.2, 2.0), degrees=(20, -15, 30), left_handed=True, origin=(10, -20, 35)):
    """Oblique, anisotropic and (unless told otherwise) left-handed grid."""
    direction = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    if left_handed:
        direction = direction * [1, 1, -1]
    return Geometry(tuple(size), tuple(map(float, spacing)), tuple(map(float, origin)), tuple(direction.ravel()))


def points_of(grid: Geometry) -> np.ndarray:
    """Positions (z, y, x, 3) of the voxels, LPS in mm."""
    indices = np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float)
    return grid.points(indices).reshape((*reversed(grid.size), 3))


def depth(grid: Geometry, radius: float, center=None) -> np.ndarray:
    """Distance in mm of each voxel to the surface of a ball around the grid's center, positive inside."""
    return radius - np.linalg.norm(points_of(grid) - (grid.center if center is None else center), axis=-1)


def soft(distance: np.ndarray, blur_mm: float) -> np.ndarray:
    """Step from 0 to 1 at distance 0, blurred by a Gaussian of this SD."""
    return special.ndtr(distance / blur_mm)


def noisy(grid: Geometry, values: np.ndarray, noise: float, seed: int) -> sitk.Image:
    """Image of the values with white noise of this SD."""
    return grid.image_of((values + np.random.default_rng(seed).normal(0, noise, values.shape)).astype(np.float32))
