"""Pairs of key points of two images that look alike."""

from dataclasses import dataclass

import numpy as np

from ...core.progress import SILENT, Progress
from .key_points import KeyPoints

# products of descriptors that are held at a time
BATCH = 1024


@dataclass(frozen=True)
class Matches:
    """first, other: lines of the two KeyPoints (n,); ratios: distance to the best match over that to the next place."""

    first: np.ndarray
    other: np.ndarray
    ratios: np.ndarray


def match(
    first: KeyPoints, other: KeyPoints, largest_ratio: float = 0.8, mutual: bool = True, progress: Progress = SILENT
) -> Matches:
    """Pairs whose descriptors are nearest, clearly nearer than those of any other point, best first.

    largest_ratio: of the distances to the nearest and to the next point at another place (Lowe, IJCV 60(2), 2004,
    section 7.1); mutual: each must be the nearest of the other. Bright points match bright ones only. Each place is
    used once. Empty when either has no points.
    """
    if not first.count or not other.count:
        return Matches(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    there, ratio = _nearest(first, other, progress)
    kept = ratio <= largest_ratio
    if mutual:
        back, _ = _nearest(other, first, progress)
        kept &= first.places[back[there]] == first.places
    lines = np.flatnonzero(kept)
    lines = lines[np.argsort(ratio[lines], kind="stable")]
    used: tuple[set[int], set[int]] = (set(), set())
    chosen = []
    for line in lines.tolist():
        ends = int(first.places[line]), int(other.places[there[line]])
        if ends[0] not in used[0] and ends[1] not in used[1]:
            used[0].add(ends[0])
            used[1].add(ends[1])
            chosen.append(line)
    index = np.array(chosen, int)
    return Matches(index, there[index], ratio[index])


def _nearest(asked: KeyPoints, among: KeyPoints, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """The nearest line of `among` for each line of `asked`, and the ratio of its distance to that of the next place."""
    nearest = np.zeros(len(asked.places), int)
    ratio = np.ones(len(asked.places))
    for start in range(0, len(nearest), BATCH):
        progress.check()
        part = slice(start, start + BATCH)
        # of unit vectors: |a - b|^2 = 2 - 2 ab
        square = 2 - 2 * asked.descriptors[part] @ among.descriptors.T
        square[asked.signs[part][:, np.newaxis] != among.signs] = np.inf
        best = np.argmin(square, axis=1)
        line = np.arange(len(best))
        smallest = square[line, best]
        same = among.places[best][:, np.newaxis] == among.places
        next_one = np.where(same, np.inf, square).min(axis=1)
        nearest[part] = best
        known = np.isfinite(smallest) & (next_one > 0)
        bounded = np.where(np.isfinite(next_one), next_one, 2.0)
        ratio[part] = np.where(known, np.sqrt(np.maximum(smallest, 0) / np.maximum(bounded, 1e-12)), np.inf)
    return nearest, ratio
