"""Least-loss fits of regressions with one layer of hyperbolic tangents.

The rows of a sample are gone through in pieces of one size, whose sums are added up in their order: the numbers do not
depend on how many threads there are.
"""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from MedProcLib.quantification.fitted import FARTHEST, Fitted

# Of the sum over both ends, in pixels: an error of more than half a pixel counts little more than one of half.
CAUCHY = 0.25
QUANTILES = np.array([0.025, 0.5, 0.975])
# The corner of a quantile's loss is rounded by so much of the spread of its group's errors: by more, what is well
# within the interval counts as missed, and it gets too wide. So are the ends of the intervals, when misses are counted,
# by a share that falls from round to round.
ROUND = 0.01
SOFT_ENDS = (0.05, 0.03, 0.02, 0.01, 0.01)
# Weight of the square of how far a group's share of misses is from what is wanted, beside the quantiles' loss; of
# either side's by itself, beside that; and of the squares of all numbers, in the ends' fit.
PENALTY, ONE_SIDE = 25.0, 0.5
SMALL_ENDS = 1e-6
# A group of so many counts half as much as one of very many: the share of misses of fewer scatters more (by 1 %) than
# what is to be found.
ENOUGH = 475
ROWS = 4096

Pieces = Callable[[Callable[[slice], tuple]], list[np.ndarray]]


class Wanted(NamedTuple):
    """Of a fit of quantiles: hidden neurons; rounds of the first step, half as many of each later one; misses: share
    that is to be missed; small: weight of the squares of all numbers; starts: so many fits with each number of neurons,
    from other random numbers each. The mean of all is taken: what a single one says of bodies unlike those of the
    sample is chance in part. of_mean: share that the mean is to miss, whose outputs are fitted once more for that, as
    it misses fewer than each fit, and unlike fewer of unlike groups.
    """

    hidden: tuple[int, ...]
    rounds: int
    misses: float
    small: float
    starts: int = 1
    of_mean: float | None = None


def fit_ends(
    features: np.ndarray, totals: np.ndarray, weights: np.ndarray, hidden: int, rounds: int, threads: int = 1
) -> Fitted:
    """By least Cauchy loss, of what both ends (n, 2, m) add up to (n,), weighted (n,)."""
    mean, sd = _scale(features.reshape(-1, features.shape[-1]))
    ends = np.clip((features - mean) / sd, -FARTHEST, FARTHEST)
    width = ends.shape[-1]
    weights = weights / weights.sum()

    def loss_in(pieces: Pieces) -> Callable:
        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            layer = _layer(flat, width, hidden, 1)

            def piece(rows: slice) -> tuple:
                normal = ends[rows].reshape(-1, width)
                hid = np.tanh(normal @ layer[0] + layer[1])
                error = (hid @ layer[2][:-1] + layer[2][-1]).reshape(-1, 2).sum(axis=1) - totals[rows]
                slope = weights[rows] * 2 * error / (CAUCHY**2 + error**2)
                value = weights[rows] @ np.log1p((error / CAUCHY) ** 2)
                return value, _gradient(normal, hid, layer, np.repeat(slope, 2)[:, None])

            value, gradient = pieces(piece)
            return float(value), gradient

        return loss

    with _Rows(len(ends), threads) as rows:
        flat = _least(loss_in(rows.sums), SMALL_ENDS, rounds, _random(1, width, hidden, np.array([0.3])))
    return _fitted(mean, sd, flat, width, hidden, 1)


def fit_quantiles(
    features: np.ndarray,
    errors: np.ndarray,
    bounds: np.ndarray,
    groups: np.ndarray,
    wanted: Wanted,
    threads: int = 1,
) -> Fitted:
    """Quantile regression (Koenker and Bassett, Econometrica 46, 1978) of errors (n,) by features (n, m).

    bounds (n, 4): the least and the most that the lower end of the interval between the outer quantiles may be, and the
    upper one; groups (n,): number of each one's group, from 0. All groups of many count alike. To the loss is added the
    square of how far every group's share of misses is from what is wanted: without that bodies of one kind pay for the
    others.
    """
    rounds, small = wanted.rounds, wanted.small
    mean, sd = _scale(features)
    normal = np.clip((features - mean) / sd, -FARTHEST, FARTHEST)
    counts, width = np.bincount(groups), features.shape[1]
    number, weights = len(counts), counts / (counts + ENOUGH)
    spread = np.array([_spread(errors[groups == group]) for group in range(number)])
    each = (weights / counts * (spread.mean() / spread) ** 0.5)[groups][:, None]
    each, shares, rounding = each / each.sum(), weights / weights.sum(), ROUND * spread[groups, None]
    first = _weighted_quantiles(errors, each[:, 0])
    found = np.empty((len(errors), len(QUANTILES)))

    def loss_in(pieces: Pieces, hidden: int, soft: float, penalty: float, misses: float) -> Callable:
        # the square of how far a share of few is off is least for a share that is too small by this
        of_both, of_side = (share + (0.5 - share) / counts for share in (misses, misses / 2))
        hid = np.empty((len(errors), hidden))

        def ends_of(rows: slice) -> tuple[np.ndarray, np.ndarray]:
            return tuple(np.clip(found[rows, column], *bounds[rows, column : column + 2].T) for column in (0, 2))

        def missed(rows: slice) -> tuple[np.ndarray, np.ndarray]:
            """How far each is below and above its interval, 0 to 1."""
            scale, (low, high) = soft * spread[groups[rows]], ends_of(rows)
            return expit((low - errors[rows]) / scale), expit((errors[rows] - high) / scale)

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            layer = _layer(flat, width, hidden, len(QUANTILES))

            def forward(rows: slice) -> tuple:
                hid[rows] = np.tanh(normal[rows] @ layer[0] + layer[1])
                found[rows] = hid[rows] @ layer[2][:-1] + layer[2][-1]
                if not penalty:
                    return (np.zeros((2, number)),)
                return (np.stack([np.bincount(groups[rows], side, number) for side in missed(rows)]),)

            low, high = pieces(forward)[0] / counts
            off, sides = low + high - of_both, (low - of_side, high - of_side)

            def backward(rows: slice) -> tuple:
                error = errors[rows, None] - found[rows]
                smooth = np.sqrt(error**2 + rounding[rows] ** 2)
                value = (each[rows] * ((QUANTILES - 0.5) * error + 0.5 * smooth)).sum()
                slope = -each[rows] * ((QUANTILES - 0.5) + 0.5 * error / smooth)
                if penalty:
                    turns = zip((0, 2), (1, -1), sides, missed(rows), ends_of(rows), strict=True)
                    for column, sign, side, beyond, end in turns:
                        by_group = penalty * shares * (2 * off + 2 * ONE_SIDE * side) / counts
                        moves = (end == found[rows, column]) * beyond * (1 - beyond) / (soft * spread[groups[rows]])
                        slope[:, column] += sign * by_group[groups[rows]] * moves
                return value, _gradient(normal[rows], hid[rows], layer, slope)

            value, gradient = pieces(backward)
            if penalty:
                value = value + penalty * shares @ (off**2 + ONE_SIDE * (sides[0] ** 2 + sides[1] ** 2))
            return float(value), gradient

        return loss

    penalty, fits = PENALTY * float(np.median(spread)), []
    with _Rows(len(errors), threads) as rows:
        for hidden, seed in itertools.product(wanted.hidden, range(1, wanted.starts + 1)):
            flat = _random(seed, width, hidden, first)
            flat = _least(loss_in(rows.sums, hidden, 1.0, 0.0, wanted.misses), small, rounds, flat)
            for soft in SOFT_ENDS:
                flat = _least(loss_in(rows.sums, hidden, soft, penalty, wanted.misses), small, rounds // 2, flat)
            fits.append(_fitted(mean, sd, flat, width, hidden, len(QUANTILES)))
        found_mean = _mean_of(fits)
        if wanted.of_mean is None:
            return found_mean
        loss = loss_in(rows.sums, len(found_mean.offsets), SOFT_ENDS[-1], penalty, wanted.of_mean)
        return _outputs_again(found_mean, loss, small, rounds // 4)


def _outputs_again(model: Fitted, loss: Callable, small: float, rounds: int) -> Fitted:
    """With the outputs for which the loss, by all numbers of the layer, is least, of the neurons as they are."""
    kept = np.concatenate([model.weights.ravel(), model.offsets])

    def by_outputs(part: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = loss(np.concatenate([kept, part]))
        return value, gradient[len(kept) :]

    return model._replace(outputs=_least(by_outputs, small, rounds, model.outputs.ravel()).reshape(model.outputs.shape))


def _mean_of(models: list[Fitted]) -> Fitted:
    """One layer, of all their neurons, whose outputs are the mean of those of layers on the same scale of features."""
    weights, offsets, outputs = ([model[part] for model in models] for part in (2, 3, 4))
    inner = np.concatenate([output[:-1] for output in outputs]) / len(models)
    constant = np.mean([output[-1:] for output in outputs], axis=0)
    return models[0]._replace(
        weights=np.concatenate(weights, axis=1),
        offsets=np.concatenate(offsets),
        outputs=np.concatenate([inner, constant]),
    )


class _Rows:
    """Goes through so many rows in pieces, on threads."""

    def __init__(self, count: int, threads: int) -> None:
        self.slices = [slice(start, min(start + ROWS, count)) for start in range(0, count, ROWS)]
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def __enter__(self) -> "_Rows":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool:
            self.pool.shutdown()

    def sums(self, function: Callable[[slice], tuple]) -> list:
        """Each result of the function of a piece, added up over all."""
        results = (self.pool.map if self.pool else map)(function, self.slices)
        return [sum(parts[1:], parts[0]) for parts in zip(*results, strict=True)]


def _scale(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)


def _spread(errors: np.ndarray) -> float:
    """Width of the middle 95 %."""
    return max(float(np.subtract(*np.percentile(errors, [97.5, 2.5]))), 0.05) if len(errors) else 1.0


def _weighted_quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(values)
    return np.interp(QUANTILES, np.cumsum(weights[order]), values[order])


def _random(seed: int, width: int, hidden: int, constants: np.ndarray) -> np.ndarray:
    """Numbers of a layer to start from, the same for the same seed."""
    rng = np.random.default_rng(seed)
    inner = rng.normal(size=width * hidden) * 0.5 / np.sqrt(width), rng.normal(size=hidden) * 0.3
    return np.concatenate([*inner, rng.normal(size=hidden * len(constants)) * 0.1, constants])


def _least(loss: Callable, small: float, rounds: int, start: np.ndarray) -> np.ndarray:
    """Numbers of the layer where the loss is least, from a start."""

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
