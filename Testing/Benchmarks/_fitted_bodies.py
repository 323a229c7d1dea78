"""Families of simulated bodies that the regressions of sizes are fitted to.

Families that `sizes.py` scores are among them, in other places, turns and widths than it draws; its double cones,
elliptic cylinders and spindles are not, though superquadrics come near the first two, and double pyramids near the
first.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from _bodies import Body, ball, box, capsule, cylinder, ellipsoid, half_ball, lens, torus
from _irregular_bodies import bent, lump, outline, union
from _more_bodies import (
    dome,
    double_pyramid,
    heap,
    hollow_ball,
    prism,
    pyramid,
    random_polyhedron,
    rounded_box,
    superellipsoid,
    superquadric,
    upright_dome,
)

# Longest side of a plate in mm.
LARGEST_PLATE = 60.0


class Family(NamedTuple):
    """make: a body by its smallest width (mm); turn: "any", "upright" (about the slices' axis), "none", or "one slice"
    of what is upright; number: of placements of each size and voxel; widest: in mm; fewest: voxels across."""

    make: Callable[[float, np.random.Generator], Body]
    turn: str
    number: int
    widest: float = math.inf
    fewest: float = 0.5


def _sides(width: float, rng: np.random.Generator, *longest: float) -> np.ndarray:
    """The width, and others up to so many times as long, in any order."""
    return rng.permutation(width * np.array([1.0, *(rng.uniform(1, times) for times in longest)]))


def _plate(thickness: float, rng: np.random.Generator) -> Body:
    """2.5 to 20 times as long and as wide as thick."""
    sides = np.minimum(thickness * np.exp(rng.uniform(math.log(2.5), math.log(20), 2)), LARGEST_PLATE)
    return box(*rng.permutation([thickness, *sides]))


def _short_ellipsoid(width: float, rng: np.random.Generator) -> Body:
    return ellipsoid(*rng.permutation([width * rng.uniform(1.2, 2), width * rng.uniform(1, 1.2), width]))


def _superquadric(width: float, rng: np.random.Generator) -> Body:
    return superquadric(*_sides(width, rng, 2, 3), *np.exp(rng.uniform(0, math.log(10), 2)))


FAMILIES = {
    "ball": Family(lambda w, rng: ball(w), "any", 900),
    "ellipsoid": Family(lambda w, rng: ellipsoid(w * rng.uniform(1.2, 2), w * rng.uniform(1, 1.2), w), "any", 900),
    "box": Family(lambda w, rng: box(w, w * rng.uniform(1, 1.3), w * rng.uniform(1, 1.6)), "any", 900),
    "cylinder": Family(lambda w, rng: cylinder(w, w * rng.uniform(1, 2)), "any", 900),
    "capsule": Family(lambda w, rng: capsule(w, w * rng.uniform(0.1, 1.2)), "any", 700),
    "lens": Family(lambda w, rng: lens(w, w * rng.uniform(1.2, 2.2)), "any", 700),
    "long capsule": Family(lambda w, rng: capsule(w, w * rng.uniform(1, 5)), "any", 120),
    "long ellipsoid": Family(lambda w, rng: ellipsoid(w * rng.uniform(2, 5), w * rng.uniform(1, 2), w), "any", 120),
    "rounded box": Family(
        lambda w, rng: rounded_box(*_sides(w, rng, 1.3, 1.6), w * rng.uniform(0.05, 0.4)), "any", 120
    ),
    "long rounded box": Family(
        lambda w, rng: rounded_box(*_sides(w, rng, 2, 4), w * rng.uniform(0.02, 0.49)), "any", 80
    ),
    "superellipsoid": Family(
        lambda w, rng: superellipsoid(*_sides(w, rng, 1.3, 2), rng.choice([1, 1.3, 1.6, 3, 4, 6])), "any", 200
    ),
    "polyhedron": Family(random_polyhedron, "any", 150),
    "dome": Family(dome, "any", 120),
    "plate": Family(_plate, "any", 120, 8.0),
    "plate along the grid": Family(_plate, "none", 400, 8.0),
    "box along the grid": Family(lambda w, rng: box(*_sides(w, rng, 2.5, 2.5)), "none", 240),
    "short box along the grid": Family(lambda w, rng: box(*_sides(w, rng, 1.3, 1.6)), "none", 800),
    "ellipsoid along the grid": Family(lambda w, rng: ellipsoid(*_sides(w, rng, 2, 2)), "none", 240),
    "short ellipsoid along the grid": Family(_short_ellipsoid, "none", 800),
    "upright cylinder": Family(lambda w, rng: cylinder(w, w * rng.uniform(1, 2)), "none", 800),
    "half ball along the grid": Family(lambda w, rng: half_ball(2 * w), "none", 800),
    "upright dome": Family(upright_dome, "upright", 200),
    "upright box": Family(lambda w, rng: box(*_sides(w, rng, 1.5, 2)), "upright", 200),
}
# Those whose in-plane diameters alone are asked for. What is drawn in one slice may be of any height, and is wider than
# what a ball shows in one slice.
OF_DIAMETERS = {
    "disk in one slice": Family(lambda w, rng: cylinder(w, w), "one slice", 300, fewest=3),
    "box in one slice": Family(lambda w, rng: box(w, w * rng.uniform(1, 2.5), w), "one slice", 200, fewest=3),
    "outline in one slice": Family(outline, "one slice", 300, fewest=3),
    "superquadric": Family(_superquadric, "any", 700),
    "upright superquadric": Family(_superquadric, "upright", 200),
    "long box": Family(lambda w, rng: box(*_sides(w, rng, 2, 5)), "any", 400),
    "double pyramid": Family(double_pyramid, "any", 700),
    "upright plate": Family(_plate, "upright", 120, 8.0),
}
# Of these both are known.
MORE = {
    "pyramid": Family(pyramid, "any", 200),
    "prism": Family(prism, "any", 200),
    "long cylinder": Family(lambda w, rng: cylinder(w, w * rng.uniform(2, 5)), "any", 120),
    "flat cylinder": Family(lambda w, rng: cylinder(w * rng.uniform(1, 4), w), "any", 120, 25.0),
}
# Uneven, as organs and lesions are; both are known.
UNEVEN = {
    "lump": Family(lump, "any", 2000, 35.0),
    "union": Family(union, "any", 2000, 35.0),
    "bent": Family(bent, "any", 2000, 20.0),
}
# Those whose volume is asked for; of the others the volume alone is known.
OF_VOLUME = {
    "torus": Family(lambda w, rng: torus(w * rng.uniform(2, 3), w), "any", 500, fewest=1),
    "hollow ball": Family(hollow_ball, "any", 80),
    "heap": Family(heap, "any", 80),
    **MORE,
    **UNEVEN,
}
EVERY = {**FAMILIES, **OF_DIAMETERS, **OF_VOLUME}
