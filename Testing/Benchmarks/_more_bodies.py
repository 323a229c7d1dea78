"""Bodies of known volume and in-plane diameters, of forms that `_bodies` has not."""

import math
from dataclasses import dataclass

import numpy as np
from _bodies import Body
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.chords import longest_chords

BISECTIONS = 36
# Places along each side of a heap's box, among which its volume is counted.
COUNTED = 90


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


def superquadric(a: float, b: float, c: float, around: float, along: float) -> Body:
    """(|2x/a|^around + |2y/b|^around)^(along/around) + |2z/c|^along <= 1 (Barr, IEEE Comput Graph Appl 1, 1981): with
    2 and 1 a double cone, with 2 and much an elliptic cylinder, with much and 1 a double pyramid."""
    half = np.array([a, b, c]) / 2

    def radius(points: np.ndarray) -> np.ndarray:
        """1 on the surface."""
        x, y, z = np.moveaxis(np.abs(points) / half, -1, 0)
        return ((x**around + y**around) ** (along / around) + z**along) ** (1 / along)

    section = math.gamma(1 + 1 / around) ** 2 / math.gamma(1 + 2 / around)
    height = math.gamma(1 + 1 / along) * math.gamma(1 + 2 / along) / math.gamma(1 + 3 / along)
    return Body(
        "superquadric",
        lambda points: radius(points) <= 1,
        tuple(half),
        a * b * c * section * height,
        math.nan,
        lambda unit: 2 / np.maximum(radius(unit), 1e-12),
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


def random_polyhedron(width: float, rng: np.random.Generator) -> Polyhedron:
    return polyhedron(_on_sphere(int(rng.integers(6, 24)), rng) * width * (0.6, 0.6 * rng.uniform(1, 1.3), 0.8))


def dome(width: float, rng: np.random.Generator) -> Polyhedron:
    """Half an ellipsoid, its flat side across the third axis."""
    points, angles = _on_sphere(90, rng), np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points[:, 2] = np.abs(points[:, 2])
    points = np.concatenate([points, np.column_stack([np.cos(angles), np.sin(angles), np.zeros(40)])])
    return polyhedron(points * width * (0.6, 0.6 * rng.uniform(1, 1.4), rng.uniform(0.9, 1.1)), "dome")


def pyramid(width: float, rng: np.random.Generator) -> Polyhedron:
    """On 3, 4 or 6 corners, or nearly a cone; its tip above any place of its base's middle half."""
    corners, radius = int(rng.choice([3, 4, 6, 30])), width / 2 * rng.uniform(1, 1.4)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    base = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(corners)]) * radius
    tip = [*(rng.uniform(-0.35, 0.35, 2) * radius), width * rng.uniform(0.9, 2)]
    return polyhedron(np.concatenate([base, [tip]]), "pyramid")


def double_pyramid(width: float, rng: np.random.Generator) -> Polyhedron:
    """On 3 to 6 corners of an ellipse, from which its tips lie unlike far; neither need be above the middle."""
    corners, radius = int(rng.integers(3, 7)), width / 2
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    base = np.column_stack([np.cos(angles), np.sin(angles) * rng.uniform(1, 1.6), np.zeros(corners)]) * radius
    tips = [[*(rng.uniform(-0.3, 0.3, 2) * radius), side * width * rng.uniform(0.4, 1.2)] for side in (-1, 1)]
    return polyhedron(np.concatenate([base, tips]), "double pyramid")


def prism(width: float, rng: np.random.Generator) -> Polyhedron:
    """On 5, 6 or 8 corners of an ellipse, at right angles to it."""
    corners = int(rng.choice([5, 6, 8]))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 2 * np.pi)
    base = np.column_stack([np.cos(angles), np.sin(angles) * rng.uniform(1, 1.6)]) * width / 2
    half = width * rng.uniform(0.4, 1.25)
    ends = [np.column_stack([base, np.full(corners, height)]) for height in (-half, half)]
    return polyhedron(np.concatenate(ends), "prism")


def upright_dome(height: float, rng: np.random.Generator) -> Body:
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


def spindle(width: float, length: float) -> Body:
    """A circular arc turned about its chord: so wide in the middle, so long from tip to tip (mm), which is more."""
    half, aside = length / 2, width / 2
    radius = (half**2 + aside**2) / (2 * aside)
    center = radius - aside

    def inside(points: np.ndarray) -> np.ndarray:
        return (np.hypot(points[..., 0], points[..., 1]) + center) ** 2 + points[..., 2] ** 2 <= radius**2

    def chord(unit: np.ndarray) -> np.ndarray:
        across = np.hypot(unit[..., 0], unit[..., 1])
        return 2 * (np.sqrt((across * center) ** 2 + half**2) - across * center)

    # area of the lens between arc and chord, turned: 2 pi integral of y^2 / 2
    angle = math.asin(half / radius)
    squares = radius**2 * 2 * half - 2 / 3 * half**3 - 2 * center * (radius**2 * angle + half * center)
    volume = math.pi * (squares + 2 * half * center**2)
    area = 4 * math.pi * radius * (half - center * angle)
    return Body("spindle", inside, (aside, aside, half), volume, area, chord)


def _on_sphere(number: int, rng: np.random.Generator) -> np.ndarray:
    points = rng.normal(size=(number, 3))
    return points / np.linalg.norm(points, axis=1)[:, None]


def hollow_ball(width: float, rng: np.random.Generator) -> Body:
    outer, inner = width / 2, width / 2 * rng.uniform(0.3, 0.8)

    def inside(points: np.ndarray) -> np.ndarray:
        squares = (points**2).sum(axis=-1)
        return (squares <= outer**2) & (squares >= inner**2)

    volume, area = 4 / 3 * math.pi * (outer**3 - inner**3), 4 * math.pi * (outer**2 + inner**2)
    return Body("hollow ball", inside, (outer,) * 3, volume, area, None)


def heap(width: float, rng: np.random.Generator) -> Body:
    """Of 3 to 7 balls that overlap, some 0.8 to 1.4 times the width across."""
    number = int(rng.integers(3, 8))
    centers = rng.normal(size=(number, 3))
    centers *= 0.3 * width * rng.random((number, 1)) / np.linalg.norm(centers, axis=1)[:, None]
    radii = width * rng.uniform(0.2, 0.4, number)
    centers -= centers.mean(axis=0)

    def inside(points: np.ndarray) -> np.ndarray:
        held = np.zeros(points.shape[:-1], bool)
        for center, radius in zip(centers, radii, strict=True):
            held |= ((points - center) ** 2).sum(axis=-1) <= radius**2
        return held

    half = np.abs(centers).max(axis=0) + radii.max()
    axes = [(np.arange(COUNTED) + 0.5) / COUNTED * 2 * side - side for side in half]
    share = float(np.mean(inside(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))))
    return Body("heap", inside, tuple(half), share * 8 * float(np.prod(half)), math.nan, None)
