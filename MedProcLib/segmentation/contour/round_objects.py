"""Circles and spheres in an image, from the edges that point to their centers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import largest_value
from ..detection.candidate import Candidate
from .radial_votes import EdgePoints, bands, edge_points, peaks_of_votes

SIGNS = {"bright": (1,), "dark": (-1,), "any": (1, -1)}
# Centers of each band of radii whose outlines are looked at.
MOST_CENTERS = 300
# A peak of fewer votes than this share of those that the wanted share of an outline casts is none.
LEAST_VOTES = 0.2
# An edge belongs to an outline when it points to the center within the angle of this cosine,
ALIGNED = 0.85
# and lies within this share of the radius, or of the coarsest voxel, of it.
TOLERANCE, TOLERANCE_VOXELS = 0.06, 0.6
REFINEMENTS = 8
# Of a center that is only nearly right, this share of the wanted score must be seen.
PROMISING = 0.8
# Two outlines are one when their centers are closer than this share of the larger radius, and the radii differ less.
SAME_PLACE, SAME_RADIUS = 0.7, 0.5
# So many times as large as what is looked for it is seen that there are larger ones.
LARGER = 2.0
# Pieces that an outline is cut into, to see how much of it is there: how wide (voxels), how many.
PIECE_VOXELS, FEWEST_PIECES, MOST_PIECES = 2.5, 12, 300


@dataclass(frozen=True)
class Search:
    """What is looked for. signs: 1 for bright objects, -1 for dark ones; sd_mm: of the Gaussian; noise_multiple: of the
    least gradient; least_score: share of the outline that must be seen; most: number, 0 for all."""

    least_mm: float
    largest_mm: float
    signs: tuple[int, ...]
    sd_mm: float
    noise_multiple: float
    least_score: float
    most: int

    @classmethod
    def of(cls, settings: Any) -> "Search":
        """What an operation with these parameters looks for. Raises InputError when the radii are no range."""
        if not settings.largest_radius_mm > settings.least_radius_mm:
            raise InputError("The largest radius must exceed the smallest one.")
        return cls(
            settings.least_radius_mm,
            settings.largest_radius_mm,
            SIGNS[settings.object_is],
            settings.sd_mm,
            settings.noise_multiple,
            settings.least_score,
            settings.most,
        )


@dataclass(frozen=True)
class Round:
    """A circle or sphere. center: mm along the array's axes from the center of the first voxel; score: share of its
    outline that lies on edges, 0 to 1."""

    center: np.ndarray
    radius: float
    score: float


def round_objects(
    values: np.ndarray, where: np.ndarray, spacing: Sequence[float], search: Search, progress: Progress = SILENT
) -> tuple[list[Round], bool]:
    """Circles (in 2D, or in a volume of one slice) or spheres with radii in the range, best first; and whether larger
    ones are there.

    Every edge votes for the centers that it points to, radius by radius (Kimme, Ballard & Sklansky, CACM 18(2), 1975);
    each place with many votes is then fitted to the edges around it by least squares. spacing: mm along the array's
    axes.
    """
    axes = [axis for axis, n in enumerate(values.shape) if n > 1]
    first, second, third = progress.parts(2, 12, 3)
    sd_mm = max(search.sd_mm, 0.5 * min(np.asarray(spacing)[axes]))
    largest = largest_value(values)
    scaled = (values / largest if largest else values).astype(np.float32)
    points = edge_points(scaled, where, spacing, sd_mm, search.noise_multiple, first)
    if len(points.position) == 0:
        return [], False
    extent = np.array(values.shape) * spacing
    found = _distinct(_in_range(points, extent, axes, np.asarray(spacing), sd_mm, search, second), search.most)
    beyond = replace(search, least_mm=(1 + TOLERANCE) * search.largest_mm, largest_mm=LARGER * search.largest_mm)
    return found, bool(_in_range(points, extent, axes, np.asarray(spacing), sd_mm, beyond, third))


def require_found(
    found: Sequence[Any], larger: bool, search: Search, what: str, outline: str, progress: Progress
) -> None:
    """Say that there are larger ones than were looked for. what, outline: 'circle' and 'outline'.

    Raises InputError when nothing was found.
    """
    raise_it = f"There are larger ones than the radius of {search.largest_mm:g} mm that was looked for: raise it."
    if found:
        if larger:
            progress.note(raise_it)
        return
    advice = raise_it if larger else "Lower the score or the gradient, or look for other radii."
    raise InputError(
        f"No {what} of {search.least_mm:g} to {search.largest_mm:g} mm radius shows {search.least_score:.0%} of its "
        f"{outline}. {advice}"
    )


def _in_range(
    points: EdgePoints,
    extent: np.ndarray,
    axes: list[int],
    spacing: np.ndarray,
    sd_mm: float,
    search: Search,
    progress: Progress,
) -> list[Round]:
    """Round objects with radii in the range, an object once or several times."""
    tree = cKDTree(points.position[:, axes])
    found: list[Round] = []
    every = bands(search.least_mm, search.largest_mm)
    for band, share in zip(every, progress.parts(*[1.0] * len(every)), strict=True):
        centers, votes = peaks_of_votes(points, extent, axes, band, search.signs, MOST_CENTERS, share.part(0, 0.5))
        enough = LEAST_VOTES * search.least_score * _votes_of_outline(band, spacing[axes])
        for number, center in enumerate(centers[votes >= enough]):
            share(0.5 + 0.5 * number / len(centers), "Fitting outlines")
            fitted = _fitted(center, band, points, tree, axes, spacing, sd_mm, search)
            if fitted is not None and _inside(fitted.center, extent, spacing):
                found.append(fitted)
    return found


def candidates_of(found: Sequence[tuple[Round, tuple[int, ...]]], grid: Geometry, outline: str) -> list[Candidate]:
    """Candidates of round objects, numbered from 1. Each comes with the array axes that it extends along."""
    result = []
    for number, (one, axes) in enumerate(found, 1):
        size = np.pi * one.radius**2 if len(axes) == 2 else 4 / 3 * np.pi * one.radius**3
        if len(axes) < grid.dimension:
            size *= float(np.prod([s for a, s in enumerate(reversed(grid.spacing)) if a not in axes]))
        index = one.center / np.array(grid.spacing[::-1])
        position = grid.points(index[::-1][np.newaxis])[0]
        reason = f"{one.score:.0%} of the outline of a {outline} of radius {one.radius:.1f} mm lies on edges"
        place = tuple(float(x) for x in position)
        result.append(Candidate(number, place, 2 * one.radius, float(size), one.score, reason))
    return result


def painted(found: Sequence[tuple[Round, tuple[int, ...]]], grid: Geometry) -> np.ndarray:
    """Label map (z, y, x) of round objects, numbered from 1; where they overlap, the smaller one is seen."""
    spacing = np.array(grid.spacing[::-1])
    shape = tuple(reversed(grid.size))
    labels = np.zeros(shape, np.uint8 if len(found) < 256 else np.uint16)
    for number in sorted(range(len(found)), key=lambda n: -found[n][0].radius):
        one, axes = found[number]
        middle = one.center / spacing
        reach = np.array([one.radius / s if a in axes else 0 for a, s in enumerate(spacing)])
        low = np.clip(np.floor(middle - reach), 0, np.array(shape) - 1).astype(int)
        high = np.clip(np.ceil(middle + reach), 0, np.array(shape) - 1).astype(int)
        box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
        offsets = [(np.arange(a, b + 1) - m) * s for a, b, m, s in zip(low, high, middle, spacing, strict=True)]
        squared = np.zeros([len(o) for o in offsets])
        for axis in axes:
            squared += (offsets[axis] ** 2).reshape([-1 if a == axis else 1 for a in range(len(shape))])
        labels[box][squared <= one.radius**2] = number + 1
        labels[tuple(np.clip(np.rint(middle), 0, np.array(shape) - 1).astype(int))] = number + 1
    return labels


def _votes_of_outline(band: tuple[float, float], spacing: np.ndarray) -> float:
    """The height of the peak of a whole outline, if it casts a vote for every voxel: 1 vote is blurred by 1 cell."""
    side = float(np.prod(spacing) ** (1 / len(spacing)))
    radius = (band[0] + band[1]) / 2 / side
    count = 2 * np.pi * radius if len(spacing) == 2 else 4 * np.pi * radius**2
    return float(count / (2 * np.pi) ** (len(spacing) / 2))


def _fitted(
    center: np.ndarray,
    band: tuple[float, float],
    points: EdgePoints,
    tree: cKDTree,
    axes: list[int],
    spacing: np.ndarray,
    sd_mm: float,
    search: Search,
) -> Round | None:
    """The circle or sphere near this center that fits the edges best; None when too little of its outline is there."""
    middle = center[axes].copy()
    reach = 1.3 * band[1] + TOLERANCE_VOXELS * float(spacing[axes].max())
    near = np.array(tree.query_ball_point(middle, reach), int)
    if near.size < len(axes) + 1:
        return None
    position, direction = points.position[near][:, axes], points.direction[near][:, axes]
    coarsest = float(spacing[axes].max())
    radius = 0.0
    chosen = np.zeros(near.size, bool)
    for step in range(REFINEMENTS):
        away = position - middle
        distance = np.maximum(np.sqrt((away**2).sum(axis=1)), 1e-6)
        toward = -(away * direction).sum(axis=1) / distance
        aligned = np.zeros(near.size, bool)
        for sign in search.signs:
            aligned |= sign * toward > ALIGNED
        if step == 0:
            radius = _likeliest(distance[aligned], band, coarsest, len(axes))
        tolerance = max(TOLERANCE * radius, TOLERANCE_VOXELS * coarsest) * (2.0 if step < 3 else 1.0)
        before, chosen = chosen, aligned & (np.abs(distance - radius) < tolerance)
        if step == 0 and _coverage(away[chosen], radius, spacing[axes]) < PROMISING * search.least_score:
            return None
        if chosen.sum() < len(axes) + 1 or (step > 3 and np.array_equal(before, chosen)):
            break
        # a step of Gauss and Newton on the distances to the outline
        slopes = np.column_stack([away[chosen] / distance[chosen, None], np.ones(chosen.sum())])
        square = slopes.T @ slopes
        square[np.diag_indices_from(square)] += 1e-9 * np.trace(square)
        change = np.linalg.solve(square, slopes.T @ (distance[chosen] - radius))
        middle, radius = middle + change[:-1], radius + float(change[-1])
        if not 0.5 * band[0] < radius < 2 * band[1]:
            return None
    score = _coverage((position - middle)[chosen], radius, spacing[axes])
    # the Gaussian draws a bent edge inward, as curvature moves a front
    radius += (len(axes) - 1) * sd_mm**2 / (2 * radius)
    if score < search.least_score or not search.least_mm <= radius <= search.largest_mm:
        return None
    whole = center.copy()
    whole[axes] = middle
    return Round(whole, radius, score)


def _likeliest(distance: np.ndarray, band: tuple[float, float], coarsest: float, dimension: int) -> float:
    """The radius in the band (a little wider) with the most edges for its outline."""
    width = max(0.05 * band[0], 0.25 * coarsest)
    edges = np.arange(0.8 * band[0], 1.25 * band[1] + width, width)
    middle = (edges[:-1] + edges[1:]) / 2
    count = np.histogram(distance, edges)[0] / middle ** (dimension - 1)
    near = np.convolve(count, [0.5, 1, 0.5], mode="same")
    return float(middle[np.argmax(near)])


def _coverage(away: np.ndarray, radius: float, spacing: np.ndarray) -> float:
    """Share of the outline, cut into pieces of equal size, that has an edge on it."""
    side = float(np.prod(spacing) ** (1 / len(spacing)))
    if len(spacing) == 2:
        count = int(np.clip(2 * np.pi * radius / (PIECE_VOXELS * side), FEWEST_PIECES, MOST_PIECES))
        angle = np.arctan2(away[:, 1], away[:, 0])
        return np.unique(((angle + np.pi) / (2 * np.pi) * count).astype(int) % count).size / count
    count = int(np.clip(4 * np.pi * radius**2 / (PIECE_VOXELS * side) ** 2, FEWEST_PIECES, MOST_PIECES))
    # points spread evenly over the sphere along a spiral by the golden angle
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.arange(count) * np.pi * (3 - 5**0.5)
    wide = np.sqrt(1 - height**2)
    pieces = np.column_stack([height, wide * np.cos(turn), wide * np.sin(turn)])
    nearest = cKDTree(pieces).query(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9))[1]
    return np.unique(nearest).size / count


def _inside(center: np.ndarray, extent: np.ndarray, spacing: np.ndarray) -> bool:
    half = np.asarray(spacing) / 2
    return bool(((center >= -half) & (center <= extent - half)).all())


def _distinct(found: list[Round], most: int) -> list[Round]:
    """The best first, without those that are the same as a better one."""
    kept: list[Round] = []
    for one in sorted(found, key=lambda r: (-r.score, -r.radius, tuple(r.center))):
        same = False
        for other in kept:
            larger = max(one.radius, other.radius)
            apart = float(np.linalg.norm(one.center - other.center))
            same |= apart < SAME_PLACE * larger and abs(one.radius - other.radius) < SAME_RADIUS * larger
        if not same:
            kept.append(one)
        if most and len(kept) == most:
            break
    return kept
