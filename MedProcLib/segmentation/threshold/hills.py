"""The hills of an image: each voxel belongs to the maximum that the steepest way up from it leads to."""

import itertools

import numpy as np

from ...core.progress import SILENT, Progress

# Voxels that are worked on together.
PART = 2**15


def hills(
    values: np.ndarray, region: np.ndarray, share: float, least_peak: float, progress: Progress = SILENT
) -> np.ndarray:
    """Numbers (z, y, x; 1 has the highest peak, 0 is outside) of the hills in a region (bool).

    Two hills are one where the pass between them is not below this share of the higher one's peak. Hills whose peak
    is below the least one are left out. Voxels are neighbors over corners too.
    """
    padded = np.pad(np.where(region, values, -np.inf), 1, constant_values=-np.inf)
    flat = padded.ravel()
    place = np.flatnonzero(np.isfinite(flat))
    steps = _steps(padded.shape)
    number = np.full(flat.size, -1, np.int32 if place.size < 2**31 else np.int64)
    number[place] = np.arange(place.size)
    peak_of = _tops(flat, place, number, steps, progress)
    is_root = peak_of == np.arange(place.size)
    roots = np.flatnonzero(is_root)
    basin = (np.cumsum(is_root, dtype=number.dtype) - 1)[peak_of]
    number[place] = basin
    peaks = flat[place[roots]]
    first, second, saddles = _passes(flat, place, number, steps, share * least_peak, progress)
    group = _merged(peaks, first, second, saddles, share)
    tops = np.full(roots.size, -np.inf)
    np.maximum.at(tops, group, peaks)
    order = [g for g in np.argsort(-tops, kind="stable") if tops[g] >= least_peak]
    names = np.zeros(roots.size, np.int64)
    names[order] = np.arange(1, len(order) + 1)
    result = np.zeros(flat.size, np.int32)
    result[place] = names[group[basin]]
    inner = (slice(1, -1),) * values.ndim
    return result.reshape(padded.shape)[inner]


def _steps(shape: tuple[int, ...]) -> list[int]:
    """To all neighbors, in positions of the flat array: those after the voxel first, then their opposites."""
    strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    all_steps = [int(np.dot(o, strides)) for o in itertools.product((-1, 0, 1), repeat=len(shape))]
    forward = [step for step in all_steps if step > 0]
    return forward + [-step for step in forward]


def _tops(flat: np.ndarray, place: np.ndarray, number: np.ndarray, steps: list[int], progress: Progress) -> np.ndarray:
    """Of each voxel of the region the one that the steepest way up ends at (equals: the later one counts as higher).

    number: of each place in the flat array the voxel that it is.
    """
    up = np.empty(place.size, number.dtype)
    for part in _parts(place.size):
        progress(0.4 * part.start / place.size, "Finding maxima")
        highest = place[part].copy()
        best = flat[highest]
        for step in steps:
            other = place[part] + step
            beside = flat[other]
            higher = (beside > best) | ((beside == best) & (other > highest))
            np.copyto(best, beside, where=higher)
            np.copyto(highest, other, where=higher)
        up[part] = number[highest]
    while True:
        progress.check()
        further = up[up]
        if np.array_equal(further, up):
            return up
        up = further


def _passes(
    flat: np.ndarray, place: np.ndarray, basins: np.ndarray, steps: list[int], lowest: float, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of neighboring basins and the height of the highest pass between them, highest first.

    basins: of each place in the flat array, -1 outside the region.
    """
    count = int(basins.max()) + 1
    keys, levels = [], []
    for part in _parts(place.size):
        progress(0.4 + 0.5 * part.start / place.size, "Finding passes")
        here = place[part]
        own = basins[here]
        for step in steps[: len(steps) // 2]:
            there = basins[here + step]
            crossing = np.flatnonzero((there >= 0) & (there != own))
            level = np.minimum(flat[here[crossing]], flat[here[crossing] + step])
            high = level >= lowest
            one, two = own[crossing[high]].astype(np.int64), there[crossing[high]].astype(np.int64)
            keys.append(np.minimum(one, two) * count + np.maximum(one, two))
            levels.append(level[high])
    key, level = np.concatenate(keys), np.concatenate(levels)
    order = np.lexsort((-level, key))
    key, start = np.unique(key[order], return_index=True)
    level = level[order][start]
    order = np.argsort(-level, kind="stable")
    return key[order] // count, key[order] % count, level[order]


def _parts(count: int) -> list[slice]:
    """So many voxels in runs that stay in the processor's cache."""
    return [slice(start, min(start + PART, count)) for start in range(0, count, PART)]


def _merged(peaks: np.ndarray, first: np.ndarray, second: np.ndarray, saddles: np.ndarray, share: float) -> np.ndarray:
    """The basin that stands for each basin's group, when basins are joined over passes from the highest down."""
    parent = list(range(peaks.size))
    top = peaks.tolist()

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b, saddle in zip(first.tolist(), second.tolist(), saddles.tolist(), strict=True):
        one, two = find(a), find(b)
        if one != two and saddle >= share * max(top[one], top[two]):
            low, high = (one, two) if top[one] < top[two] else (two, one)
            parent[low] = high
    return np.array([find(item) for item in range(peaks.size)])
