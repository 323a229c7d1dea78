"""A smooth field through scattered and partly wrong observations, on a grid that closes around its second axis."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

ROUNDS, WEAK = 6, 1e-4


def membrane(
    observed: np.ndarray, weights: np.ndarray, stiffness: tuple[float, float], tolerance: float, rest: float
) -> np.ndarray:
    """The field (n, m) of least sum of weighted squared misfits and of stiffness by squared differences of neighbors.

    weights: 0 where nothing was observed; stiffness: along the first and the second axis (which is a circle);
    tolerance: misfits beyond it count less and less (Cauchy weights, Holland & Welsch, Commun. Stat. 6(9), 1977);
    rest: value where nothing at all was observed.
    """
    number = np.arange(observed.size).reshape(observed.shape)
    smooth = stiffness[1] * _differences(number, np.roll(number, -1, axis=1))
    if len(observed) > 1:
        smooth = smooth + stiffness[0] * _differences(number[:-1], number[1:])
    known = np.where(weights > 0, observed, 0)
    trusted = weights
    for _ in range(ROUNDS):
        matrix = (smooth + sparse.diags_array(trusted.ravel() + WEAK)).tocsc()
        field = spsolve(matrix, (trusted * known).ravel() + WEAK * rest).reshape(observed.shape)
        trusted = weights / (1 + ((known - field) / tolerance) ** 2)
    return field


def _differences(one: np.ndarray, other: np.ndarray) -> sparse.csr_array:
    """Sum of squared differences of pairs (numbers of places), as a matrix; over all places up to the largest."""
    count, size = one.size, int(max(one.max(), other.max())) + 1
    rows = np.tile(np.arange(count), 2)
    places = np.concatenate([one.ravel(), other.ravel()])
    step = sparse.csr_array((np.repeat([1.0, -1.0], count), (rows, places)), (count, size))
    return (step.T @ step).tocsr()
