"""What may have become of findings between two time points: hypotheses, and how much each explains."""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .pieces import Pieces
from .settings import Follow

# Costs are negative logarithms of likelihood, so that they add up.
UNMATCHED = 5.0  # of a finding that ends or begins: 2 of them equal a distance of 4.5 standard deviations
REAPPEARING = 1.5  # of coming back, for each time point missed
JOINING = 2.5  # of a merge or split, for each piece more than one
LEAST_SD_MM = 0.3
SHAPE_SD = 0.1  # how far a center moves with the outline, in radii
NO_OVERLAP = 6.0  # cost of the place of pieces that overlap is at most this, times the share that does not
NEAREST = 8  # partners considered for each piece
GROWN_SIDE = 1.5  # the box around parts may be larger than that of their whole by this factor
MOST_PARTS = 4  # pieces of a merge whose subsets are all tried


@dataclass(frozen=True)
class Before:
    """Pieces of earlier time points that may go on. missed: (n,) time points in between; single: (n,) may not merge."""

    pieces: Pieces
    missed: np.ndarray
    single: np.ndarray


@dataclass(frozen=True)
class Shares:
    """Overlap of pieces where it is known voxel by voxel: pair i, j overlaps by a share (0..1) of the smaller piece."""

    before: np.ndarray
    after: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class Hypotheses:
    """before, after: pieces that each hypothesis joins (one or more on either side); gains: how much it explains."""

    before: list[tuple[int, ...]]
    after: list[tuple[int, ...]]
    gains: np.ndarray


def hypotheses(before: Before, after: Pieces, shares: Shares | None, settings: Follow, sd_mm: float) -> Hypotheses:
    """Pairs, merges and splits that explain more than the ends and beginnings they replace.

    sd_mm: standard deviation per axis of the distance between two findings of one lesion. The gain is the logarithm of
    the ratio of likelihoods: place (normal), volume (Cauchy in its logarithm), and a prior for ends, beginnings,
    merges and splits, as in multiple hypothesis tracking (Reid, IEEE Trans Automat Contr 24, 1979).
    """
    first, second, share = _candidates(before.pieces, after, shares, settings, sd_mm)
    ending = np.where(before.missed > 0, 0.0, UNMATCHED)
    place = _place_cost(before.pieces, after, first, second, share, sd_mm)
    cost = place + _volume_cost(after.volumes[second] / before.pieces.volumes[first], settings)
    gains = ending[first] + UNMATCHED - REAPPEARING * before.missed[first] - cost
    good = gains > 0
    found = Hypotheses([(int(i),) for i in first[good]], [(int(j),) for j in second[good]], gains[good])  # type: Hypotheses
    may_join = (before.missed == 0) & ~before.single
    one = np.full(len(after), UNMATCHED)
    merges = _joins(before.pieces, after, may_join, ending, one, first, second, share, settings, sd_mm)
    splits = _joins(after, before.pieces, np.ones(len(after), bool), one, ending, second, first, share, settings, sd_mm)
    present = [n for n, (_, whole, _) in enumerate(splits) if may_join[whole]]
    splits = [splits[n] for n in present]
    return Hypotheses(
        found.before + [parts for parts, _, _ in merges] + [(whole,) for _, whole, _ in splits],
        found.after + [(whole,) for _, whole, _ in merges] + [parts for parts, _, _ in splits],
        np.concatenate([found.gains, [g for _, _, g in merges], [g for _, _, g in splits]]),
    )


def _candidates(
    first: Pieces, second: Pieces, shares: Shares | None, settings: Follow, sd_mm: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (i, j) near enough to be thought of, and the share of the smaller piece that overlaps."""
    if len(first) == 0 or len(second) == 0:
        none = np.zeros(0, int)
        return none, none, np.zeros(0)
    reach = np.sqrt(4 * UNMATCHED) * sd_mm
    largest = max(first.radii.max(), second.radii.max())
    count = min(NEAREST, len(second))
    # by surface distance of balls: the pieces nearest by their centers, large ones from further away
    near, which = cKDTree(second.centers).query(first.centers, count, distance_upper_bound=reach + 2 * largest)
    near, which = near.reshape(len(first), count), which.reshape(len(first), count)
    i = np.repeat(np.arange(len(first)), count)[np.isfinite(near).ravel()]
    j = which[np.isfinite(near)]
    back, whose = cKDTree(first.centers).query(
        second.centers, min(NEAREST, len(first)), distance_upper_bound=reach + 2 * largest
    )
    back, whose = back.reshape(len(second), -1), whose.reshape(len(second), -1)
    i = np.concatenate([i, whose[np.isfinite(back)]])
    j = np.concatenate([j, np.repeat(np.arange(len(second)), back.shape[1])[np.isfinite(back).ravel()]])
    if shares is not None:
        enough = shares.share >= settings.overlap_percent / 100
        i, j = np.concatenate([i, shares.before[enough]]), np.concatenate([j, shares.after[enough]])
    pairs = np.unique(i.astype(np.int64) * len(second) + j)
    i, j = pairs // len(second), pairs % len(second)
    distance = np.linalg.norm(first.centers[i] - second.centers[j], axis=1)
    if shares is None:
        share = ball_overlap(first.radii[i], second.radii[j], distance)
    else:
        share = np.zeros(len(pairs))
        known = np.searchsorted(pairs, shares.before.astype(np.int64) * len(second) + shares.after)
        inside = known < len(pairs)
        inside[inside] = pairs[known[inside]] == (shares.before * len(second) + shares.after)[inside]
        share[known[inside]] = shares.share[inside]
    share[share < settings.overlap_percent / 100] = 0
    near = distance <= reach + np.abs(first.radii[i] - second.radii[j]) + SHAPE_SD * first.radii[i]
    keep = (share > 0) | near | _inside(first, i, second, j, sd_mm) | _inside(second, j, first, i, sd_mm)
    return i[keep], j[keep], share[keep]


def _inside(parts: Pieces, i: np.ndarray, wholes: Pieces, j: np.ndarray, sd_mm: float) -> np.ndarray:
    """Whether the centers of parts lie in the boxes around wholes, as registration may have moved them."""
    centers, margin = parts.centers[i], 2 * sd_mm
    return np.all((centers >= wholes.low[j] - margin) & (centers <= wholes.high[j] + margin), axis=1)


def ball_overlap(r: np.ndarray, s: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Share (0..1) of the smaller of two balls of these radii that lies in the other one (lens of two spheres)."""
    small, large = np.minimum(r, s), np.maximum(r, s)
    apart = np.clip(distance, large - small + 1e-12, large + small)
    lens = (small + large - apart) ** 2 * (apart**2 + 2 * apart * (small + large) - 3 * (large - small) ** 2)
    return np.clip(lens / (16 * apart * small**3), 0, 1)


def _place_cost(
    first: Pieces, second: Pieces, i: np.ndarray, j: np.ndarray, share: np.ndarray, sd_mm: float
) -> np.ndarray:
    distance = np.linalg.norm(first.centers[i] - second.centers[j], axis=1)
    cost = _normal_cost(distance, first.radii[i], second.radii[j], sd_mm)
    return np.where(share > 0, np.minimum(cost, NO_OVERLAP * (1 - share)), cost)


def _normal_cost(distance: np.ndarray, r: np.ndarray, s: np.ndarray, sd_mm: float) -> np.ndarray:
    """Of a distance between centers: registration, and a center that moves because the outline does."""
    sd = np.sqrt(sd_mm**2 + (SHAPE_SD * np.minimum(r, s)) ** 2 + ((r - s) / 2) ** 2)
    return distance**2 / (2 * sd**2) + 3 * np.log(sd / sd_mm)


def _volume_cost(ratio: np.ndarray, settings: Follow) -> np.ndarray:
    return np.log1p((np.log(ratio) / np.log(settings.volume_factor)) ** 2)


def _joins(
    parts: Pieces,
    wholes: Pieces,
    may_join: np.ndarray,
    unmatched_parts: np.ndarray,
    unmatched_wholes: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    share: np.ndarray,
    settings: Follow,
    sd_mm: float,
) -> list[tuple[tuple[int, ...], int, float]]:
    """Sets of parts that together are one whole, as (parts, whole, gain); of pairs part, whole that may be related.

    A part of it overlaps the whole or has its center in the box around it.
    """
    usable = (_inside(parts, first, wholes, second, sd_mm) | (share > 0)) & may_join[first]
    first, second = first[usable], second[usable]
    order = np.argsort(second, kind="stable")
    first, second = first[order], second[order]
    starts = np.flatnonzero(np.diff(second, prepend=-1) > 0)
    sets: list[tuple[int, ...]] = []
    whole: list[int] = []
    for start, stop in zip(starts, np.r_[starts[1:], len(second)], strict=False):
        if stop - start > 1:
            chosen = _subsets(parts, first[start:stop])
            sets += chosen
            whole += [int(second[start])] * len(chosen)
    if not sets:
        return []
    sizes = np.array([len(chosen) for chosen in sets])
    members, begin = np.concatenate([np.array(chosen) for chosen in sets]), np.r_[0, np.cumsum(sizes)[:-1]]
    volume = np.add.reduceat(parts.volumes[members], begin)
    weighted = parts.volumes[members, None] * parts.centers[members]
    center = np.add.reduceat(weighted, begin) / volume[:, None]
    # sides do not depend on where registration puts the whole
    sides = np.maximum.reduceat(parts.high[members], begin) - np.minimum.reduceat(parts.low[members], begin)
    fits = np.all(sides <= GROWN_SIDE * (wholes.high[whole] - wholes.low[whole]) + 2 * sd_mm, axis=1)
    distance = np.linalg.norm(center - wholes.centers[whole], axis=1)
    cost = _normal_cost(distance, np.cbrt(volume * 0.75 / np.pi), wholes.radii[whole], sd_mm)
    cost += _volume_cost(wholes.volumes[whole] / volume, settings) + JOINING * (sizes - 1)
    gains = np.add.reduceat(unmatched_parts[members], begin) + unmatched_wholes[whole] - cost
    return [(tuple(sorted(sets[n])), whole[n], float(gains[n])) for n in np.flatnonzero(fits & (gains > 0))]


def _subsets(parts: Pieces, members: np.ndarray) -> list[tuple[int, ...]]:
    """Sets of two or more: all of the few largest, and those with the smaller ones added one by one."""
    ranked = sorted(members.tolist(), key=lambda n: (-parts.volumes[n], *parts.centers[n]))
    few = ranked[:MOST_PARTS]
    sets = [c for size in range(2, len(few) + 1) for c in itertools.combinations(few, size)]
    return sets + [tuple(ranked[:size]) for size in range(len(few) + 1, len(ranked) + 1)]
