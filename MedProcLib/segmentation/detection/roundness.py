"""Whether a spot is round or part of something long: curvatures of the image at places between its voxels."""

import itertools
from collections.abc import Sequence

import numpy as np

from ...core.geometry import Geometry

# Voxels to each side through which a polynomial is laid.
REACH = 3
# Places done at a time, so that their surroundings fit into memory.
MANY = 4096


def curvatures(values: np.ndarray, places: np.ndarray, grid: Geometry, sd_mm: float, axes: Sequence[int]) -> np.ndarray:
    """Eigenvalues (n, len(axes)) of minus the Hessian, times sd_mm squared, at places (n, dimension; z, y, x indices).

    values: blurred by a Gaussian of this SD, on voxels that are finer than it; axes: of the grid (x first) along which
    derivatives are taken, of the polynomial through the nearest voxels. Bright spots have positive ones; nodules and
    vessels differ in them (Li, Sone & Doi, Med. Phys. 30(8), 2003).
    """
    steps = np.arange(-REACH, REACH + 1)
    powers = np.linalg.inv(np.vander(steps, increasing=True).astype(float))
    result = np.zeros((len(places), len(axes)))
    rows = [values.ndim - 1 - axis for axis in axes]
    for start in range(0, len(places), MANY):
        part = places[start : start + MANY]
        nearest = np.clip(np.rint(part).astype(int), 0, np.array(values.shape) - 1)
        index, weights = [], []
        for k, n in enumerate(values.shape):
            reach = steps if k in rows else np.zeros(1, int)
            index.append(np.clip(nearest[:, k, None] + reach, 0, n - 1))
            weights.append(_weights(part[:, k] - nearest[:, k], powers, k in rows))
        around = values[
            tuple(i.reshape(len(part), *(-1 if j == k else 1 for j in range(values.ndim))) for k, i in enumerate(index))
        ]
        hessian = np.zeros((len(part), len(rows), len(rows)))
        for i, j in itertools.combinations_with_replacement(range(len(rows)), 2):
            order = [0] * values.ndim
            order[rows[i]] += 1
            order[rows[j]] += 1
            found = around
            for k in reversed(range(values.ndim)):
                found = np.einsum("n...k,nk->n...", found, weights[k][order[k]])
            sides = grid.spacing[axes[i]] * grid.spacing[axes[j]]
            hessian[:, i, j] = hessian[:, j, i] = found * sd_mm**2 / sides
        result[start : start + MANY] = np.linalg.eigvalsh(-hessian)
    return result


def _weights(shifts: np.ndarray, powers: np.ndarray, along: bool) -> list[np.ndarray]:
    """Of the voxels around each shift (n,) for value, first and second derivative there; (n, voxels) each."""
    if not along:
        return [np.ones((len(shifts), 1))]
    degree = np.arange(len(powers))
    raised = shifts[:, None] ** degree
    first, second = np.zeros_like(raised), np.zeros_like(raised)
    first[:, 1:] = degree[1:] * raised[:, :-1]
    second[:, 2:] = (degree[2:] * degree[1:-1]) * raised[:, :-2]
    return [each @ powers for each in (raised, first, second)]


def roundness(found: np.ndarray) -> np.ndarray:
    """Smallest over largest curvature (n,) of each row (n, axes): 1 a ball, 0 a tube or what dips somewhere."""
    largest = found.max(axis=1)
    return np.divide(found.min(axis=1).clip(0), largest, out=np.zeros(len(found)), where=largest > 0)
