"""Points under 4 x 4 matrices (LPS, mm)."""

import numpy as np


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where a 4 x 4 matrix puts points (n, 3)."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def largest_distance(a: np.ndarray, b: np.ndarray, points: np.ndarray) -> float:
    """Largest distance in mm between where two 4 x 4 matrices put the points."""
    return float(np.linalg.norm(moved(a, points) - moved(b, points), axis=1).max())


def exponential(generator: np.ndarray) -> np.ndarray:
    """The 4 x 4 matrix of a generator: its power series after four halvings.

    scipy's is written for large matrices and starts threads, which takes longer than a step of the refinement.
    """
    small = generator / 16
    term, total = np.eye(4), np.eye(4)
    for order in range(1, 14):
        term = term @ small / order
        total = total + term
    return np.linalg.matrix_power(total, 16)
