"""Ellipsoids of a region: their surface, and the smallest one around points."""

import math

import numpy as np

# of the smallest ellipsoid's volume, at which its search stops
TOLERANCE = 1e-6
MOST_STEPS = 20_000
# of the series of an ellipsoid's surface
TERMS = 20


def ellipsoid_volume(semi_axes: np.ndarray) -> float:
    """Volume of an ellipsoid of three semi-axes."""
    return 4 / 3 * math.pi * float(np.prod(semi_axes))


def ellipsoid_area(semi_axes: np.ndarray) -> float:
    """Surface of an ellipsoid of three semi-axes as IBSI defines it (RDD2): 4 pi a b times a series of 20 polynomials.

    It is the standard's figure, not the surface itself: IBSI takes the eccentricities of the axes b and c to a where
    the series (Maas, 1994) needs those of c to a and to b, which makes it up to some percent smaller.
    """
    a, b, c = np.sort(semi_axes)[::-1]
    if a == 0:
        return 0.0
    first, second = 1 - (b / a) ** 2, 1 - (c / a) ** 2
    half_sum, product = (first + second) / 2, first * second
    # p^n P_n(s / p) by Legendre's recurrence, which holds for p = 0 too
    before, current, total = 1.0, half_sum, 1.0
    for n in range(1, TERMS + 1):
        total += current / (1 - 4 * n**2)
        before, current = current, ((2 * n + 1) * half_sum * current - n * product * before) / (n + 1)
    return float(4 * math.pi * a * b * total)


def smallest_ellipsoid(points: np.ndarray) -> np.ndarray:
    """Semi-axes, descending, of the minimum volume ellipsoid that encloses points (n, 3) that span a volume.

    Khachiyan's algorithm (Math Oper Res 21(2), 1996) with steps away from points (Todd and Yildirim, Discrete Appl Math
    155(13), 2007), to a relative tolerance of the volume of 1e-6; scaled up so that no point lies outside.
    """
    count, dimension = points.shape
    center = points.mean(axis=0)
    scale = float(np.abs(points - center).max())
    lifted = np.column_stack([(points - center) / scale, np.ones(count)])
    weights = _starting_weights(lifted[:, :dimension])
    inverse = np.linalg.inv((lifted.T * weights) @ lifted)
    distances = np.einsum("ij,jk,ik->i", lifted, inverse, lifted)
    n = dimension + 1
    for step in range(MOST_STEPS):
        far = int(np.argmax(distances))
        used = np.flatnonzero(weights > 0)
        near = int(used[np.argmin(distances[used])])
        excess, lack = distances[far] / n - 1, 1 - distances[near] / n
        if max(excess, lack) < TOLERANCE / n:
            break
        chosen = far if excess >= lack else near
        distance = distances[chosen]
        move = (distance - n) / (n * (distance - 1)) if abs(distance - 1) > 1e-12 else -math.inf
        if chosen == near and excess < lack:
            move = max(move, -weights[near] / (1 - weights[near]))
        weights *= 1 - move
        weights[chosen] = max(0.0, weights[chosen] + move)
        if step % 200 == 199:  # rounding adds up
            inverse = np.linalg.inv((lifted.T * weights) @ lifted)
            distances = np.einsum("ij,jk,ik->i", lifted, inverse, lifted)
            continue
        direction = inverse @ lifted[chosen]
        share = move / (1 - move + move * distance)
        inverse = (inverse - share * np.outer(direction, direction)) / (1 - move)
        distances = (distances - share * (lifted @ direction) ** 2) / (1 - move)
    middle = weights @ lifted[:, :dimension]
    spread = (lifted[:, :dimension].T * weights) @ lifted[:, :dimension] - np.outer(middle, middle)
    offsets = lifted[:, :dimension] - middle
    furthest = float(np.einsum("ij,jk,ik->i", offsets, np.linalg.inv(spread), offsets).max())
    return scale * np.sqrt(np.linalg.eigvalsh(spread)[::-1] * furthest)


def _starting_weights(points: np.ndarray) -> np.ndarray:
    """Equal weights on the extremes along the axes and the diagonals (after Kumar and Yildirim, 2005)."""
    directions = np.array(
        [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)]
    )
    along = points @ directions.T
    weights = np.zeros(len(points))
    weights[np.unique([along.argmax(axis=0), along.argmin(axis=0)])] = 1
    return weights / weights.sum()
