"""What may have become of findings between two time points: hypotheses, and how much each explains."""

import itertools
from dataclasses import dataclass

import numpy as np

from .candidates import SHAPE_SD, Pairs, Shares, candidates, inside
from .pieces import Pieces
from .settings import Follow

# Costs are negative logarithms of likelihood, so that they add up.
UNMATCHED = 5.0  # of a finding that ends or begins: 2 of them equal a distance of 4.5 standard deviations
REAPPEARING = 1.5  # of coming back, for each time point missed
JOINING = 2.5  # of a merge or split, for each piece more than one
LEAST_SD_MM = 0.3
NO_OVERLAP = 6.0  # cost of the place of pieces that overlap is at most this, times the share that does not
BOX_MARGIN = 2.0  # standard deviations by which boxes are widened
GROWN_SIDE = 1.5  # the box around parts may be larger than that of their whole by this factor
MOST_PARTS = 4  # pieces of a merge whose subsets are all tried


@dataclass(frozen=True)
class Before:
    """Pieces of earlier time points that may go on. missed: (n,) time points in between; single: (n,) may not merge."""

    pieces: Pieces
    missed: np.ndarray
    single: np.ndarray


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
    reach = np.sqrt(4 * UNMATCHED) * sd_mm
    pairs = candidates(before.pieces, after, shares, settings.overlap_percent / 100, reach, BOX_MARGIN * sd_mm)
    i, j = pairs.i, pairs.j
    ends, begins = np.where(before.missed > 0, 0.0, UNMATCHED), np.full(len(after), UNMATCHED)
    cost = _place_cost(before.pieces, after, pairs, sd_mm)
    cost += _volume_cost(after.volumes[j] / before.pieces.volumes[i], settings) + REAPPEARING * before.missed[i]
    gains = ends[i] + begins[j] - cost
    good = np.flatnonzero(gains > 0)
    joining = (before.missed == 0) & ~before.single
    usable = Pairs(i[joining[i]], j[joining[i]], pairs.share[joining[i]])
    swapped = Pairs(usable.j, usable.i, usable.share)
    merges = _joins(before.pieces, after, ends, begins, usable, settings, sd_mm)
    splits = _joins(after, before.pieces, begins, ends, swapped, settings, sd_mm)
    return Hypotheses(
        [(int(n),) for n in i[good]] + [parts for parts, _, _ in merges] + [(whole,) for _, whole, _ in splits],
        [(int(n),) for n in j[good]] + [(whole,) for _, whole, _ in merges] + [parts for parts, _, _ in splits],
        np.concatenate([gains[good], [gain for _, _, gain in merges], [gain for _, _, gain in splits]]),
    )


def _place_cost(first: Pieces, second: Pieces, pairs: Pairs, sd_mm: float) -> np.ndarray:
    distance = np.linalg.norm(first.centers[pairs.i] - second.centers[pairs.j], axis=1)
    cost = _normal_cost(distance, first.radii[pairs.i], second.radii[pairs.j], sd_mm)
    return np.where(pairs.share > 0, np.minimum(cost, NO_OVERLAP * (1 - pairs.share)), cost)


def _normal_cost(distance: np.ndarray, r: np.ndarray, s: np.ndarray, sd_mm: float) -> np.ndarray:
    """Of a distance between centers: registration, and a center that moves because the outline does."""
    sd = np.sqrt(sd_mm**2 + (SHAPE_SD * np.minimum(r, s)) ** 2 + ((r - s) / 2) ** 2)
    return distance**2 / (2 * sd**2) + 3 * np.log(sd / sd_mm)


def _volume_cost(ratio: np.ndarray, settings: Follow) -> np.ndarray:
    return np.log1p((np.log(ratio) / np.log(settings.volume_factor)) ** 2)


def _joins(
    parts: Pieces,
    wholes: Pieces,
    unmatched_parts: np.ndarray,
    unmatched_wholes: np.ndarray,
    pairs: Pairs,
    settings: Follow,
    sd_mm: float,
) -> list[tuple[tuple[int, ...], int, float]]:
    """Sets of parts that together are one whole, as (parts, whole, gain); of pairs (part, whole) that may be related.

    A part of it overlaps the whole or has its center in the box around it.
    """
    usable = inside(parts, pairs.i, wholes, pairs.j, BOX_MARGIN * sd_mm) | (pairs.share > 0)
    first, second = pairs.i[usable], pairs.j[usable]
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
    cost += np.add.reduceat(_sticking_out(parts, members, wholes, np.repeat(whole, sizes), sd_mm), begin)
    gains = np.add.reduceat(unmatched_parts[members], begin) + unmatched_wholes[whole] - cost
    return [(tuple(sorted(sets[n])), whole[n], float(gains[n])) for n in np.flatnonzero(fits & (gains > 0))]


def _sticking_out(parts: Pieces, i: np.ndarray, wholes: Pieces, j: np.ndarray, sd_mm: float) -> np.ndarray:
    """Cost of how far the boxes of parts reach out of those of their wholes: what lies beside has merely ended.

    As parts come apart they may move outward, by as much of their radius as GROWN_SIDE allows.
    """
    out = np.maximum(0, np.maximum(wholes.low[j] - parts.low[i], parts.high[i] - wholes.high[j]))
    sd = np.sqrt(sd_mm**2 + ((GROWN_SIDE - 1) * parts.radii[i]) ** 2)
    return (out**2).sum(axis=1) / (2 * sd**2)


def _subsets(parts: Pieces, members: np.ndarray) -> list[tuple[int, ...]]:
    """Sets of two or more: all of the few largest, and those with the smaller ones added one by one."""
    ranked = sorted(members.tolist(), key=lambda n: (-parts.volumes[n], *parts.centers[n]))
    few = ranked[:MOST_PARTS]
    sets = [c for size in range(2, len(few) + 1) for c in itertools.combinations(few, size)]
    return sets + [tuple(ranked[:size]) for size in range(len(few) + 1, len(ranked) + 1)]
