"""Irregular bodies of known volume and in-plane diameters, as organs and lesions are: with dents, lobes and waves of
several sizes."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from _bodies import Body
from scipy import ndimage
from scipy.signal import argrelmax
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.chords import Diameter, longest_chords

# Nodes of a body's field across its smallest width, at least; of all, at most; and beyond its surface.
ACROSS, MOST_NODES, BEYOND = 16, 20_000, 2
# Each cell of the field that the surface goes through is divided so finely, per axis, where its volume is counted.
PARTS = 6
# Longest tube in mm.
LONGEST = 150.0
# Sections of a body among which the longest is looked for, and places across each; then so many around those that are
# less than this share shorter, of twice as many places, and again around the longest of these.
SECTIONS, PLACES, FINER, NEARLY = 40, 64, 9, 0.02
EMPTY = Diameter(0.0, 0.0, 0, np.zeros((2, 2)), np.zeros((2, 2)))


@dataclass(frozen=True)
class Irregular(Body):
    """field: of points (..., 3) in mm, in the body's axes; above 0 inside, and continuous."""

    field: Callable[[np.ndarray], np.ndarray]

    def in_plane(self, turn: Rotation) -> tuple[float, float]:
        matrix = turn.as_matrix()
        return longest_in_sections(lambda points: self.field(points @ matrix), np.abs(matrix) @ self.half)


def longest_in_sections(field: Callable[[np.ndarray], np.ndarray], reach: np.ndarray) -> tuple[float, float]:
    """Longest diameter (mm) of what is above 0 in any plane across the third axis, and its longest perpendicular.

    field: of points (..., 3) in mm, on the grid's axes; reach: half of what holds the body, along these axes (3,).
    """
    step = 2 * reach[2] / SECTIONS
    heights = (np.arange(SECTIONS) - (SECTIONS - 1) / 2) * step
    lengths = [each.long_mm for each in _sections(field, reach, heights, PLACES)]
    tops = argrelmax(np.pad(lengths, 1))[0] - 1
    tops = [top for top in tops if lengths[top] > (1 - NEARLY) * max(lengths)] or [int(np.argmax(lengths))]
    for finer in (2, 4):
        heights = np.concatenate([heights[top] + np.linspace(-step, step, FINER) for top in tops])
        found = _sections(field, reach, heights, PLACES * finer)
        step, tops = 2 * step / (FINER - 1), [max(range(len(found)), key=lambda n: found[n].long_mm)]
    best = found[tops[0]]
    return best.long_mm, best.short_mm


def _sections(field: Callable, reach: np.ndarray, heights: np.ndarray, places: int) -> list[Diameter]:
    """Diameters of each, which is 0 where it is empty."""
    x, y = ((np.arange(places + 2) - (places + 1) / 2) * 2 * side / places for side in reach[:2])
    planes = field(np.stack(np.broadcast_arrays(x, y[:, None], heights[:, None, None]), axis=-1))
    outlines = [np.concatenate([_ends(plane), _ends(plane.T)[:, ::-1]]) for plane in planes]
    spacing = (x[1] - x[0], y[1] - y[0])
    return [longest_chords(points, spacing, 0) if len(points) else EMPTY for points in outlines]


def _ends(plane: np.ndarray) -> np.ndarray:
    """Where each line (the second axis) of a plane rises above 0 first, and falls last: (n, 2), place and line."""
    inside = plane > 0
    lines = np.flatnonzero(inside[:, 1:-1].any(axis=1))
    ends = []
    for way in (1, -1):
        values, within = plane[lines, ::way], inside[lines, ::way]
        first = np.maximum(within.argmax(axis=1), 1)
        low, high = np.take_along_axis(values, np.stack([first - 1, first], axis=1), axis=1).T
        place = first - np.clip(high / np.maximum(high - low, 1e-12), 0, 1)
        ends.append(np.column_stack([place if way == 1 else plane.shape[1] - 1 - place, lines]))
    return np.concatenate(ends)


def lump(width: float, rng: np.random.Generator) -> Irregular:
    """An ellipsoid with waves on its surface, half as wide as it is down to an eighth, more or less rough."""
    half = width / 2 * np.array([rng.uniform(1, 3), rng.uniform(1, 2), 1.0])
    places, step = _nodes(1.35 * half, width)
    return _within("lump", _ellipsoid(places, half) + _waves(places.shape[:3], step / width, rng), step)


def union(width: float, rng: np.random.Generator) -> Irregular:
    """2 to 5 ellipsoids that overlap, their seams rounded, with waves on the surface of every other."""
    number = int(rng.integers(2, 6))
    halves = width / 2 * np.exp(rng.uniform(math.log(0.6), math.log(1.8), (number, 3)))
    centers = [np.zeros(3)]
    for near, half in itertools.pairwise(halves):
        way = rng.normal(size=3)
        centers.append(centers[-1] + way / np.linalg.norm(way) * rng.uniform(0.4, 0.9) * (near.min() + half.min()))
    centers = np.array(centers) - np.mean(centers, axis=0)
    places, step = _nodes(np.abs(centers).max(axis=0) + 1.1 * halves.max(), width)
    soft, total = rng.uniform(0.05, 0.3), np.zeros(places.shape[:3])
    for center, half in zip(centers, halves, strict=True):
        turned = Rotation.random(random_state=rng).apply((places - center).reshape(-1, 3)).reshape(places.shape)
        total += np.exp(np.clip(_ellipsoid(turned, half) * half.min() / (width / 2), -8, None) / soft)
    field = soft * np.log(total)
    if rng.random() < 0.5:
        field += _waves(field.shape, step / width, rng)
    return _within("union", field, step)


def bent(width: float, rng: np.random.Generator) -> Irregular:
    """A flattened tube along an arc, 2 to 14 times as long as wide, thinner at one end, with waves on its surface."""
    length = min(width * math.exp(rng.uniform(math.log(2), math.log(14))), LONGEST)
    angle = rng.uniform(0.5, 4)
    at = np.linspace(-0.5, 0.5, 24)
    radius = length / angle
    line = np.stack([radius * np.sin(angle * at), radius * (1 - np.cos(angle * at)), 0 * at], axis=-1)
    line -= (line.min(axis=0) + line.max(axis=0)) / 2
    wide, flat = width / 2 * np.interp(at, [-0.5, 0.5], [rng.uniform(0.6, 1), 1]), rng.uniform(1, 3)
    places, step = _nodes(np.abs(line).max(axis=0) + 0.75 * width * np.array([1, 1, flat]), width)
    field = np.full(places.shape[:3], -np.inf)
    for point, half in zip(line, wide, strict=True):
        field = np.maximum(field, 1 - np.linalg.norm((places - point) / (1, 1, flat), axis=-1) / half)
    return _within("bent", field + _waves(field.shape, step / width, rng), step)


def outline(width: float, rng: np.random.Generator) -> Irregular:
    """An ellipse with waves, the same in all sections across its third axis; as high as wide, its volume not known."""
    half = width / 2 * np.array([rng.uniform(1, 2.5), 1.0])
    places, step = _nodes(np.append(1.35 * half, width / ACROSS / 4), width)
    flat = _ellipsoid(places[:, :, 0, :2], half)
    flat = _largest(flat + _waves(flat.shape, step / width, rng))
    middle = (np.array(flat.shape) - 1) / 2

    def values(points: np.ndarray) -> np.ndarray:
        return _at(flat, points[..., :2] / step + middle)

    def inside(points: np.ndarray) -> np.ndarray:
        return (np.abs(points[..., 2]) <= width / 2) & (values(points) > 0)

    return Irregular("outline", inside, (*(middle * step), width / 2), math.nan, math.nan, None, values)


def _ellipsoid(places: np.ndarray, half: np.ndarray) -> np.ndarray:
    """1 in the middle, 0 on the surface."""
    return 1 - np.linalg.norm(places / half, axis=-1)


def _nodes(reach: np.ndarray, width: float) -> tuple[np.ndarray, float]:
    """Places (a, b, c, 3) of a field's nodes about its middle, and their distance, in mm."""
    step = max(width / ACROSS, (8 * math.prod(reach) / MOST_NODES) ** (1 / 3))
    axes = [(np.arange(n) - (n - 1) / 2) * step for n in np.ceil(2 * reach / step).astype(int)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), step


def _waves(shape: tuple[int, ...], step: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of several sizes, from 0.4 to 0.1; step: from node to node, of the width."""
    height, falls = math.exp(rng.uniform(math.log(0.03), math.log(0.6))), rng.uniform(0.5, 2)
    total = np.zeros(shape)
    for size in (0.4, 0.2, 0.1):
        noise = ndimage.gaussian_filter(rng.normal(size=shape), size / 2 / step)
        total += noise / noise.std() * (size / 0.4) ** falls
    return height * total


def _within(name: str, field: np.ndarray, step: float) -> Irregular:
    """The largest piece of where the field, linear between its nodes along each axis, is above 0."""
    field = _largest(field)
    middle = (np.array(field.shape) - 1) / 2

    def values(points: np.ndarray) -> np.ndarray:
        return _at(field, points / step + middle)

    volume = _volume(field) * step**3
    return Irregular(name, lambda points: values(points) > 0, tuple(middle * step), volume, math.nan, None, values)


def _largest(field: np.ndarray) -> np.ndarray:
    """The box around the largest piece of where a field is above 0, of which no other piece is left."""
    field = np.pad(field, BEYOND, mode="constant", constant_values=-0.1)
    pieces, number = ndimage.label(field > 0)
    if number > 1:
        largest = 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
        field = np.where((field > 0) & (pieces != largest), -0.1 * field, field)
    box = ndimage.find_objects((field > 0).astype(np.uint8))[0]
    return field[tuple(slice(side.start - 1, side.stop + 1) for side in box)]


def _at(field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Of a field, linear between its nodes along each axis, at places (..., n) among them."""
    return ndimage.map_coordinates(field, np.moveaxis(places, -1, 0), order=1, mode="nearest")


def _volume(field: np.ndarray) -> float:
    """Of where it is above 0, in cells: of those that the surface goes through, PARTS^3 parts each are counted."""
    ends = (slice(None, -1), slice(1, None))
    corners = np.stack([field[a, b, c].ravel() for a, b, c in itertools.product(ends, repeat=3)], axis=-1)
    within = (corners > 0).sum(axis=-1)
    at = (np.arange(PARTS) + 0.5) / PARTS
    one = np.stack([1 - at, at])
    shares = np.einsum("ai,bj,ck->abcijk", one, one, one).reshape(8, -1)
    cut = corners[(within > 0) & (within < 8)]
    return float(np.count_nonzero(within == 8) + np.count_nonzero(cut @ shares > 0) / PARTS**3)
