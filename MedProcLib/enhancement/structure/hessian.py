"""Hessian matrix of an image and its eigenvalues."""

from collections.abc import Sequence

import numpy as np

from ...core.image_filter import Box
from .derivatives import derivatives


def hessian(
    values: np.ndarray, sd_mm: float, spacing: Sequence[float], wanted: Box
) -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    """Second derivatives at a scale, times the square of the scale so that scales compare, in the box `wanted`.

    Returns the entries on and above the diagonal and which these are. Axes of one voxel are left out: the Hessian of
    a single slice is that of a 2D image. Source: Lindeberg, IJCV 30(2), 1998 (normalized derivatives, gamma 1).
    """
    axes = [axis for axis, n in enumerate(values.shape) if n > 1]
    pairs = [(i, j) for number, i in enumerate(axes) for j in axes[number:]]
    orders = [tuple((axis == i) + (axis == j) for axis in range(values.ndim)) for i, j in pairs]
    entries = derivatives(values, orders, sd_mm, spacing, wanted)
    for entry in entries:
        entry *= sd_mm**2
    return entries, pairs


def frobenius_norm(entries: list[np.ndarray], pairs: list[tuple[int, int]]) -> np.ndarray:
    """Root of the sum of the squares of all entries of the matrices, which is that of their eigenvalues."""
    total = sum((1 if i == j else 2) * entry**2 for entry, (i, j) in zip(entries, pairs, strict=True))
    return np.sqrt(total)


def eigenvalues(entries: list[np.ndarray]) -> list[np.ndarray]:
    """Eigenvalues, largest first, of symmetric matrices of 1, 2 or 3 rows given by the entries from the diagonal on.

    3 rows: O. K. Smith, Communications of the ACM 4(4), 1961, in float64 up to the angle, of which small differences
    of eigenvalues depend. Error below 1e-6 of the largest one.
    """
    exact = [entry.astype(float) for entry in entries]
    found = exact if len(entries) == 1 else _of_2(*exact) if len(entries) == 3 else _of_3(*exact)
    return [value.astype(entries[0].dtype) for value in found]


def by_magnitude(values: list[np.ndarray]) -> list[np.ndarray]:
    """The same eigenvalues, that of the smallest absolute value first."""
    values = list(values)
    for last in range(len(values) - 1, 0, -1):
        for k in range(last):
            swap = np.abs(values[k]) > np.abs(values[k + 1])
            values[k], values[k + 1] = (
                np.where(swap, values[k + 1], values[k]),
                np.where(swap, values[k], values[k + 1]),
            )
    return values


def _of_2(a: np.ndarray, b: np.ndarray, d: np.ndarray) -> list[np.ndarray]:
    mean = (a + d) / 2
    half = np.hypot((a - d) / 2, b)
    return [mean + half, mean - half]


def _of_3(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, e: np.ndarray, f: np.ndarray) -> list[np.ndarray]:
    mean = (a + d + f) / 3
    a, d, f = a - mean, d - mean, f - mean
    bb, cc, ee = b * b, c * c, e * e
    spread = np.sqrt((a * a + d * d + f * f + 2 * (bb + cc + ee)) / 6)
    determinant = a * (d * f - ee) - bb * f - cc * d + 2 * b * c * e
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.nan_to_num(determinant / (2 * spread**3))
    angle = (np.arccos(np.clip(cosine, -1, 1)) / 3).astype(np.float32)
    along, across = spread * np.cos(angle), spread * (3**0.5 * np.sin(angle))
    return [mean + 2 * along, mean - along + across, mean - along - across]
