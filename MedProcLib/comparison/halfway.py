"""The half-way space between two studies: both are moved by half, so that neither is treated differently."""

import itertools

import numpy as np
import scipy.linalg
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry

# A comparison grid larger than this is coarsened: two float images and their maps must fit in memory.
LARGEST_GRID = 60_000_000


def matrix_of(transform: sitk.Transform) -> np.ndarray:
    """Homogeneous matrix (LPS, mm; 4 x 4 in 3D) of a linear transform. Raises InputError for a non-linear one."""
    if not transform.IsLinear():
        raise InputError("The transform is not linear; a rigid or affine one is needed here.")
    n = transform.GetDimension()
    matrix = np.eye(n + 1)
    matrix[:n, n] = transform.TransformPoint([0.0] * n)
    for axis, unit in enumerate(np.eye(n)):
        matrix[:n, axis] = np.asarray(transform.TransformPoint(unit.tolist())) - matrix[:n, n]
    return matrix


def linear_part(transform: sitk.Transform) -> np.ndarray:
    """Homogeneous matrix of a transform without its displacement fields and B-splines."""
    if transform.IsLinear():
        return matrix_of(transform)
    matrix = np.eye(transform.GetDimension() + 1)
    for part in parts_of(transform):
        if part.IsLinear():
            matrix = matrix @ matrix_of(part)
    return matrix


def parts_of(transform: sitk.Transform) -> list[sitk.Transform]:
    """The transforms that a composite one is made of, the last applied first; of another one itself."""
    if transform.GetTransformEnum() != sitk.sitkComposite:
        return [transform]
    composite = sitk.CompositeTransform(transform)
    return [composite.GetNthTransform(n) for n in range(composite.GetNumberOfTransforms())]


def transform_of(matrix: np.ndarray) -> sitk.AffineTransform:
    """SimpleITK transform of a homogeneous matrix (LPS, mm; 4 x 4 in 3D)."""
    return sitk.AffineTransform(np.asarray(matrix[:-1, :-1], float).ravel().tolist(), matrix[:-1, -1].tolist())


def half(matrix: np.ndarray) -> np.ndarray:
    """The homogeneous matrix that, done twice, is the given one (principal square root).

    Source: Reuter, Rosas, Fischl, Highly accurate inverse consistent registration, NeuroImage 2010.
    """
    root = np.real(scipy.linalg.sqrtm(np.asarray(matrix, float)))
    if not np.allclose(root @ root, matrix, atol=1e-6 * max(1.0, float(np.abs(matrix).max()))):
        raise InputError("The two studies are turned by a half turn to each other: there is no half-way space.")
    root[-1] = np.eye(len(root))[-1]
    return root


def half_way(transform: sitk.Transform) -> tuple[sitk.AffineTransform, sitk.AffineTransform]:
    """(to_first, to_other) from the half-way space, of a linear transform first -> other."""
    root = half(matrix_of(transform))
    return transform_of(np.linalg.inv(root)), transform_of(root)


def half_way_grid(first: Geometry, other: Geometry, to_first: np.ndarray, to_other: np.ndarray) -> Geometry:
    """Voxel grid in the half-way space that covers both studies.

    to_first, to_other: 4 x 4 matrices from the half-way space. The axes lie between the studies' axes (each axis of
    the other study is paired with the most parallel one of the first). Spacing per axis is the finer of the two
    studies', so that neither loses detail; it grows only where the grid would exceed LARGEST_GRID voxels.
    """
    a, spacing_a = _axes(first, to_first)
    b, spacing_b = _axes(other, to_other)
    order, signs = _pairing(a, b)
    u, _, vt = np.linalg.svd(a + b[:, order] * signs)
    direction = u @ vt
    spacing = np.minimum(spacing_a, spacing_b[order])
    low, high = _bounds(direction, [(first, to_first), (other, to_other)])
    growth = max(1.0, (np.prod((high - low) / spacing + 1) / LARGEST_GRID) ** (1 / 3))
    spacing = spacing * growth
    # centred on the covered box, so that the grid does not depend on which study comes first
    size = np.maximum(np.ceil((high - low) / spacing - 1e-6).astype(int) + 1, 1)
    start = (low + high) / 2 - (size - 1) / 2 * spacing
    return Geometry(
        tuple(int(n) for n in size),
        tuple(float(s) for s in spacing),
        tuple(float(v) for v in direction @ start),
        tuple(float(v) for v in direction.ravel()),
    )


def _axes(geometry: Geometry, from_half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    axes = np.linalg.inv(from_half)[:3, :3] @ np.reshape(geometry.direction, (3, 3))
    lengths = np.linalg.norm(axes, axis=0)
    return axes / lengths, np.asarray(geometry.spacing) * lengths


def _pairing(a: np.ndarray, b: np.ndarray) -> tuple[list[int], np.ndarray]:
    dots = a.T @ b
    best = max(itertools.permutations(range(3)), key=lambda p: sum(abs(dots[i, p[i]]) for i in range(3)))
    return list(best), np.sign([dots[i, best[i]] for i in range(3)])


def _bounds(direction: np.ndarray, studies: list[tuple[Geometry, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    corners = []
    for geometry, from_half in studies:
        back = np.linalg.inv(from_half)
        corners.append((geometry.corners() @ back[:3, :3].T + back[:3, 3]) @ direction)
    points = np.concatenate(corners)
    return points.min(axis=0), points.max(axis=0)
