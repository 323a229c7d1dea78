"""How strongly scores speak for change: log likelihood ratios against the scores of tissue that did not change."""

from collections.abc import Callable

import numpy as np
from scipy import special

from ..core.geometry import Geometry

# A change is taken to be up to about this many SD large (half-normal), and no voxel to say more than this (nats).
TYPICAL_SD, MOST, LEAST = 3.0, 6.0, -2.0
# Larger scores say no more and no less.
LARGEST = 10.0
# Bins of the size of the score, wider where there are few.
EDGES = np.concatenate([np.arange(0, 6, 0.25), np.arange(6, 12, 1.0), [15.0, 20.0, 50.0, 1e6]])
FEWEST = 1000


def log_likelihood_ratio(unchanged: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Function from a score, positive for change, to ln(density with change / density without), bounded.

    unchanged: scores of tissue that hardly changed. Their sizes are the null distribution (empirical null: Efron, J.
    Am. Stat. Assoc. 99, 2004), whose tails are heavier than a normal distribution's, taken to fall monotonously.
    """
    sizes = np.abs(unchanged)
    if sizes.size < FEWEST:
        sizes = np.abs(special.ndtri((np.arange(FEWEST) + 0.5) / FEWEST))
    counts, _ = np.histogram(sizes, EDGES)
    density = (counts + 0.5) / (counts.sum() * np.diff(EDGES)) / 2
    centers = (EDGES[1:-1] + EDGES[:-2]) / 2
    null = np.log(np.minimum.accumulate(density))[:-1]
    spread = np.hypot(1, TYPICAL_SD)

    def ratio(score: np.ndarray) -> np.ndarray:
        score = np.minimum(np.asarray(score, float), LARGEST)
        normal = -0.5 * (score / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))
        changed = np.log(2) + normal + special.log_ndtr(score * TYPICAL_SD / spread)
        return np.clip(changed - np.interp(np.abs(score), centers, null), LEAST, MOST)

    return ratio


def resolution_element(score: np.ndarray, region: np.ndarray, grid: Geometry) -> float:
    """Volume (mm3) that speaks with one voice: neighboring scores (z, y, x) of the region are correlated.

    From the correlation of neighbors along each axis, as of noise smoothed by a Gaussian (smoothness of random fields:
    Kiebel et al., NeuroImage 10, 1999): sqrt(4 pi) SD along each axis, at least a voxel.
    """
    volume = 1.0
    for axis, spacing in enumerate(reversed(grid.spacing)):
        ends = [np.take(v, range(start, v.shape[axis] - 1 + start), axis) for v in (score, region) for start in (0, 1)]
        both = ends[2] & ends[3]
        width = spacing
        if np.count_nonzero(both) > 2:
            pair = np.clip(ends[0][both], -4, 4), np.clip(ends[1][both], -4, 4)
            product = np.std(pair[0]) * np.std(pair[1])
            correlation = float(np.mean(pair[0] * pair[1]) - np.mean(pair[0]) * np.mean(pair[1])) / (product or 1.0)
            width *= max(1.0, np.sqrt(-np.pi / np.log(np.clip(correlation, 1e-3, 0.99))))
        volume *= width
    return float(volume)
