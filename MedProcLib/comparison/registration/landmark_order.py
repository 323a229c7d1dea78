"""Landmarks that would fit, had they been marked in the same order."""

import itertools

import numpy as np

from ...quantification.keypoints.rigid_fit import least_squares

FEWEST, MOST = 4, 7  # three fit too easily, and of eight there are 40,320 orders
FITTED = 24  # orders of the likest distances: a mirror image has the same ones


def fitting_order(fixed: np.ndarray, moving: np.ndarray) -> tuple[tuple[int, ...], float]:
    """(order of the moving landmarks that a rigid fit of the fixed ones meets best; mean error in mm of that fit).

    fixed, moving: (n, 3) LPS in mm. The order given and infinity for fewer than 4 or more than 7 landmarks.
    """
    given = tuple(range(len(fixed)))
    if not FEWEST <= len(fixed) <= MOST:
        return given, float("inf")
    apart, there = (np.linalg.norm(points[:, None] - points, axis=-1) for points in (fixed, moving))
    orders = np.array(list(itertools.permutations(given)))
    unlike = np.square(there[orders[:, :, None], orders[:, None]] - apart).sum(axis=(1, 2))
    fits = [(_error(fixed, moving[order]), tuple(order.tolist())) for order in orders[unlike.argsort()[:FITTED]]]
    error, best = min(fits)
    return best, error


def _error(fixed: np.ndarray, moving: np.ndarray) -> float:
    rotation, shift = least_squares(fixed, moving)
    return float(np.linalg.norm(fixed @ rotation.T + shift - moving, axis=1).mean())
