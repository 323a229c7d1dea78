"""The smooth displacement that brings two feature images together, among all of a range: no start, no slope needed."""

import itertools

import numpy as np
from scipy import ndimage

from ...core.progress import SILENT, Progress
from .matching import Pair
from .velocity import halved

# how strongly each place is held to its neighborhood, round by round, in shares of what the match can gain
COUPLINGS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SMOOTHED = 3


def search_displacement(pair: Pair, reach: int, progress: Progress = SILENT) -> np.ndarray:
    """Displacement (dimension, *half the shape) in mm, first -> other, of up to `reach` voxels along each axis.

    Every displacement is tried everywhere, half of it on either image, so that swapping them turns its sign. The best
    one of each place and a smooth field are then drawn together. The result's grid is twice as coarse.
    Source: Heinrich, Papiez, Schnabel, Handels, Non-parametric discrete registration with convex optimisation, WBIR
    2014; Siebert et al., ConvexAdam, IEEE TMI 2024.
    """
    labels = np.array(list(itertools.product(range(-reach, reach + 1), repeat=pair.dimension)))
    cost = np.empty((len(labels), *(n // 2 for n in pair.shape)), np.float32)
    for number, label in enumerate(labels):
        progress(number / len(labels), "Searching the deformation")
        low = label // 2
        both = [_mismatch(pair, a, label - a) for a in ((low,) if not (label % 2).any() else (low, label - low))]
        cost[number] = halved(np.mean(both, axis=0), pair.dimension)
    gain = float((cost.mean(axis=0) - cost.min(axis=0)).mean()) + 1e-12
    displacement = _smooth(_best(cost, labels))
    for coupling in COUPLINGS:
        along = labels.T.reshape(pair.dimension, -1, *[1] * pair.dimension)
        apart = sum((a - d) ** 2 for a, d in zip(along, displacement, strict=True))
        displacement = _smooth(_best(cost + coupling * gain * apart, labels))
    return displacement * np.float32(pair.spacing)


def _best(cost: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.moveaxis(labels[cost.argmin(axis=0)], -1, 0).astype(np.float32)


def _smooth(field: np.ndarray) -> np.ndarray:
    for _ in range(2):
        field = np.stack([ndimage.uniform_filter(c, SMOOTHED, mode="nearest") for c in field])
    return field


def _mismatch(pair: Pair, f_back: np.ndarray, m_ahead: np.ndarray) -> np.ndarray:
    """Mean squared difference (*shape) of f(x - f_back) and m(x + m_ahead); where one has no voxel, the mean one."""
    f, wf = _rolled(pair.f, -f_back), _rolled(pair.wf, -f_back)
    m, wm = _rolled(pair.m, m_ahead), _rolled(pair.wm, m_ahead)
    difference = f - m
    squared = np.einsum("...c,...c->...", difference, difference) / pair.channels
    weight = wf * wm
    usual = float((weight * squared).sum() / max(float(weight.sum()), 1e-9))
    return weight * squared + (1 - weight) * usual


def _rolled(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """values[x + steps], the border repeated."""
    for axis, step in enumerate(steps):
        if step:
            size = values.shape[axis]
            values = np.take(values, np.clip(np.arange(size) + step, 0, size - 1), axis=axis)
    return values
