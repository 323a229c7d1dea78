"""Bodies of the families of `_fitted_bodies` in any place, turned or along the grid, the same on every run."""

import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from _bodies import Body
from _fitted_bodies import EVERY
from scipy.spatial.transform import Rotation

# First of the seeds of every piece; `sizes.py` has seeds of four numbers, these of six.
SEED = 2026
SPACINGS = (
    (1.0, 1.0, 1.0),
    (0.7, 0.7, 2.5),
    (1.0, 1.0, 5.0),
    (0.6, 0.9, 1.2),
    (0.8, 0.8, 1.6),
    (1.0, 1.0, 0.6),
    (0.5, 0.5, 4.0),
)
# Width in voxels, the coarsest side, and the largest one in mm, as `sizes.py` has them, and what is thinner than a
# voxel and may not be seen at all.
CLASSES = ((0.5, 1.0), (1, 3), (3, 6), (6, 10), (10, 20), (20, 50))
WIDEST_MM = 50.0
# Of voxels that `sizes.py` does not score, of bodies so wide (mm), which take most of the time, and of those thinner
# than a voxel a share of others.
SCORED, FEWER = 3, 0.2
LARGE_MM, FEWER_LARGE = 20.0, 0.4
FEWER_THIN = 0.5
# So many placements are drawn at a time.
MANY = 50


class Piece(NamedTuple):
    """Some placements of a family, of one spacing and width class (numbers of SPACINGS and CLASSES)."""

    family: str
    voxel: int
    width: int
    number: int
    count: int
    seed: int


class Placement(NamedTuple):
    """A body's mask (z, y, x), cut to its box, and its truth; group: family, its spacing and class."""

    mask: np.ndarray
    spacing: tuple[float, float, float]
    body: Body
    turn: Rotation
    group: tuple[str, int, int]


def pieces_of(share: float, families: Iterable[str], seed: int = 0) -> list[Piece]:
    """A share of every family's number; the widest first, which take longest."""
    found = []
    for name in families:
        for voxel, spacing in enumerate(SPACINGS):
            for width, (low, _) in enumerate(CLASSES):
                least, most = _widths(name, voxel, width)
                if least >= most or low < EVERY[name].fewest:
                    continue
                part = (1 if voxel < SCORED else FEWER) * (1 if low * max(spacing) < LARGE_MM else FEWER_LARGE)
                part *= 1 if low >= 1 else FEWER_THIN
                count = math.ceil(EVERY[name].number * share * part)
                for number, start in enumerate(range(0, count, MANY)):
                    found.append(Piece(name, voxel, width, number, min(MANY, count - start), seed))
    return sorted(found, key=lambda piece: -_widths(*piece[:3])[0])


def placements(piece: Piece) -> Iterator[Placement]:
    """Those that hold a voxel center."""
    family, spacing = EVERY[piece.family], SPACINGS[piece.voxel]
    rng = np.random.default_rng([SEED, piece.seed, zlib.crc32(piece.family.encode()), *piece[1:4]])
    for _ in range(piece.count):
        body = family.make(rng.uniform(*_widths(*piece[:3])), rng)
        turn = _turn(family.turn, rng)
        mask = body.on_grid(turn, rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
        if mask.any():
            mask = _cut(mask)
            if family.turn == "one slice":
                mask = mask[:1]
            yield Placement(mask, spacing, body, turn, piece[:3])


def in_processes(function: Callable, items: Iterable, processes: int) -> Iterator:
    """The function's results, in the items' order."""
    if processes == 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(function, items)


def _widths(family: str, voxel: int, width: int) -> tuple[float, float]:
    """Least and largest, in mm."""
    (low, high), side = CLASSES[width], max(SPACINGS[voxel])
    return low * side, min(high * side, WIDEST_MM, EVERY[family].widest)


def _turn(kind: str, rng: np.random.Generator) -> Rotation:
    if kind == "any":
        return Rotation.random(random_state=rng)
    return Rotation.from_euler("z", 0.0 if kind == "none" else rng.uniform(0, 2 * np.pi))


def _cut(mask: np.ndarray) -> np.ndarray:
    for axis in range(3):
        inside = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        mask = mask[(slice(None),) * axis + (slice(inside[0], inside[-1] + 1),)]
    return mask
