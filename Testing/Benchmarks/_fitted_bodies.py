"""Simulated bodies that the regressions of sizes are fitted to, in any place, turned or along the grid.

Families that `sizes.py` scores are among them, in other places and turns than it draws.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from _bodies import Body, ball, box, cylinder, ellipsoid
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.chords import longest_chords

# First of the seeds of every family, size and voxel; `sizes.py` has seeds of three numbers, these of five.
SEED = 2026
SPACINGS = ((1.0, 1.0, 1.0), (0.7, 0.7, 2.5), (1.0, 1.0, 5.0), (0.6, 0.9, 1.2))
# Width in voxels, the coarsest side, and the largest one in mm, as `sizes.py` has them.
CLASSES = ((1, 3), (3, 6), (6, 10), (10, 20), (20, 50))
WIDEST_MM = 50.0
# Of pixels that are not square, and of the largest bodies, a share of the others.
FEWER, MANY = 0.25, 20
BISECTIONS = 36


class Family(NamedTuple):
    """make: a body by its smallest width (mm); turn: "any", "upright" (about the slices' axis) or "none"; number: of
    placements of each size and voxel."""

    make: Callable[[float, np.random.Generator], Body]
    turn: str
    number: int


class Placement(NamedTuple):
    """A body's mask (z, y, x), cut to its box, and its truth; group: family, its spacing and class."""

    mask: np.ndarray
    spacing: tuple[float, float, float]
    body: Body
    turn: Rotation
    group: tuple[str, int, int]


@dataclass(frozen=True)
class Polyhedron(Body):
    """Convex; corners (n, 3) in mm, in the body's axes."""

    corners: np.ndarray
    edges: np.ndarray

    def in_plane(self, turn: Rotation) -> tuple[float, float]:
        """Between two corners' heights those of the section move along lines, and no distance of two is concave: the
        longest diameter lies at the height of a corner."""
        corners = turn.apply(self.corners)
        low, high = np.sort(corners[self.edges], axis=1)[..., 2].T
        longest, best = 0.0, corners[:2, :2]
        for height in np.unique(corners[:, 2]):
            met = self.edges[(low <= height) & (high >= height)]
            start, end = corners[met[:, 0]], corners[met[:, 1]]
            rise = end[:, 2] - start[:, 2]
            share = np.divide(height - start[:, 2], rise, out=np.zeros(len(met)), where=np.abs(rise) > 1e-12)
            points = np.concatenate([(start + share[:, None] * (end - start))[:, :2], end[np.abs(rise) <= 1e-12, :2]])
            if len(points) > 1 and (length := float(pdist(points).max())) > longest:
                longest, best = length, points
        found = longest_chords(best, (1.0, 1.0), 0)
        return found.long_mm, found.short_mm


def placements(share: float, seed: int = 0, families: dict[str, Family] | None = None) -> Iterator[Placement]:
    """A share of every family's number; those that hold no voxel center are left out."""
    for name, family in (families or FAMILIES).items():
        for voxel, spacing in enumerate(SPACINGS):
            for low, high in CLASSES:
                width = low * max(spacing), min(high * max(spacing), WIDEST_MM)
                if width[0] >= width[1]:
                    continue
                usual = spacing[0] == spacing[1] and low < MANY
                count = math.ceil(family.number * share * (1 if usual else FEWER))
                rng = np.random.default_rng([SEED, seed, sum(map(ord, name)), voxel, low])
                for _ in range(count):
                    body = family.make(rng.uniform(*width), rng)
                    turn = _turn(family.turn, rng)
                    mask = body.on_grid(turn, rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
                    if mask.any():
                        yield Placement(_cut(mask), spacing, body, turn, (name, voxel, low))


def _turn(kind: str, rng: np.random.Generator) -> Rotation:
    if kind == "any":
        return Rotation.random(random_state=rng)
    return Rotation.from_euler("z", rng.uniform(0, 2 * np.pi) if kind == "upright" else 0.0)


def _cut(mask: np.ndarray) -> np.ndarray:
    for axis in range(3):
        inside = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        mask = mask[(slice(None),) * axis + (slice(inside[0], inside[-1] + 1),)]
    return mask


def rounded_box(a: float, b: float, c: float, radius: float) -> Body:
    """Edges and corners rounded by a radius of at most half the smallest side (mm)."""
    half = np.array([a, b, c]) / 2
    core = half - radius
    sides = 2 * core

    def inside(points: np.ndarray) -> np.ndarray:
        return (np.maximum(np.abs(points) - core, 0) ** 2).sum(axis=-1) <= radius**2

    def chord(unit: np.ndarray) -> np.ndarray:
        low, high = np.zeros(len(unit)), np.full(len(unit), float(np.linalg.norm(half)))
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            within = inside(unit * middle[:, None])
            low, high = np.where(within, middle, low), np.where(within, high, middle)
        return low + high

    areas = sides[0] * sides[1] + sides[1] * sides[2] + sides[2] * sides[0]
    volume = float(np.prod(sides)) + 2 * radius * areas + math.pi * radius**2 * sides.sum()
    volume += 4 / 3 * math.pi * radius**3
    area = 2 * areas + 2 * math.pi * radius * sides.sum() + 4 * math.pi * radius**2
    return Body("rounded box", inside, tuple(half), float(volume), float(area), chord)


def superellipsoid(a: float, b: float, c: float, power: float) -> Body:
    """|2x/a|^power + ... <= 1: between an octahedron (1), an ellipsoid (2) and a box; its area is not known."""
    half = np.array([a, b, c]) / 2
    return Body(
        "superellipsoid",
        lambda points: (np.abs(points / half) ** power).sum(axis=-1) <= 1,
        tuple(half),
        a * b * c * math.gamma(1 + 1 / power) ** 3 / math.gamma(1 + 3 / power),
        math.nan,
        lambda unit: 2 / (np.abs(unit / half) ** power).sum(axis=-1) ** (1 / power),
    )


def polyhedron(points: np.ndarray, name: str = "polyhedron") -> Polyhedron:
    """Convex hull of points (n, 3) in mm, about the mean of its corners."""
    hull = ConvexHull(points)
    corners = points[hull.vertices] - points[hull.vertices].mean(axis=0)
    hull = ConvexHull(corners)
    planes = np.unique(np.round(hull.equations, 9), axis=0)
    edges = np.unique(np.sort(hull.simplices[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)

    def inside(places: np.ndarray) -> np.ndarray:
        held = np.ones(places.shape[:-1], bool)
        for plane in planes:
            held &= places @ plane[:3] + plane[3] <= 0
        return held

    half = tuple(np.abs(corners).max(axis=0))
    return Polyhedron(name, inside, half, hull.volume, hull.area, None, corners, edges)


def _random_polyhedron(width: float, rng: np.random.Generator) -> Polyhedron:
    return polyhedron(_on_sphere(int(rng.integers(6, 24)), rng) * width * (0.6, 0.6 * rng.uniform(1, 1.3), 0.8))


def _dome(width: float, rng: np.random.Generator) -> Polyhedron:
    """Half an ellipsoid, its flat side across the third axis."""
    points, angles = _on_sphere(90, rng), np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points[:, 2] = np.abs(points[:, 2])
    points = np.concatenate([points, np.column_stack([np.cos(angles), np.sin(angles), np.zeros(40)])])
    return polyhedron(points * width * (0.6, 0.6 * rng.uniform(1, 1.4), rng.uniform(0.9, 1.1)), "dome")


def _upright_dome(height: float, rng: np.random.Generator) -> Body:
    """Half an ellipsoid on its flat side, whose diameters are the body's."""
    radius = height * rng.uniform(0.7, 1.3)
    half = np.array([radius, radius * rng.uniform(1, 1.2), height])
    return Body(
        "upright dome",
        lambda points: (((points / half) ** 2).sum(axis=-1) <= 1) & (points[..., 2] >= 0),
        tuple(half),
        2 / 3 * math.pi * float(np.prod(half)),
        math.nan,
        lambda unit: 2 / np.sqrt(((unit / half) ** 2).sum(axis=-1)),
    )


def _on_sphere(number: int, rng: np.random.Generator) -> np.ndarray:
    points = rng.normal(size=(number, 3))
    return points / np.linalg.norm(points, axis=1)[:, None]


def _sides(width: float, rng: np.random.Generator, *longest: float) -> np.ndarray:
    """The width, and others up to so many times as long, in any order."""
    return rng.permutation(width * np.array([1.0, *(rng.uniform(1, times) for times in longest)]))


FAMILIES = {
    "ball": Family(lambda w, rng: ball(w), "any", 420),
    "ellipsoid": Family(lambda w, rng: ellipsoid(w * rng.uniform(1.2, 2), w * rng.uniform(1, 1.2), w), "any", 420),
    "box": Family(lambda w, rng: box(w, w * rng.uniform(1, 1.3), w * rng.uniform(1, 1.6)), "any", 420),
    "cylinder": Family(lambda w, rng: cylinder(w, w * rng.uniform(1, 2)), "any", 420),
    "long ellipsoid": Family(lambda w, rng: ellipsoid(w * rng.uniform(2, 5), w * rng.uniform(1, 2), w), "any", 60),
    "rounded box": Family(lambda w, rng: rounded_box(*_sides(w, rng, 1.3, 1.6), w * rng.uniform(0.05, 0.4)), "any", 60),
    "long rounded box": Family(
        lambda w, rng: rounded_box(*_sides(w, rng, 2, 4), w * rng.uniform(0.02, 0.49)), "any", 36
    ),
    "superellipsoid": Family(
        lambda w, rng: superellipsoid(*_sides(w, rng, 1.3, 2), rng.choice([1.3, 1.6, 3, 4, 6])), "any", 60
    ),
    "polyhedron": Family(_random_polyhedron, "any", 48),
    "dome": Family(_dome, "any", 36),
    "box along the grid": Family(lambda w, rng: box(*_sides(w, rng, 2.5, 2.5)), "none", 150),
    "short box along the grid": Family(lambda w, rng: box(*_sides(w, rng, 1.3, 1.6)), "none", 240),
    "ellipsoid along the grid": Family(lambda w, rng: ellipsoid(*_sides(w, rng, 2, 2)), "none", 180),
    "upright cylinder": Family(lambda w, rng: cylinder(w, w * rng.uniform(1, 2)), "none", 120),
    "upright dome": Family(_upright_dome, "upright", 150),
    "upright box": Family(lambda w, rng: box(*_sides(w, rng, 1.5, 2)), "upright", 120),
}
