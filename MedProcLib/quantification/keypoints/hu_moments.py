"""Hu's seven moments of a plane shape or image, the same however it is shifted, scaled or turned."""

import numpy as np

from ...core.errors import InputError


def hu_moments(values: np.ndarray, spacing: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    """(7,) of values (rows, columns), none below 0 in sum; of a mask its shape. No unit.

    spacing: mm of rows and columns, so that a shape on pixels that are not square has the moments of the shape. The
    seventh changes its sign in a mirror image. Raises InputError for values without mass.
    Source: Hu, IRE Trans Inf Theory 8(2), 1962.
    """
    mass = float(values.sum())
    if not np.isfinite(mass) or mass <= 0:
        raise InputError("Moments need a shape that is not empty, or values above 0.")
    y, x = (np.arange(n) * s for n, s in zip(values.shape, spacing, strict=True))
    x = x - values.sum(axis=0) @ x / mass
    y = y - values.sum(axis=1) @ y / mass
    area = spacing[0] * spacing[1]

    def eta(p: int, q: int) -> float:
        return float(y**q @ values @ x**p) * area / (mass * area) ** (1 + (p + q) / 2)

    n20, n02, n11, n30, n03, n21, n12 = (eta(*pq) for pq in ((2, 0), (0, 2), (1, 1), (3, 0), (0, 3), (2, 1), (1, 2)))
    a, b, c, d = n30 + n12, n21 + n03, n30 - 3 * n12, 3 * n21 - n03
    return np.array(
        [
            n20 + n02,
            (n20 - n02) ** 2 + 4 * n11**2,
            c**2 + d**2,
            a**2 + b**2,
            c * a * (a**2 - 3 * b**2) + d * b * (3 * a**2 - b**2),
            (n20 - n02) * (a**2 - b**2) + 4 * n11 * a * b,
            d * a * (a**2 - 3 * b**2) - c * b * (3 * a**2 - b**2),
        ]
    )
