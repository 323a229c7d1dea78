"""Vectors to neighboring voxels, and the weight of a direction."""

import itertools
import math

import numpy as np

Vector = tuple[int, int, int]
NEGLIGIBLE = 1e-16
_NORMS = {"chebyshev": math.inf, "manhattan": 1, "euclidean": 2}


def length(vector: tuple[float, float, float], norm: str) -> float:
    """Length of a vector in the norm 'chebyshev', 'manhattan' or 'euclidean'."""
    return float(np.linalg.norm(vector, _NORMS[norm]))


def neighborhood(distance: float, norm: str, by_slice: bool) -> list[Vector]:
    """Vectors (z, y, x) to the voxels within a distance, one of each opposite pair: 13 (by slice 4) at distance 1.

    The first component that is not 0 is positive.
    """
    reach = range(-math.floor(distance), math.floor(distance) + 1)
    vectors = itertools.product((0,) if by_slice else reach, reach, reach)
    return [v for v in vectors if v > (0, 0, 0) and length(v, norm) <= distance + 1e-9]


def pair_vectors(distance: float, norm: str, by_slice: bool) -> list[Vector]:
    """Vectors (z, y, x) between the voxels of a co-occurrence (IBSI 3.6, distances).

    With the Chebyshev norm the 13 (by slice 4) unit directions times the distance, with the others the vectors of a
    length in (distance - 1, distance].
    """
    if norm == "chebyshev":
        step = int(distance)
        return [(z * step, y * step, x * step) for z, y, x in neighborhood(1, norm, by_slice)]
    return [v for v in neighborhood(distance, norm, by_slice) if length(v, norm) > distance - 1 + 1e-9]


def weights(vectors: list[Vector], spacing: tuple[float, float, float], weighting: str) -> np.ndarray:
    """exp(-|m|^2) of each vector m, its length in mm in the norm 'weighting', over the largest; 1 for 'none'.

    spacing: x, y, z in mm. A common factor cancels in all features, and a voxel of 30 mm would leave nothing. What
    rounding would hide is 0.
    """
    if weighting == "none":
        return np.ones(len(vectors))
    x_mm, y_mm, z_mm = spacing
    squares = np.array([length((z * z_mm, y * y_mm, x * x_mm), weighting) ** 2 for z, y, x in vectors])
    weight = np.exp(squares.min() - squares)
    return np.where(weight < NEGLIGIBLE, 0, weight)
