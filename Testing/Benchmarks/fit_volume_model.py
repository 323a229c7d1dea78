"""Fits the regression that 95 % intervals of volumes rest on, to simulated bodies.

    python Testing/Benchmarks/fit_volume_model.py [SHARE] [--write]

SHARE and --write as in `fit_diameter_models.py`, whose bodies these are, with tori, hollow balls and heaps of balls.
The regression tells the quantiles of the error of counting voxels by the standard deviation that it has in the mean
over all places, turns and bodies (`uncertainty.volume`). Printed: the share of intervals that hold the truth, and how
wide they are by that deviation.
"""

import math
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _bodies import Body, torus
from _fitted_bodies import FAMILIES, Family, Placement, placements
from _fitting import fit_quantiles
from fit_diameter_models import USUAL_SHARE, rounded, write

from MedProcLib.quantification.fitted import FILE, MODELS
from MedProcLib.quantification.uncertainty.volume import grid_features, grid_volume_sd, surface_of

HIDDEN, ROUNDS = 16, 1000
# How much the families count; the others 1.
SHARES = {
    "long ellipsoid": 0.3, "rounded box": 0.3, "long rounded box": 0.2, "superellipsoid": 0.3, "polyhedron": 0.3,
    "dome": 0.5, "upright cylinder": 0.7, "upright box": 0.5, "heap": 0.3, "hollow ball": 0.2,
}  # fmt: skip
# Places along each side of a heap's box, among which its volume is counted.
COUNTED = 90


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    share = float(arguments[0]) if arguments else USUAL_SHARE
    features, errors, groups = sample_of(placements(share, families={**FAMILIES, **OTHERS}))
    print(f"{len(errors)} placements", flush=True)
    fit(features, errors, groups)
    _report(features, errors, groups)
    if "--write" in sys.argv:
        write(FILE)


def sample_of(bodies: Iterable[Placement]) -> tuple[np.ndarray, np.ndarray, list[tuple[str, int, int]]]:
    """Features (n, m), errors (n,) and groups; errors of the logarithm, by their standard deviation, drawn together
    (inverse hyperbolic sine): of faces along the grid they are a hundred times as large as of others."""
    features, errors, groups = [], [], []
    for placed in bodies:
        surface = surface_of(placed.mask, placed.spacing)
        volume = np.count_nonzero(placed.mask) * math.prod(placed.spacing)
        features.append(grid_features(placed.mask, placed.spacing, surface))
        sd = grid_volume_sd(surface.area, placed.spacing) / volume
        errors.append(math.asinh(math.log(placed.body.volume / volume) / sd))
        groups.append(placed.group)
    return np.array(features), np.array(errors), groups


def fit(features: np.ndarray, errors: np.ndarray, groups: list[tuple[str, int, int]], rounds: int = ROUNDS) -> None:
    """Put a regression fitted to the sample in the place of the package's."""
    names = sorted(set(groups))
    numbers = np.array([names.index(group) for group in groups])
    shares = np.array([SHARES.get(family, 1.0) for family, _, _ in names])
    MODELS["volume_errors"] = rounded(
        fit_quantiles(features, errors, np.zeros(len(errors)), numbers, shares, HIDDEN, rounds)
    )


def _hollow_ball(width: float, rng: np.random.Generator) -> Body:
    outer, inner = width / 2, width / 2 * rng.uniform(0.3, 0.8)

    def inside(points: np.ndarray) -> np.ndarray:
        squares = (points**2).sum(axis=-1)
        return (squares <= outer**2) & (squares >= inner**2)

    volume, area = 4 / 3 * math.pi * (outer**3 - inner**3), 4 * math.pi * (outer**2 + inner**2)
    return Body("hollow ball", inside, (outer,) * 3, volume, area, None)


def _heap(width: float, rng: np.random.Generator) -> Body:
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


OTHERS = {
    "torus": Family(lambda w, rng: torus(w * rng.uniform(2, 3), w), "any", 240),
    "hollow ball": Family(_hollow_ball, "any", 60),
    "heap": Family(_heap, "any", 60),
}


def _report(features: np.ndarray, errors: np.ndarray, groups: list[tuple[str, int, int]]) -> None:
    low, _, high = MODELS["volume_errors"].quantiles(features).T
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    widths = np.sinh(high) - np.sinh(low)
    held = (low <= errors) & (errors <= high)
    print(f"{'':40}  n  hold, %  SD wide")
    for group in sorted(set(groups)):
        those = np.array([each == group for each in groups])
        print(
            f"{group[0]:26} voxel {group[1]} {group[2]:3}- {those.sum():5}"
            f"  {100 * held[those].mean():6.1f}    {np.median(widths[those]):6.2f}"
        )


if __name__ == "__main__":
    main()
