"""Refinement of a velocity field so that two feature images agree: symmetric, smooth, without folds."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.progress import SILENT, Progress
from .matching import Pair
from .velocity import exponential, halved

LONGEST_MOVE = 1.0  # per iteration, in voxels
SOLVER_ITERATIONS = 30
STILL = 0.01  # voxels: a smaller root mean square move ends it
MARK_REACH = 0.06  # of the grid's longest side: how far around a landmark the field follows it
MARK_STRENGTH = 1.0  # as that of smoothness at a single voxel


@dataclass(frozen=True)
class Marks:
    """Corresponding points (n, dimension) in mm along the grid's axes (z, y, x), from the corner of its box."""

    first: np.ndarray
    other: np.ndarray


def refine_velocity(
    pair: Pair,
    velocity: np.ndarray,
    stiffness: float,
    iterations: int,
    marks: Marks | None = None,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Velocity (dimension, *half the shape) in mm that minimizes log mismatch + stiffness x mean squared strain.

    So the worse two images can match at all, the stiffer the field. Gauss-Newton: both images are moved by half, and
    the normal equations with the smoothness term are solved by conjugate gradients. The field is held at zero at the
    border of the grid. Marks pull the field near them towards where they were marked.
    Source: Vercauteren et al., Symmetric log-domain diffeomorphic registration, MICCAI 2008; Heinrich et al., MIND,
    Medical Image Analysis 2012 (Gauss-Newton on the descriptors).
    """
    dimension, node = pair.dimension, 2 * pair.spacing
    for number in range(iterations):
        progress(number / iterations, "Deforming")
        moved = pair.moved(velocity)
        difference = moved.m - moved.f
        weight = moved.wf * moved.wm
        middle = (moved.f + moved.m) / 2
        slopes = [np.gradient(middle, pair.spacing, axis=axis) for axis in range(dimension)]
        pull = np.stack([halved(weight * np.einsum("...c,...c->...", s, difference), dimension) for s in slopes])
        curvature = np.empty((dimension, dimension, *pull.shape[1:]), np.float32)
        for a in range(dimension):
            for b in range(a, dimension):
                product = halved(weight * np.einsum("...c,...c->...", slopes[a], slopes[b]), dimension)
                curvature[a, b] = curvature[b, a] = product
        hold = stiffness * _mismatch(difference, weight)
        right = hold * _laplacian(velocity, node) - pull
        if marks is not None:
            strength, wanted = _pull_of_marks(marks, velocity, node, 2 * dimension * hold / node**2)
            curvature[range(dimension), range(dimension)] += strength
            right += wanted
        step = _solve(curvature, hold, node, right)
        size = np.sqrt((step**2).sum(axis=0))
        velocity = velocity + step * min(1.0, LONGEST_MOVE * pair.spacing / (float(size.max()) + 1e-12))
        if float(np.sqrt((size**2).mean())) < STILL * pair.spacing:
            break
    return velocity


def _mismatch(difference: np.ndarray, weight: np.ndarray) -> float:
    squared = np.einsum("...c,...c->...", difference, difference)
    return float((weight * squared).sum() / (weight.sum() + 1e-9)) + 1e-9


def _pull_of_marks(marks: Marks, velocity: np.ndarray, node: float, stiffness: float) -> tuple[np.ndarray, np.ndarray]:
    """(strength (*shape), strength x (wanted change - 0) (dimension, *shape)) of the marks on the field around them."""
    shape = velocity.shape[1:]
    displacement = exponential(velocity / node) * node
    index = (marks.first / node - 0.5).T
    now = np.stack([ndimage.map_coordinates(c, index, order=1, mode="nearest") for c in displacement], axis=1)
    missing = marks.other - marks.first - now
    middle = np.rint((marks.first + marks.other) / 2 / node - 0.5).astype(int)
    strength, wanted = np.zeros(shape, np.float32), np.zeros(velocity.shape, np.float32)
    spread = MARK_REACH * max(shape)
    for place, change in zip(middle, missing, strict=True):
        around = np.zeros(shape, np.float32)
        around[tuple(np.clip(place, 0, np.array(shape) - 1))] = 1
        around = ndimage.gaussian_filter(around, spread, mode="constant")
        around *= MARK_STRENGTH * stiffness / around.max()
        strength += around
        wanted += around * change.reshape(-1, *[1] * len(shape)).astype(np.float32)
    return strength, wanted


def _laplacian(field: np.ndarray, spacing: float) -> np.ndarray:
    return np.stack([ndimage.laplace(c, mode="constant") for c in field]) / spacing**2


def _solve(curvature: np.ndarray, hold: float, spacing: float, right: np.ndarray) -> np.ndarray:
    """x of (curvature - hold x Laplacian) x = right, by conjugate gradients preconditioned voxel by voxel."""
    dimension = len(right)
    diagonal = 2 * dimension * hold / spacing**2
    blocks = np.moveaxis(curvature, (0, 1), (-2, -1)) + diagonal * np.eye(dimension, dtype=np.float32)
    inverse = np.moveaxis(np.linalg.inv(blocks), (-2, -1), (0, 1)).astype(np.float32)
    x = np.zeros_like(right)
    r = right
    z = np.einsum("ab...,b...->a...", inverse, r)
    p = z
    rz = float((r * z).sum())
    first = rz
    for _ in range(SOLVER_ITERATIONS):
        if rz <= 1e-6 * first:
            break
        q = np.einsum("ab...,b...->a...", curvature, p) - hold * _laplacian(p, spacing)
        length = rz / (float((p * q).sum()) + 1e-30)
        x = x + length * p
        r = r - length * q
        z = np.einsum("ab...,b...->a...", inverse, r)
        rz, before = float((r * z).sum()), rz
        p = z + (rz / before) * p
    return x
