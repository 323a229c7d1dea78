"""Irregular bodies of known volume, as organs and lesions are: with dents, lobes and waves of several sizes."""

import itertools
import math

import numpy as np
from _bodies import Body
from scipy import ndimage
from scipy.spatial.transform import Rotation

# Nodes of a body's field across its smallest width, at least; of all, at most; and beyond its surface.
ACROSS, MOST_NODES, BEYOND = 16, 20_000, 2
# Each cell of the field that the surface goes through is divided so finely, per axis, where its volume is counted.
PARTS = 6
# Longest tube in mm.
LONGEST = 150.0


def lump(width: float, rng: np.random.Generator) -> Body:
    """An ellipsoid with waves on its surface, half as wide as it is down to an eighth, more or less rough."""
    half = width / 2 * np.array([rng.uniform(1, 3), rng.uniform(1, 2), 1.0])
    places, step = _nodes(1.35 * half, width)
    return _within("lump", _ellipsoid(places, half) + _waves(places.shape[:3], step / width, rng), step)


def union(width: float, rng: np.random.Generator) -> Body:
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


def bent(width: float, rng: np.random.Generator) -> Body:
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


def _within(name: str, field: np.ndarray, step: float) -> Body:
    """The largest piece of where the field, linear between its nodes along each axis, is above 0."""
    field = np.pad(field, BEYOND, mode="constant", constant_values=-0.1)
    pieces, number = ndimage.label(field > 0)
    if number > 1:
        largest = 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
        field = np.where((field > 0) & (pieces != largest), -0.1 * field, field)
    box = ndimage.find_objects((field > 0).astype(np.uint8))[0]
    field = field[tuple(slice(side.start - 1, side.stop + 1) for side in box)]
    middle = (np.array(field.shape) - 1) / 2

    def inside(points: np.ndarray) -> np.ndarray:
        places = np.moveaxis(points / step + middle, -1, 0)
        return ndimage.map_coordinates(field, places, order=1, mode="nearest") > 0

    return Body(name, inside, tuple(middle * step), _volume(field) * step**3, math.nan, None)


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
