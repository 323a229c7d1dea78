"""Points of the half-way space at which two volumes are compared."""

from dataclasses import dataclass

import numpy as np

from ..halfway import half
from .field import FOREGROUND, INSIDE, NEAR, Field
from .points import moved

LEAST_POINTS, MOST_POINTS, TRIED = 8_000, 40_000, 20_000
FEWEST = 100
MOST_CELLS = 1_000_000  # where bodies fill little of the box, fewer points have to do


@dataclass(frozen=True)
class Samples:
    """x: points (n, 3) of the half-way space in mm, one at random in each cell of a grid; apart: side of a cell in mm.

    overlap: shared part of the two foregrounds, 0..1; agreement: the same where both images are; shared: so much of the
    smaller foreground lies in the other one, 0..1.
    """

    x: np.ndarray
    apart: float
    overlap: float
    agreement: float
    shared: float


def choose(first: Field, other: Field, matrix: np.ndarray, most: int = MOST_POINTS) -> Samples | None:
    """Points spread over the bodies of both volumes, where both images are; None when they hardly meet.

    matrix: 4 x 4, first -> other. One per voxel of the level's spacing, but at least 8000 and at most `most`; fewer
    where the bodies fill little of the box around them.
    """
    root = half(matrix)
    to_first, to_other = np.linalg.inv(root), root
    low, high = _shared_box(first, other, to_first, to_other)
    sides = high - low
    if min(sides) <= 0:
        return None
    volume = float(np.prod(sides))
    _, kept, _ = _cells(first, other, to_first, to_other, low, sides, (volume / TRIED) ** (1 / 3))
    share = kept.mean()
    if not kept.any():
        return None
    spacing = min(first.spacing, other.spacing)
    count = min(max(volume * share / spacing**3, LEAST_POINTS), most, MOST_CELLS * share)
    apart = (volume * share / count) ** (1 / 3)
    x, kept, (common, union, seen) = _cells(first, other, to_first, to_other, low, sides, apart)
    if np.count_nonzero(kept) < FEWEST or common == 0:
        return None
    shared = common * volume / len(x) / min(first.body_mm3, other.body_mm3)
    return Samples(x[kept], apart, common / union, common / seen, min(shared, 1.0))


def _cells(
    first: Field,
    other: Field,
    to_first: np.ndarray,
    to_other: np.ndarray,
    low: np.ndarray,
    sides: np.ndarray,
    apart: float,
) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]]:
    """(points (n, 3), which are near the bodies and inside both images (n,), points in both bodies, in either one, and
    in either one where both images are)."""
    count = np.maximum(np.round(sides / apart).astype(int), 1)
    index = np.indices(count[::-1]).reshape(3, -1)[::-1].T
    # off the grid, or interpolation would favor positions where the voxels of both images fall together
    x = low + (index + np.random.default_rng(0).random(index.shape)) * (sides / count)
    a, b = first.flags(moved(to_first, x)), other.flags(moved(to_other, x))
    both, either = a & b, a | b
    inside, body = (both & INSIDE) > 0, (either & FOREGROUND) > 0
    common = (both & FOREGROUND) > 0
    counts = tuple(int(np.count_nonzero(f)) for f in (common & inside, body, body & inside))
    return x, inside & ((either & NEAR) > 0), (counts[0], counts[1], counts[2])


def _shared_box(
    first: Field, other: Field, to_first: np.ndarray, to_other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """LPS-aligned box of the half-way space that holds all places where both images are."""
    lows, highs = [], []
    for field, matrix in ((first, to_first), (other, to_other)):
        corners = moved(np.linalg.inv(matrix), _corners(field))
        lows.append(corners.min(axis=0))
        highs.append(corners.max(axis=0))
    return np.max(lows, axis=0), np.min(highs, axis=0)


def _corners(field: Field) -> np.ndarray:
    """Corners (8, 3) of where a volume can be read: centers of the corner voxels; of a single slice its faces."""
    grid = field.geometry
    ends = [(0, n - 1) if n > 1 else (-0.5, 0.5) for n in grid.size]
    return grid.points(np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T)
