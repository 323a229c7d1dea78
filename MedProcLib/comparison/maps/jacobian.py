"""How much a deformation locally stretches or shrinks tissue: the determinant of its Jacobian, in physical space."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress

# About so many voxels are worked on at once: their displacements and derivatives take some 100 bytes each.
SLAB_VOXELS = 1_000_000
# Where an axis has a single voxel, the deformation is sampled this share of a voxel on either side of its center.
ASIDE = 0.25


@dataclass(frozen=True)
class Jacobian:
    """determinant (z, y, x; or y, x): volume after deforming by that before; folded: where it turns over."""

    determinant: np.ndarray
    folded: np.ndarray


def jacobian(transform: sitk.Transform, grid: Geometry, progress: Progress = SILENT) -> Jacobian:
    """Jacobian determinant of any SimpleITK transform (of points, LPS in mm) at the voxels of a 3D or 2D grid.

    Above 1 the transform, which maps points of the grid's space to another, enlarges. Derivatives are taken in
    physical space. The determinant is the mean over the eight (2D: four) ways to take one neighbor along each axis:
    exact for affine transforms, of second order elsewhere, and it sees what central differences step over. Where one of
    them is not positive, the transform folds (Liu et al., On finite difference Jacobian computation in deformable
    image registration, IJCV 132, 2024). A field that was made from a transform must reach to the grid's border.
    """
    if grid.dimension != transform.GetDimension():
        raise InputError(
            f"The transform is {transform.GetDimension()}D and the image {grid.dimension}D: give two that fit."
        )
    count = grid.size[-1]
    thick = max(1, SLAB_VOXELS // int(np.prod(grid.size[:-1])))
    determinant = np.empty(tuple(reversed(grid.size)), np.float32)
    folded = np.zeros(determinant.shape, bool)
    for start in range(0, count, thick):
        progress(start / count, "Differentiating the deformation")
        stop = min(start + thick, count)
        low, high = max(start - 1, 0), min(stop + 1, count)
        mean, least = _determinants(transform, _slices(grid, low, high))
        inner = slice(start - low, stop - low)
        determinant[start:stop], folded[start:stop] = mean[inner], least[inner] <= 0
    if not np.isfinite(determinant).all():
        raise InputError("The transform gives points that are not numbers: it cannot be a valid deformation.")
    return Jacobian(determinant, folded)


def _slices(grid: Geometry, low: int, high: int) -> Geometry:
    """The slices (2D: rows) low..high - 1 of a grid."""
    first = np.zeros((1, grid.dimension))
    first[0, -1] = low
    return Geometry((*grid.size[:-1], high - low), grid.spacing, tuple(grid.points(first)[0].tolist()), grid.direction)


def _displaced(transform: sitk.Transform, grid: Geometry) -> tuple[np.ndarray, Geometry]:
    """Displacements (n, *shape; mm) along the grid's own axes, and the grid on which they were sampled."""
    single = np.equal(grid.size, 1)
    sampled = Geometry(
        tuple(int(n) for n in np.where(single, 3, grid.size)),
        tuple(float(s) for s in np.where(single, ASIDE, 1) * grid.spacing),
        tuple(float(x) for x in grid.points(np.where(single, -ASIDE, 0))[0]),
        grid.direction,
    )
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, sampled.size, sampled.origin, sampled.spacing, sampled.direction
    )
    n = grid.dimension
    own = sitk.GetArrayViewFromImage(field).reshape(-1, n) @ np.reshape(grid.direction, (n, n))
    return np.ascontiguousarray(own.T).reshape(n, *reversed(sampled.size)), sampled


def _determinants(transform: sitk.Transform, grid: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Mean and least (*shape) of the determinants with the next or the previous neighbor along each axis."""
    moved, sampled = _displaced(transform, grid)
    columns = []
    for axis in range(grid.dimension):
        array_axis = grid.dimension - axis
        steps = np.diff(moved, axis=array_axis) / sampled.spacing[axis]
        steps[axis] += 1
        # the border has a neighbor on one side only
        first, last = (np.take(steps, [k], array_axis) for k in (0, -1))
        columns.append([np.concatenate(pair, array_axis) for pair in ((steps, last), (first, steps))])
    total, least = np.zeros(moved.shape[1:]), np.full(moved.shape[1:], np.inf)
    for x, y in itertools.product(columns[0], columns[1]):
        for one in _with_third(x, y, columns[2:]):
            total += one
            np.minimum(least, one, out=least)
    voxels = tuple(slice(1, 2) if n == 1 else slice(None) for n in reversed(grid.size))
    return total[voxels] / 2**grid.dimension, least[voxels]


def _with_third(x: np.ndarray, y: np.ndarray, third: list[list[np.ndarray]]) -> Iterator[np.ndarray]:
    """Determinants of two columns of a plane; in space with each choice of the third column."""
    if not third:
        yield x[0] * y[1] - x[1] * y[0]
        return
    normal = [x[i] * y[j] - x[j] * y[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    for z in third[0]:
        yield normal[0] * z[0] + normal[1] * z[1] + normal[2] * z[2]
