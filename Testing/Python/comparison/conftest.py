"""A head with detail at all scales, moved, resampled and with lesions at will; and the real pair at half resolution."""

import functools
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.transform import Rotation

from MedProcLib.core.geometry import Geometry, resample

RADII = np.array([70.0, 88.0, 66.0])


def rigid(degrees, millimeters) -> np.ndarray:
    """4 x 4 matrix: a rotation about x, y, z and a translation."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = millimeters
    return matrix


def grid_of(spacing=(2.5, 2.5, 3.0), direction=None, center=(0.0, 0.0, 0.0), extent=(190, 220, 180)) -> Geometry:
    """Grid around a center (LPS, mm)."""
    direction = np.eye(3) if direction is None else np.asarray(direction, float)
    size = np.ceil(np.abs(np.linalg.inv(direction)) @ np.asarray(extent, float) / spacing).astype(int)
    origin = np.asarray(center, float) - direction @ ((size - 1) / 2 * np.asarray(spacing))
    return Geometry(tuple(size.tolist()), tuple(map(float, spacing)), tuple(origin.tolist()), tuple(direction.ravel()))


def head(grid: Geometry, matrix=None, lesions=(), noise=2.5, seed=0) -> tuple[sitk.Image, sitk.Image]:
    """(image, brain mask) of the head moved by a matrix (first -> this study).

    lesions: (center in the unmoved head in mm, radius in mm, added brightness).
    """
    matrix = np.eye(4) if matrix is None else matrix
    shape = tuple(reversed(grid.size))
    thick = int(np.argmax(grid.spacing))
    values = np.zeros(shape)
    for part in (-1 / 3, 0, 1 / 3):  # a slice shows the mean over its thickness
        values += _brightness(_points(grid, matrix, thick, part), lesions).reshape(shape) / 3
    values += np.random.default_rng(seed).normal(0, noise, shape)
    depth = np.linalg.norm(_points(grid, matrix) / RADII, axis=1).reshape(shape)
    return grid.image_of(values.astype(np.float32)), grid.image_of(depth < 1)


def _points(grid: Geometry, matrix: np.ndarray, axis: int = 0, part: float = 0.0) -> np.ndarray:
    """Places of the voxels in the unmoved head, shifted by part of a voxel along an axis."""
    indices = np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float)
    indices[:, axis] += part
    back = np.linalg.inv(matrix)
    return grid.points(indices) @ back[:3, :3].T + back[:3, 3]


def _brightness(points: np.ndarray, lesions) -> np.ndarray:
    depth = np.linalg.norm(points / RADII, axis=1)
    field, step = _texture()
    tissue = ndimage.map_coordinates(field, (points / step + np.array(field.shape) / 2).T, order=1, mode="nearest")
    ventricle = _soft(1 - np.linalg.norm((points - [8, 10, 5]) / [10, 28, 12], axis=1), 0.1)
    values = _soft(1 - depth, 0.02) * (100 + 6 * tissue) * (1 - 0.8 * ventricle)
    values += 60 * _soft(0.08 - np.abs(depth - 1.12), 0.02)
    for center, radius, added in lesions:
        values += added * _soft(radius - np.linalg.norm(points - center, axis=1), 1.5)
    return values


@functools.cache
def _texture() -> tuple[np.ndarray, float]:
    field = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=(50, 60, 50)), 1.8)
    return field / field.std(), 4.0


def _soft(distance: np.ndarray, width: float) -> np.ndarray:
    return np.clip(distance / width / 2 + 0.5, 0, 1)


@pytest.fixture(scope="session")
def real():
    """real(number): the first or other FLAIR study of a patient, two voxels in one in-plane."""
    folder = Path(__file__).resolve().parents[2] / "Data" / "ms_patient01"

    def read(number: int) -> sitk.Image:
        image = sitk.ReadImage(str(folder / f"study{number}_FLAIR.nii.gz"), sitk.sitkFloat32)
        return sitk.BinShrink(image, [2, 2, 1])

    return read


def moved(image: sitk.Image, matrix: np.ndarray, grid: Geometry, noise: float, seed: int = 0) -> sitk.Image:
    """The image moved by a matrix (first -> this study), on another grid, with noise."""
    back = np.linalg.inv(matrix)
    transform = sitk.AffineTransform(back[:3, :3].ravel().tolist(), back[:3, 3].tolist())
    result = sitk.GetArrayFromImage(resample(image, grid, transform, sitk.sitkBSpline3))
    return grid.image_of((result + np.random.default_rng(seed).normal(0, noise, result.shape)).astype(np.float32))
