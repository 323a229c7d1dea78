"""Axes of a voxel grid that run, as nearly as can be, along those of the patient."""

import itertools

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry

# letter: patient axis (L, P, S: 0, 1, 2) and sense
LETTERS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}


def nearest_axes(grid: Geometry) -> tuple[list[int], list[int]]:
    """The patient axis (0, 1, 2 for L, P, S) that each axis of the grid is nearest to, and the senses (1, -1).

    Each is taken once: of all assignments, that with the largest product of the cosines.
    """
    n = grid.dimension
    cosines = np.reshape(grid.direction, (n, n))  # patient axis, grid axis
    patient = max(
        itertools.permutations(range(n)), key=lambda order: np.prod([abs(cosines[p, g]) for g, p in enumerate(order)])
    )
    return list(patient), [1 if cosines[p, g] >= 0 else -1 for g, p in enumerate(patient)]


def reoriented(grid: Geometry, code: str) -> Geometry:
    """The same voxels, counted along axes that run toward these letters (of 2D images without S and I)."""
    patient, senses = nearest_axes(grid)
    wanted = [LETTERS[letter] for letter in code if LETTERS[letter][0] < grid.dimension]
    axes = [patient.index(axis) for axis, _ in wanted]
    flips = [sense != senses[axis] for axis, (_, sense) in zip(axes, wanted, strict=True)]
    first = np.zeros(grid.dimension)
    directions = np.reshape(grid.direction, (grid.dimension,) * 2)[:, axes].copy()
    for number, (axis, flip) in enumerate(zip(axes, flips, strict=True)):
        if flip:
            first[axis] = grid.size[axis] - 1
            directions[:, number] *= -1
    return Geometry(
        tuple(grid.size[axis] for axis in axes),
        tuple(grid.spacing[axis] for axis in axes),
        tuple(float(x) for x in grid.points(first)[0]),
        tuple(float(x) for x in directions.ravel()),
    )


def axis_nearest_to(grid: Geometry, patient_axis: int) -> int:
    """The grid's axis that is nearest to a patient axis. Raises InputError when a 2D image has none."""
    if patient_axis >= grid.dimension:
        raise InputError("A 2D image has no superior-inferior axis: choose another one.")
    return nearest_axes(grid)[0].index(patient_axis)
