"""Affine alignment by features: for images whose gray values tell too little of each other for a search."""

import itertools

import numpy as np

from ...core.progress import SILENT, Progress
from ..alignment.volume import Volume, head_points
from ..halfway import half
from .displacement_search import search_displacement
from .matching import Pair
from .shared_grid import SharedGrid
from .velocity import halved

REACHES = (4, 3, 2, 1, 2, 1, 1)
LEVELS_TRIED = (0, 0, 0, 0, 1, 1, 2)
LARGEST_GROWTH = 2.0
FEWEST_VOXELS = 50
AWAY = 3  # voxels of the coarsest level: so far apart, nothing of the match is left


def contrast(pair: Pair) -> float:
    """How much better features agree here than when displaced, 0..1: 1 - mismatch / that of displaced images.

    0 where the images have hardly a voxel in common.
    """
    if (pair.wf * pair.wm).sum() < FEWEST_VOXELS:
        return 0.0
    here, shifts = _mismatch(pair, np.zeros(pair.dimension, int)), []
    for signs in itertools.product((-1, 0, 1), repeat=pair.dimension):
        if any(signs):
            shifts.append(_mismatch(pair, AWAY * np.array(signs)))
    return 1 - here / (float(np.mean(shifts)) + 1e-12)


def plausible_size(matrix: np.ndarray) -> bool:
    """Whether a matrix changes volume by less than what two images of one patient can differ."""
    return 1 / LARGEST_GROWTH < np.linalg.det(matrix[:-1, :-1]) < LARGEST_GROWTH


def simple_starts(first: Volume, other: Volume) -> list[np.ndarray]:
    """Matrices first -> other: positions as the files say, centers of the fields of view and of the bodies together."""
    dimension = first.geometry.dimension
    shifts = [
        np.zeros(dimension),
        other.geometry.center - first.geometry.center,
        head_points(other).mean(axis=0) - head_points(first).mean(axis=0),
    ]
    matrices = []
    for shift in shifts:
        matrix = np.eye(dimension + 1)
        matrix[:-1, -1] = shift
        matrices.append(matrix)
    return matrices


def align_affine(
    first: Volume,
    other: Volume,
    start: np.ndarray,
    masked: tuple[bool, bool] = (False, False),
    progress: Progress = SILENT,
) -> np.ndarray:
    """The matrix improved: the affine part of the best displacement of each place, a few times over."""
    matrix = start
    shares = progress.parts(*[4.0**level for level in LEVELS_TRIED])
    for reach, level, share in zip(REACHES, LEVELS_TRIED, shares, strict=True):
        grid = SharedGrid.between(first, other, matrix, masked)
        if grid is None:
            return start
        pair = grid.pair(level)
        better = _followed(grid, level, pair, search_displacement(pair, reach, share))
        if not plausible_size(better):
            break
        matrix = better
    return matrix


def _followed(grid: SharedGrid, level: int, pair: Pair, displacement: np.ndarray) -> np.ndarray:
    """The grid's matrix after the affine transform nearest to a displacement, where the features have structure."""
    places = grid.geometry(level - 1)
    index = np.indices(displacement.shape[1:])[::-1].reshape(len(displacement), -1).T
    points = places.points(index.astype(float))
    structure = sum((np.gradient(pair.f, axis=a) ** 2).sum(axis=-1) for a in range(pair.dimension))
    weight = np.sqrt(halved(pair.wf * pair.wm * structure, pair.dimension).ravel())
    design = np.column_stack([points, np.ones(len(points))])
    shift = displacement[::-1].reshape(len(displacement), -1).T
    solved = np.linalg.lstsq(design * weight[:, None], shift * weight[:, None], rcond=None)[0].T
    change = np.eye(len(displacement) + 1)
    change[:-1] += solved
    root = half(grid.matrix)
    return root @ change @ root


def _mismatch(pair: Pair, shift: np.ndarray) -> float:
    window = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(shift, pair.shape, strict=True))
    there = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(shift, pair.shape, strict=True))
    weight = pair.wf[window] * pair.wm[there]
    difference = pair.f[window] - pair.m[there]
    return float((weight * (difference**2).sum(axis=-1)).sum() / (weight.sum() + 1e-9))
