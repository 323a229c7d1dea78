"""Least-loss fits of regressions with one layer of hyperbolic tangents."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from MedProcLib.quantification.fitted import FARTHEST, Fitted

# Of the sum over both ends, in pixels: an error of more than half a pixel counts little more than one of half.
CAUCHY = 0.25
QUANTILES = np.array([0.025, 0.5, 0.975])
# The corner of a quantile's loss is rounded by so much of the errors' spread; so are the ends of the intervals, when
# misses are counted, by a share of their group's spread that falls from round to round.
ROUND = 0.02
SOFT_ENDS = (0.05, 0.03, 0.02, 0.01, 0.01)
# Weight of the square of how far a group's share of misses is from MISSES, beside the quantiles' loss; of either
# side's by itself, beside that; and of the squares of all numbers, in either fit.
PENALTY, ONE_SIDE = 10.0, 0.5
SMALL_ENDS, SMALL = 1e-6, 1e-5
MISSES = 0.05


def fit_ends(features: np.ndarray, totals: np.ndarray, weights: np.ndarray, hidden: int, rounds: int) -> Fitted:
    """By least Cauchy loss, of what both ends (n, 2, m) add up to (n,), weighted (n,)."""
    mean, sd = _scale(features.reshape(-1, features.shape[-1]))
    ends = np.clip((features - mean) / sd, -FARTHEST, FARTHEST)
    count, _, width = ends.shape
    ends = ends.reshape(-1, width)
    weights = weights / weights.sum()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        layer = _layer(flat, width, hidden, 1)
        hid = np.tanh(ends @ layer[0] + layer[1])
        error = (hid @ layer[2][:-1] + layer[2][-1]).reshape(count, 2).sum(axis=1) - totals
        slope = weights * 2 * error / (CAUCHY**2 + error**2)
        return float(weights @ np.log1p((error / CAUCHY) ** 2)), _gradient(
            ends, hid, layer, np.repeat(slope, 2)[:, None]
        )

    return _fitted(mean, sd, _least(loss, SMALL_ENDS, width, hidden, np.array([0.3]), rounds), width, hidden, 1)


def fit_quantiles(
    features: np.ndarray,
    errors: np.ndarray,
    kept: np.ndarray,
    groups: np.ndarray,
    weights: np.ndarray,
    hidden: int,
    rounds: int,
) -> Fitted:
    """Quantile regression (Koenker and Bassett, Econometrica 46, 1978) of errors (n,) by features (n, m).

    kept (n,): what the interval between the outer quantiles is made to hold; groups (n,): number of each one's group;
    weights (of the groups): how much a group counts. To the loss is added the square of how far every group's share of
    misses is from 5 %: without that bodies of one kind pay for the others.
    """
    mean, sd = _scale(features)
    normal = np.clip((features - mean) / sd, -FARTHEST, FARTHEST)
    number, width = len(weights), features.shape[1]
    counts = np.maximum(np.bincount(groups, minlength=number), 1)
    spread = np.array([_spread(errors[groups == group]) for group in range(number)])
    each = (weights / counts * (spread.mean() / spread) ** 0.5)[groups][:, None]
    each, shares, rounding = each / each.sum(), weights / weights.sum(), ROUND * float(np.median(spread))
    first = _weighted_quantiles(errors, each[:, 0])

    def loss_with(soft: float, penalty: float):
        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            layer = _layer(flat, width, hidden, len(QUANTILES))
            hid = np.tanh(normal @ layer[0] + layer[1])
            found = hid @ layer[2][:-1] + layer[2][-1]
            error = errors[:, None] - found
            smooth = np.sqrt(error**2 + rounding**2)
            value = float((each * ((QUANTILES - 0.5) * error + 0.5 * smooth)).sum())
            slope = -each * ((QUANTILES - 0.5) + 0.5 * error / smooth)
            if penalty:
                scale = soft * spread[groups]
                ends = np.minimum(found[:, 0], kept), np.maximum(found[:, 2], kept)
                below, above = expit((ends[0] - errors) / scale), expit((errors - ends[1]) / scale)
                low, high = (np.bincount(groups, side, number) / counts for side in (below, above))
                off, sides = low + high - MISSES, (low - MISSES / 2, high - MISSES / 2)
                value += penalty * float(shares @ (off**2 + ONE_SIDE * (sides[0] ** 2 + sides[1] ** 2)))
                for column, sign, side, missed, end in (
                    (0, 1, sides[0], below, ends[0]),
                    (2, -1, sides[1], above, ends[1]),
                ):
                    by_group = penalty * shares * (2 * off + 2 * ONE_SIDE * side) / counts
                    moves = (end == found[:, column]) * missed * (1 - missed) / scale
                    slope[:, column] += sign * by_group[groups] * moves
            return value, _gradient(normal, hid, layer, slope)

        return loss

    flat = _least(loss_with(1.0, 0.0), SMALL, width, hidden, first, rounds)
    for soft in SOFT_ENDS:
        penalty = PENALTY * float(np.median(spread))
        flat = _least(loss_with(soft, penalty), SMALL, width, hidden, first, rounds // 2, flat)
    return _fitted(mean, sd, flat, width, hidden, len(QUANTILES))


def _scale(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)


def _spread(errors: np.ndarray) -> float:
    """Width of the middle 95 %."""
    return max(float(np.subtract(*np.percentile(errors, [97.5, 2.5]))), 0.05) if len(errors) else 1.0


def _weighted_quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(values)
    return np.interp(QUANTILES, np.cumsum(weights[order]), values[order])


def _least(
    loss, small: float, width: int, hidden: int, constants: np.ndarray, rounds: int, start: np.ndarray | None = None
):
    """Numbers of the layer where the loss is least, from random ones (always the same) or a start."""
    if start is None:
        rng = np.random.default_rng(1)
        inner = rng.normal(size=width * hidden) * 0.5 / np.sqrt(width), rng.normal(size=hidden) * 0.3
        start = np.concatenate([*inner, rng.normal(size=hidden * len(constants)) * 0.1, constants])

    def with_small(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = loss(flat)
        return value + small * float(flat @ flat), gradient + 2 * small * flat

    return minimize(with_small, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds, "maxcor": 20}).x


def _layer(flat: np.ndarray, width: int, hidden: int, outputs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inner, offsets, outer = np.split(flat, [width * hidden, width * hidden + hidden])
    return inner.reshape(width, hidden), offsets, outer.reshape(hidden + 1, outputs)


def _gradient(normal: np.ndarray, hid: np.ndarray, layer: tuple[np.ndarray, ...], slope: np.ndarray) -> np.ndarray:
    """Of the loss by the numbers of the layer; slope (n, k): by its outputs."""
    inner = (slope @ layer[2][:-1].T) * (1 - hid**2)
    parts = (normal.T @ inner, inner.sum(axis=0), hid.T @ slope, slope.sum(axis=0))
    return np.concatenate([part.ravel() for part in parts])


def _fitted(mean: np.ndarray, sd: np.ndarray, flat: np.ndarray, width: int, hidden: int, outputs: int) -> Fitted:
    return Fitted(mean, sd, *_layer(flat, width, hidden, outputs))
