"""Extrema of the difference of Gaussians over place and scale, to a part of a voxel."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .gaussian_pyramid import LEVELS, Octave

MOST_MOVES = 5
# a maximum further from its voxel than this belongs to the next one
NEAR = 0.6


@dataclass(frozen=True)
class Extrema:
    """Of an octave: places (n, dimension; x, y, z index), levels (n,; index with fraction), responses (n,)."""

    places: np.ndarray
    levels: np.ndarray
    responses: np.ndarray


def extrema_of(octave: Octave, region: np.ndarray, least: float, largest_ratio: float) -> Extrema:
    """Extrema inside the region (bool, on the octave's grid) with |response| of at least `least`.

    largest_ratio: of the principal curvatures; what is longer is an edge (a line, a sheet), not a point. In 2D this is
    Lowe's test, in 3D its extension to three curvatures (Allaire et al., CVPR workshops 2008).
    Source: Lowe, IJCV 60(2), 2004; Brown and Lowe, BMVC 2002.
    """
    stack = np.diff(octave.levels, axis=0)
    found = _candidates(stack, region, 0.5 * least)
    places, responses, kept = _refined(stack, found)
    kept &= np.abs(responses) >= least
    places, responses = places[kept], responses[kept]
    roundish = _is_roundish(stack, np.rint(places).astype(int), largest_ratio)
    places, responses = places[roundish], responses[roundish]
    return Extrema(places[:, :0:-1], places[:, 0], responses)


def _candidates(stack: np.ndarray, region: np.ndarray, least: float) -> np.ndarray:
    """Indices (n, dimensions) of voxels not below (above) all their neighbors in place and scale."""
    found = []
    for sign in (1, -1):
        signed = sign * stack
        top = (signed > least) & (signed >= ndimage.maximum_filter(signed, 3, mode="nearest"))
        top[0] = top[-1] = False
        top &= region
        found.append(np.argwhere(top))
    every = np.concatenate(found)
    inner = (every >= 1).all(axis=1) & (every < np.array(stack.shape) - 1).all(axis=1)
    return every[inner]


def _refined(stack: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the extrema of the parabolas through the neighbors, their responses, and which have settled."""
    at = at.copy()
    limits = np.array(stack.shape) - 2
    shift = np.zeros(at.shape)
    gradient = shift
    for _ in range(MOST_MOVES):
        gradient, hessian = _derivatives(stack, at)
        shift = np.zeros(at.shape)
        regular = np.abs(np.linalg.det(hessian)) > 1e-30
        shift[regular] = -np.linalg.solve(hessian[regular], gradient[regular][..., np.newaxis])[..., 0]
        move = np.where(np.abs(shift) > NEAR, np.sign(shift), 0).astype(int)
        moved = np.clip(at + move, 1, limits)
        if np.array_equal(moved, at):
            break
        at = moved
    settled = (np.abs(shift) <= 1.0).all(axis=1)
    responses = stack[tuple(at.T)] + 0.5 * (gradient * shift).sum(axis=1)
    settled &= (at[:, 0] + shift[:, 0] > 0.4) & (at[:, 0] + shift[:, 0] < LEVELS + 0.6)
    return at + np.clip(shift, -1, 1), responses, settled


def _derivatives(stack: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences (n, dimensions) and (n, dimensions, dimensions) in indices."""
    dimensions = stack.ndim
    unit = np.eye(dimensions, dtype=int)
    here = stack[tuple(at.T)].astype(float)

    def near(offset: np.ndarray) -> np.ndarray:
        return stack[tuple((at + offset).T)].astype(float)

    gradient = np.stack([(near(u) - near(-u)) / 2 for u in unit], axis=1)
    hessian = np.empty((len(at), dimensions, dimensions))
    for i in range(dimensions):
        hessian[:, i, i] = near(unit[i]) - 2 * here + near(-unit[i])
        for j in range(i):
            mixed = (
                near(unit[i] + unit[j]) - near(unit[i] - unit[j]) - near(unit[j] - unit[i]) + near(-unit[i] - unit[j])
            )
            hessian[:, i, j] = hessian[:, j, i] = mixed / 4
    return gradient, hessian


def _is_roundish(stack: np.ndarray, at: np.ndarray, largest_ratio: float) -> np.ndarray:
    at = np.clip(at, 1, np.array(stack.shape) - 2)
    curvatures = np.linalg.eigvalsh(_derivatives(stack, at)[1][:, 1:, 1:])
    same_sign = (curvatures > 0).all(axis=1) | (curvatures < 0).all(axis=1)
    size = np.abs(curvatures)
    return same_sign & (size.max(axis=1, initial=0) < largest_ratio * size.min(axis=1, initial=np.inf))
