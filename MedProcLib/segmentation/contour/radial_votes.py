"""Edges of an image as points with directions, and what centers of circles or spheres they vote for."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.image_filter import Box
from ...core.progress import SILENT, Progress
from ...core.statistics import mode_and_sd
from ...enhancement.structure.derivatives import in_blocks
from ...enhancement.structure.gradient_magnitude import gradient, magnitude

# Radii are looked for in bands of this ratio: what blurs the votes grows with the radius.
BAND_RATIO = 1.35
# Votes of a band fall on cells of this share of its radius: directions are not known any better.
CELL_SHARE = 0.12
# No more cells than this (they are larger then), and of so many edge points the steepest are taken.
MOST_CELLS = 8_000_000
MOST_POINTS = 2_000_000
# A gradient below this share of the steepest one is no edge, however little noise there is.
LEAST_SHARE = 0.02
# More voxels do not make the noise level better.
ENOUGH = 4_000_000
# Votes of so many points at a time.
CHUNK = 500_000


@dataclass(frozen=True)
class EdgePoints:
    """Points on edges. position: mm from the center of the first voxel along the array's axes (n, dimension);
    direction: unit vectors up the gradient."""

    position: np.ndarray
    direction: np.ndarray


def edge_points(
    values: np.ndarray,
    where: np.ndarray,
    spacing: Sequence[float],
    sd_mm: float,
    noise_multiple: float,
    progress: Progress = SILENT,
) -> EdgePoints:
    """Where the gradient is largest along its own direction and exceeds so many times its noise, to a part of a voxel.

    Canny, IEEE PAMI 8(6), 1986; the place between voxels is the vertex of the parabola through the magnitudes there and
    a step ahead and behind (Devernay, INRIA RR-2724, 1995).
    """
    axes = sum(n > 1 for n in values.shape)
    whole = tuple(slice(0, n) for n in values.shape)
    every = max(1, values.size // ENOUGH)
    first, second = progress.parts(1, 2)

    def sample(part: Box) -> np.ndarray:
        return magnitude(gradient(values, sd_mm, spacing, part))[where[part]][::every]

    steepness = np.concatenate(in_blocks(sample, whole, first))
    largest = float(steepness.max())
    noise = mode_and_sd(steepness[steepness > 1e-6 * largest])[0] / max(1.0, (axes - 1) ** 0.5) if largest > 0 else 0.0
    least = max(noise_multiple * noise, LEAST_SHARE * largest, float(np.finfo(np.float32).tiny))

    def find(part: Box) -> np.ndarray:
        return crests(values, where, spacing, sd_mm, least, part)

    found = np.concatenate(in_blocks(find, whole, second))
    if len(found) > MOST_POINTS:
        found = found[np.sort(np.argpartition(-found[:, -1], MOST_POINTS)[:MOST_POINTS])]
    dimension = values.ndim
    return EdgePoints(found[:, :dimension], found[:, dimension : 2 * dimension])


def crests(
    values: np.ndarray, where: np.ndarray, spacing: Sequence[float], sd_mm: float, least: float, part: Box
) -> np.ndarray:
    """Position, direction and steepness (n, 2 * dimension + 1) of the edge points in a box of the array."""
    around = tuple(slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(part, values.shape, strict=True))
    inner = tuple(slice(s.start - a.start, s.stop - a.start) for s, a in zip(part, around, strict=True))
    slopes = gradient(values, sd_mm, spacing, around)
    steepness = magnitude(slopes)
    found = np.nonzero((steepness[inner] >= least) & where[part])
    at = np.stack([f + i.start for f, i in zip(found, inner, strict=True)])
    here = steepness[tuple(at)]
    direction = np.stack([s[tuple(at)] for s in slopes]) / here
    # a step along the gradient to the surface of the box of neighboring voxels
    sides = np.asarray(spacing)[:, None]
    length = 1 / np.abs(direction / sides).max(axis=0, initial=1e-9)
    step = length * direction / sides
    ahead, behind = (ndimage.map_coordinates(steepness, at + sign * step, order=1, mode="nearest") for sign in (1, -1))
    crest = (here > ahead) & (here >= behind)
    offset = 0.5 * (ahead - behind) / np.maximum(2 * here - ahead - behind, 1e-6 * here)
    offset = np.clip(offset, -0.5, 0.5) * length
    first = np.array([a.start for a in around])[:, None]
    position = (at + first) * sides + offset * direction
    return np.concatenate([position, direction, here[np.newaxis]]).T[crest]


def bands(least: float, most: float) -> list[tuple[float, float]]:
    """The range of radii in bands of nearly equal ratio."""
    count = max(1, int(np.ceil(np.log(most / least) / np.log(BAND_RATIO))))
    edges = np.geomspace(least, most, count + 1)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def peaks_of_votes(
    points: EdgePoints,
    extent: np.ndarray,
    axes: list[int],
    band: tuple[float, float],
    signs: tuple[int, ...],
    most: int,
    progress: Progress = SILENT,
) -> tuple[np.ndarray, np.ndarray]:
    """Centers (n, dimension; mm along the array's axes) that most edges of the band point to, and their votes.

    extent: of the image in mm along the axes.
    """
    middle = (band[0] + band[1]) / 2
    cell = max(CELL_SHARE * middle, (float(np.prod(extent[axes])) / MOST_CELLS) ** (1 / len(axes)))
    shape = [int(extent[a] / cell) + 2 for a in axes]
    radii = np.arange(band[0], band[1] + 0.5 * cell, cell)
    total = np.zeros(int(np.prod(shape)), np.float32)
    for first in range(0, len(points.position), CHUNK):
        progress(first / len(points.position), "Voting for centers")
        start = points.position[first : first + CHUNK][:, axes]
        toward = points.direction[first : first + CHUNK][:, axes]
        hit = []
        for sign, radius in itertools.product(signs, radii):
            index = np.rint((start + sign * radius * toward) / cell).astype(np.int32)
            fits = ((index >= 0) & (index < shape)).all(axis=1)
            hit.append(np.ravel_multi_index(tuple(index[fits].T), shape))
        total += np.bincount(np.concatenate(hit), minlength=total.size).astype(np.float32)
    votes = ndimage.gaussian_filter(total.reshape(shape), 1.0, mode="constant")
    peak = (votes == ndimage.maximum_filter(votes, 3)) & (votes > 0)
    found = np.stack(np.nonzero(peak), axis=1)
    strength = votes[peak]
    order = np.argsort(-strength, kind="stable")[:most]
    centers = np.zeros((len(order), len(extent)))
    centers[:, axes] = found[order] * cell
    return centers, strength[order]
