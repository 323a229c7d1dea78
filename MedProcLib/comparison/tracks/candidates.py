"""Which pieces of two time points may be related at all: those near each other, overlapping or one inside the other."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .pieces import Pieces

NEAREST = 8  # partners considered for each piece
SHAPE_SD = 0.1  # how far a center moves with the outline, in radii


@dataclass(frozen=True)
class Shares:
    """Overlap of pieces where it is known voxel by voxel: pair i, j overlaps by a share (0..1) of the smaller piece."""

    before: np.ndarray
    after: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Piece before (i) and after (j) of each pair, and the share of the smaller one that overlaps (0: too little)."""

    i: np.ndarray
    j: np.ndarray
    share: np.ndarray


def candidates(
    first: Pieces, second: Pieces, shares: Shares | None, least_share: float, reach_mm: float, margin_mm: float
) -> Pairs:
    """Pairs that overlap by the least share, have centers within reach, or of which one lies in the other's box.

    reach_mm: besides what centers move because outlines do; margin_mm: by which boxes are widened. shares: None for
    the overlap of balls of the pieces' volumes.
    """
    if len(first) == 0 or len(second) == 0:
        return Pairs(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    within = reach_mm + 2 * max(first.radii.max(), second.radii.max())
    i, j = _nearest(first, second, within)
    n, m = _nearest(second, first, within)
    i, j = np.concatenate([i, m]), np.concatenate([j, n])
    if shares is not None:
        enough = shares.share >= least_share
        i, j = np.concatenate([i, shares.before[enough]]), np.concatenate([j, shares.after[enough]])
    keys = np.unique(i.astype(np.int64) * len(second) + j)
    i, j = keys // len(second), keys % len(second)
    distance = np.linalg.norm(first.centers[i] - second.centers[j], axis=1)
    if shares is None:
        share = ball_overlap(first.radii[i], second.radii[j], distance)
    else:
        share = _looked_up(shares, keys, len(second))
    share = np.where(share >= max(least_share, 1e-12), share, 0)
    near = distance <= reach_mm + np.abs(first.radii[i] - second.radii[j]) + SHAPE_SD * first.radii[i]
    keep = (share > 0) | near | inside(first, i, second, j, margin_mm) | inside(second, j, first, i, margin_mm)
    return Pairs(i[keep], j[keep], share[keep])


def inside(parts: Pieces, i: np.ndarray, wholes: Pieces, j: np.ndarray, margin_mm: float) -> np.ndarray:
    """Whether the centers of parts lie in the widened boxes around wholes."""
    centers = parts.centers[i]
    return np.all((centers >= wholes.low[j] - margin_mm) & (centers <= wholes.high[j] + margin_mm), axis=1)


def ball_overlap(r: np.ndarray, s: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Share (0..1) of the smaller of two balls of these radii that lies in the other one (lens of two spheres)."""
    small, large = np.minimum(r, s), np.maximum(r, s)
    apart = np.clip(distance, large - small + 1e-12, large + small)
    lens = (small + large - apart) ** 2 * (apart**2 + 2 * apart * (small + large) - 3 * (large - small) ** 2)
    return np.clip(lens / (16 * apart * small**3), 0, 1)


def _nearest(first: Pieces, second: Pieces, within_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Each piece of the first with the nearest few of the second, by their centers."""
    count = min(NEAREST, len(second))
    distance, which = cKDTree(second.centers).query(first.centers, count, distance_upper_bound=within_mm)
    found = np.isfinite(distance).ravel()
    return np.repeat(np.arange(len(first)), count)[found], which.ravel()[found]


def _looked_up(shares: Shares, keys: np.ndarray, columns: int) -> np.ndarray:
    """The share of each pair (row times columns plus column, ascending); 0 where it is not known."""
    known = shares.before.astype(np.int64) * columns + shares.after
    place = np.minimum(np.searchsorted(keys, known), len(keys) - 1)
    there = keys[place] == known
    share = np.zeros(len(keys))
    share[place[there]] = shares.share[there]
    return share
