"""Classes of intensities, found on the histogram."""

import itertools
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError

BINS = 512
# Values beyond these percentiles belong to the outermost classes and do not stretch the histogram.
TAILS = (0.05, 99.95)
# More values than this do not make the histogram better.
ENOUGH = 4_000_000


@dataclass(frozen=True)
class Histogram:
    """Counts of values in bins of one width, by the bins' middles."""

    middles: np.ndarray
    counts: np.ndarray

    @property
    def width(self) -> float:
        return float(self.middles[1] - self.middles[0])

    @classmethod
    def of(cls, values: np.ndarray, classes: int) -> "Histogram":
        """Of a flat array of values. Raises InputError when they are fewer different ones than classes."""
        sample = values[:: max(1, values.size // ENOUGH)].astype(np.float64)
        low, high = np.percentile(sample, TAILS)
        if np.unique(sample[: 100 * BINS]).size < classes and np.unique(sample).size < classes:
            raise InputError(
                f"The image has fewer than {classes} different values (inside the mask), so they do not make as many "
                "classes."
            )
        if not high > low:
            low, high = float(sample.min()), float(sample.max())
        counts, edges = np.histogram(np.clip(sample, low, high), BINS, (low, high))
        return cls((edges[:-1] + edges[1:]) / 2, counts.astype(np.float64))


def best_means(histogram: Histogram, classes: int) -> np.ndarray:
    """Means (ascending) of the classes with the least sum of squared deviations: the exact optimum.

    Dynamic programming, Wang & Song, R Journal 3(2), 2011.
    """
    x, n = histogram.middles, histogram.counts
    weight, first, second = (np.concatenate([[0], np.cumsum(n * x**p)]) for p in range(3))
    start, stop = np.arange(BINS)[:, None], np.arange(1, BINS + 1)[None, :]
    inside = weight[stop] - weight[start]
    total = first[stop] - first[start]
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = second[stop] - second[start] - np.where(inside > 0, total**2 / inside, 0)
    # a class has a value
    cost[(stop <= start) | (inside <= 0)] = np.inf
    least = cost[0].copy()
    cuts = []
    for _ in range(classes - 1):
        # a last class from bin i, after the best division of the bins before
        together = least[:-1, None] + cost[1:]
        cut = np.argmin(together, axis=0)
        least = together[cut, np.arange(BINS)]
        cuts.append(cut + 1)
    edges = [BINS]
    for cut in reversed(cuts):
        edges.append(int(cut[edges[-1] - 1]))
    edges = [*edges, 0][::-1]
    means = np.array([(first[b] - first[a]) / (weight[b] - weight[a]) for a, b in itertools.pairwise(edges)])
    if not np.isfinite(means).all():
        raise InputError(f"The intensities do not divide into {classes} classes: ask for fewer.")
    return means


def mixture(histogram: Histogram, means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, standard deviations and shares of a mixture of normal distributions, by EM from these means.

    Dempster, Laird & Rubin, J. R. Stat. Soc. B 39(1), 1977.
    """
    x, n = histogram.middles, histogram.counts
    middle = np.array(means)
    nearest = np.abs(x[:, None] - middle).argmin(axis=1)
    share = np.array([n[nearest == k].sum() for k in range(middle.size)])
    sd = np.array(
        [np.sqrt(np.average((x - m) ** 2, weights=np.where(nearest == k, n, 1e-12))) for k, m in enumerate(middle)]
    )
    share, sd = share / share.sum(), np.maximum(sd, histogram.width)
    for _ in range(200):
        density = share / sd * np.exp(-0.5 * ((x[:, None] - middle) / sd) ** 2)
        belongs = density / np.maximum(density.sum(axis=1, keepdims=True), 1e-300) * n[:, None]
        total = np.maximum(belongs.sum(axis=0), 1e-9)
        update = (belongs * x[:, None]).sum(axis=0) / total
        sd = np.sqrt((belongs * (x[:, None] - update) ** 2).sum(axis=0) / total)
        sd = np.maximum(sd, histogram.width / 2)
        share = total / total.sum()
        moved = np.abs(update - middle).max()
        middle = update
        if moved < 1e-3 * histogram.width:
            break
    return middle, sd, share
