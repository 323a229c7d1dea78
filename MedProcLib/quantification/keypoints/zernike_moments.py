"""Magnitudes of Zernike moments of a plane shape or image, which rotation leaves as they are."""

import math

import numpy as np

from ...core.errors import InputError

HIGHEST_ORDER = 20


def zernike_moments(
    values: np.ndarray, order: int = 8, radius_mm: float | None = None, spacing: tuple[float, float] = (1.0, 1.0)
) -> dict[tuple[int, int], float]:
    """|A_nm| by (n, m), n to `order`, m from 0 with n - m even; of values (rows, columns), not below 0. No unit.

    The values are divided by their sum, so A_00 is 1/pi; the unit disk lies on their center of mass with radius_mm
    (None: to the farthest value above 0), and what is outside it does not count. Raises InputError for values without
    mass, and an order above 20, whose polynomials lose their digits.
    Source: Khotanzad and Hong, IEEE PAMI 12(5), 1990.
    """
    if not 0 <= order <= HIGHEST_ORDER:
        raise InputError(f"Zernike moments go to the order 0 to {HIGHEST_ORDER}, not {order}.")
    mass = float(values.sum())
    if not np.isfinite(mass) or mass <= 0 or values.min() < 0:
        raise InputError("Moments need a shape that is not empty, or values of which none is below 0.")
    rows, columns = np.nonzero(values)
    weight = values[rows, columns] / mass
    y, x = rows * spacing[0], columns * spacing[1]
    y, x = y - weight @ y, x - weight @ x
    distance = np.hypot(x, y)
    # half a pixel is added so that the outermost ones are whole inside
    radius = float(distance.max()) + max(spacing) / 2 if radius_mm is None else radius_mm
    within = distance <= radius
    weight, rho, angle = weight[within], distance[within] / radius, np.arctan2(y, x)[within]
    weight = weight / weight.sum()
    found = {}
    for n in range(order + 1):
        for m in range(n % 2, n + 1, 2):
            moment = (weight * radial_polynomial(n, m, rho) * np.exp(-1j * m * angle)).sum()
            found[n, m] = float(abs(moment)) * (n + 1) / math.pi
    return found


def radial_polynomial(n: int, m: int, rho: np.ndarray) -> np.ndarray:
    """R_nm at rho in 0..1, for 0 <= m <= n with n - m even (Born and Wolf, Principles of Optics, section 9.2.1)."""
    total = np.zeros_like(rho, dtype=float)
    for s in range((n - m) // 2 + 1):
        factor = (-1) ** s * math.factorial(n - s)
        factor //= math.factorial(s) * math.factorial((n + m) // 2 - s) * math.factorial((n - m) // 2 - s)
        total += factor * rho ** (n - 2 * s)
    return total
