"""How far each point of a voxel grid is from the nearest of others.

Segmentations of one thing lie a few voxels apart, so the surroundings of a point are looked up first, nearest first.
What is found nowhere near is asked of a k-d tree. That is slow for points which many others are about as far from (a
ball within a ball): then all pairs are compared, or the nearest points of all voxels of the box are found (Maurer et
al., IEEE TPAMI 25(2), 2003), whichever costs least. Each way gives exact distances.
"""

import functools
import time
from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ...core.progress import SILENT, Progress

REACH = 7  # how far is looked up, in sides of a cube of a voxel's volume
FARTHEST = 10  # voxels along an axis, at most
BLOCK = 64  # so many neighbors are looked up before asking whether it is worth going on:
WORTHWHILE = 0.1  # it is when this share of the points left was found
# Seconds that a voxel of a box takes, and a pair of points compared; what a point takes in the tree is tried on a few.
BOX_COST, PAIR_COST = 1.2e-7, 4e-9
TRIED = 64
PAIRS = 2_000_000  # compared at once
FEW = 50  # points for which building a tree does not pay
CHUNK = 5_000  # points asked of the tree between two looks at the wish to stop


def distances_to(
    points: np.ndarray, others: np.ndarray, spacing: tuple[float, ...], progress: Progress = SILENT
) -> np.ndarray:
    """Distance in mm of each point (dimension, n; voxel indices) to the nearest of the others."""
    progress.check()
    distances = np.empty(points.shape[1])
    left = _look_up(points, others, tuple(float(side) for side in spacing), distances)
    for part, nearest in _nearest(points, others, np.array(spacing), left, progress):
        # from whole voxels, so that equal distances are equal numbers wherever they are
        apart = ((points[:, part] - others[:, nearest]) * np.reshape(spacing, (-1, 1))) ** 2
        distances[part] = np.sqrt(apart.sum(axis=0))
    return distances


def flat_places(points: np.ndarray, low: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Places (n) in a flat array, whose first element is at `low`, of points (dimension, n)."""
    return sum((axis - first) * step for axis, first, step in zip(points, low.tolist(), steps.tolist(), strict=True))


def _look_up(points: np.ndarray, others: np.ndarray, spacing: tuple[float, ...], distances: np.ndarray) -> np.ndarray:
    """Fill in the distances of the points that have another nearby; returns the indices of the points left."""
    offsets, lengths = _surroundings(spacing)
    reach = np.abs(offsets).max(axis=0)
    low, high = others.min(axis=1) - 2 * reach, others.max(axis=1) + 2 * reach
    shape = (high - low + 1).tolist()
    steps = np.cumprod([1, *shape[:0:-1]])[::-1]
    there = np.zeros(shape, bool).reshape(-1)
    there[flat_places(others, low, steps)] = True
    inside = np.ones(points.shape[1], bool)
    for axis, first, last in zip(points, low + reach, high - reach, strict=True):
        inside &= (axis >= first) & (axis <= last)
    left = np.flatnonzero(inside)
    place = flat_places(points[:, left], low, steps)
    waiting = left.size
    for number, (step, length) in enumerate(zip((offsets @ steps).tolist(), lengths.tolist(), strict=True), 1):
        hit = there[place + step]
        distances[left[hit]] = length
        missed = ~hit
        left, place = left[missed], place[missed]
        if number % BLOCK == 0:
            if waiting - left.size <= WORTHWHILE * waiting:
                break
            waiting = left.size
    return np.concatenate([np.flatnonzero(~inside), left])


@functools.lru_cache(maxsize=16)
def _surroundings(spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """All offsets (voxels) up to some length, the shortest first, and their lengths (mm)."""
    sides = np.array(spacing)
    limit = min(REACH * float(sides.prod()) ** (1 / sides.size), (FARTHEST + 0.5) * float(sides.min()))
    reach = (limit / sides).astype(int)
    offsets = np.indices(2 * reach + 1).reshape(sides.size, -1).T - reach
    lengths = np.sqrt(((offsets * sides) ** 2).sum(axis=1))
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] <= limit]
    return offsets[order], lengths[order]


def _nearest(
    points: np.ndarray, others: np.ndarray, spacing: np.ndarray, left: np.ndarray, progress: Progress
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Some of the points left (indices) at a time, and the index of the nearest of the others for each."""
    if not left.size:
        return
    places = others.T * spacing
    if left.size < FEW:
        ask, most = _Pairs(places).query, left.size
    else:
        # a tree is built in a third of the time when it need not be balanced, and asked in half more
        thorough = 4 * left.size > others.shape[1]
        tree = cKDTree(places, leafsize=16, balanced_tree=thorough, compact_nodes=thorough)
        low = np.minimum(points.min(axis=1), others.min(axis=1))
        shape = np.maximum(points.max(axis=1), others.max(axis=1)) - low + 1
        in_box, in_pairs = BOX_COST * shape.prod(dtype=float), PAIR_COST * left.size * others.shape[1]
        in_tree = left.size * _cost_in_tree(tree, points[:, left[:: max(1, left.size // TRIED)]].T * spacing)
        if in_box < min(in_tree, in_pairs):
            yield left, _nearest_in_box(points[:, left], others, spacing, low, shape)
            return
        ask, most = tree.query, CHUNK
        if in_pairs < in_tree:
            ask, most = _Pairs(places).query, PAIRS // others.shape[1] + 1
    for start in range(0, left.size, most):
        progress(start / left.size, "Measuring distances")
        chunk = left[start : start + most]
        yield chunk, ask(points[:, chunk].T * spacing)[1]


def _cost_in_tree(tree: cKDTree, points: np.ndarray) -> float:
    """Seconds a point takes."""
    start = time.thread_time()
    tree.query(points)
    return (time.thread_time() - start) / len(points)


class _Pairs:
    """Compares all pairs; asked as a tree is."""

    def __init__(self, others: np.ndarray) -> None:
        self._others = others
        self._squares = (others**2).sum(axis=1)

    def query(self, points: np.ndarray) -> tuple[None, np.ndarray]:
        # the point's own square is the same for all
        return None, np.argmin(self._squares - 2 * (points @ self._others.T), axis=1)


def _nearest_in_box(
    points: np.ndarray, others: np.ndarray, spacing: np.ndarray, low: np.ndarray, shape: np.ndarray
) -> np.ndarray:
    """Index of the nearest of the others for each point; all lie in the box of this shape from `low` on."""
    empty = np.ones(shape, bool)
    places = tuple(others - low[:, np.newaxis])
    empty[places] = False
    nearest = ndimage.distance_transform_edt(empty, spacing, return_distances=False, return_indices=True)
    found = nearest[(slice(None), *(points - low[:, np.newaxis]))]
    number = np.zeros(shape, np.int32)
    number[places] = np.arange(others.shape[1])
    return number[tuple(found)]
