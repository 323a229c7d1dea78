"""Edges of an image as points with directions, and what centers of circles or spheres they vote for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

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
# Votes of so many points at a time.
CHUNK = 200_000


@dataclass(frozen=True)
class EdgePoints:
    """Points on edges. position: mm from the center of the first voxel along the array's axes (n, dimension);
    direction: unit vectors up the gradient; sd_mm: of the Gaussian; noise: SD of a component of the gradient."""

    position: np.ndarray
    direction: np.ndarray
    strength: np.ndarray
    noise: float


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
    axes = [axis for axis, n in enumerate(values.shape) if n > 1]
    parts = [np.empty_like(values) for _ in range(values.ndim)]

    def fill(part):
        for target, made in zip(parts, gradient(values, sd_mm, spacing, part), strict=True):
            target[part] = made

    in_blocks(fill, tuple(slice(0, n) for n in values.shape), progress)
    steepness = magnitude(parts)
    largest = float(steepness[where].max())
    noise = 0.0
    if largest > 0:
        noise = mode_and_sd(steepness[where & (steepness > 1e-6 * largest)])[0] / max(1.0, (len(axes) - 1) ** 0.5)
    least = max(noise_multiple * noise, 0.02 * largest, float(np.finfo(np.float32).tiny))
    at = np.stack(np.nonzero(where & (steepness >= least)))
    if at.shape[1] == 0:
        return EdgePoints(np.empty((0, values.ndim)), np.empty((0, values.ndim)), np.empty(0), noise)
    here = steepness[tuple(at)]
    direction = np.stack([p[tuple(at)] for p in parts]) / here
    # a step of the coarsest voxel that the direction needs, no more than one voxel along any axis
    step = direction / np.asarray(spacing)[:, None]
    length = 1 / np.abs(step).max(axis=0)
    ahead, behind = (
        ndimage.map_coordinates(steepness, at + sign * length * step, order=1, mode="nearest") for sign in (1, -1)
    )
    crest = (here > ahead) & (here >= behind)
    offset = 0.5 * (ahead - behind) / np.maximum(2 * here - ahead - behind, 1e-6 * here) * length
    offset = np.clip(offset, -length / 2, length / 2)
    position = (at * np.asarray(spacing)[:, None] + offset * direction).T[crest]
    chosen = np.arange(len(position))
    if chosen.size > MOST_POINTS:
        chosen = np.sort(np.argpartition(-here[crest], MOST_POINTS)[:MOST_POINTS])
    return EdgePoints(position[chosen], direction.T[crest][chosen], here[crest][chosen], noise)


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
        for sign in signs:
            for radius in radii:
                index = np.rint((start + sign * radius * toward) / cell).astype(np.int32)
                fits = ((index >= 0) & (index < shape)).all(axis=1)
                flat = np.ravel_multi_index(tuple(index[fits].T), shape)
                total += np.bincount(flat, minlength=total.size).astype(np.float32)
    votes = ndimage.gaussian_filter(total.reshape(shape), 1.0, mode="constant")
    peak = (votes == ndimage.maximum_filter(votes, 3)) & (votes > 0)
    found = np.stack(np.nonzero(peak), axis=1)
    strength = votes[peak]
    order = np.argsort(-strength, kind="stable")[:most]
    centers = np.zeros((len(order), len(extent)))
    centers[:, axes] = found[order] * cell
    return centers, strength[order]
