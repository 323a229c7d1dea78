"""Blobs of all sizes: maxima of the scale-normalized Laplacian of Gaussian over place and scale."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress, execute
from ...core.statistics import median_and_sd
from .roundness import curvatures, roundness
from .suppression import suppressed

# From one diameter to the next.
STEP = 1.26
# Voxels need not be finer than this share of the Gaussian's standard deviation.
FINE_ENOUGH = 0.6
# A maximum below so many SD of the response's noise is none.
LOWEST_SD = 2.0
# More maxima than this of a scale would only take time: the best ones are kept.
MOST_MAXIMA = 20_000
# Second derivative of a polynomial of fourth order through five voxels.
SECOND = np.array([-1, 16, -30, 16, -1]) / 12
# An axis of fewer voxels cannot be filtered, and no curvature is told along it.
FEWEST = 4


@dataclass(frozen=True)
class Blobs:
    """points: (n, dimension) LPS mm; diameters: mm; strengths: response in intensities; scores: in SD; all (n,)."""

    points: np.ndarray
    diameters: np.ndarray
    strengths: np.ndarray
    scores: np.ndarray

    def only(self, chosen: np.ndarray) -> "Blobs":
        return Blobs(self.points[chosen], self.diameters[chosen], self.strengths[chosen], self.scores[chosen])


def blob_sd(diameter_mm: float, dimension: int) -> float:
    """SD of the Gaussian whose Laplacian answers most to a ball or disk (Lindeberg, IJCV 30(2), 1998)."""
    return diameter_mm / 2 / dimension**0.5


def blobs_of(
    image: sitk.Image,
    region: np.ndarray,
    smallest_mm: float,
    largest_mm: float,
    progress: Progress = SILENT,
    round_only: bool = False,
) -> tuple[Blobs, Blobs]:
    """Bright blobs and dark blobs of an image (float32, no NaN) inside a region (z, y, x), best first, each once.

    The score is the response in robust SD of the responses of its scale in the region where that is not flat, so sizes
    compare. Diameters lie
    between the scales: at the top of a parabola through the responses of three of them. round_only: the response is
    that to balls alone, three times the smallest curvature times the share that it is of the largest one (Li, Sone &
    Doi, Med. Phys. 30(8), 2003): all of the Laplacian for a ball, nothing for a tube.
    """
    dimension = max(sum(n > 1 for n in image.GetSize()), 1)
    diameters = [smallest_mm]
    while diameters[-1] * STEP <= largest_mm * 1.001:
        diameters.append(diameters[-1] * STEP)
    found: dict[int, list[_Maxima]] = {1: [], -1: []}
    noise, before = [], None
    levels = _levels(image, region, [blob_sd(d, dimension) for d in diameters], progress)
    for number, level in enumerate(levels):
        response = level.laplacian()
        middle, sd = median_and_sd(response[level.varied]) if level.varied.any() else (0.0, 0.0)
        noise.append((middle, sd))
        for sign, parts in found.items():
            if parts and parts[-1].number == number - 1:
                parts[-1].above = level.strengths(parts[-1].points, sign, round_only)
            if not sd > 0:
                continue
            places = _maxima(sign * response, level.inside, sign * middle + LOWEST_SD * sd)
            points = level.grid.points(places[:, ::-1])
            here = level.strengths(points, sign, round_only)
            below = np.full(len(here), np.nan) if before is None else before.strengths(points, sign, round_only)
            parts.append(_Maxima(number, points, below, here, np.full(len(here), np.nan)))
        before = level
    bright, dark = (_once(found[sign], diameters, noise, sign, round_only) for sign in (1, -1))
    none = Blobs(np.zeros((0, image.GetDimension())), *[np.zeros(0)] * 3)
    return (none if bright is None else bright), (none if dark is None else dark)


@dataclass
class _Maxima:
    """Those of a scale: its number, LPS points (n, dimension), and the strengths there at the scale below, here, above.

    NaN where there is no such scale.
    """

    number: int
    points: np.ndarray
    below: np.ndarray
    here: np.ndarray
    above: np.ndarray


@dataclass(frozen=True)
class _Level:
    """The image (z, y, x) blurred by a Gaussian of this SD (mm), which of its voxels lie in the region, and which of
    these where the image is not flat, as an empty background is: of noise nothing is learned there."""

    values: np.ndarray
    inside: np.ndarray
    varied: np.ndarray
    grid: Geometry
    sd_mm: float

    def laplacian(self) -> np.ndarray:
        """Minus the normalized Laplacian."""
        total = np.zeros(self.values.shape, np.float32)
        for axis in _axes(self.grid):
            weights = -SECOND * (self.sd_mm / self.grid.spacing[axis]) ** 2
            total += ndimage.correlate1d(self.values, weights, self.values.ndim - 1 - axis, mode="nearest")
        return total

    def strengths(self, points: np.ndarray, sign: int, round_only: bool) -> np.ndarray:
        """How much points (n, dimension; LPS mm) answer, bright (1) or dark (-1)."""
        places = self.grid.indices(points)[:, ::-1]
        found = sign * curvatures(self.values, places, self.grid, self.sd_mm, _axes(self.grid))
        return found.shape[1] * roundness(found) * found.min(axis=1).clip(0) if round_only else found.sum(axis=1)


def _axes(grid: Geometry) -> list[int]:
    return [axis for axis, n in enumerate(grid.size) if n >= FEWEST]


def _levels(image: sitk.Image, region: np.ndarray, widths: Sequence[float], progress: Progress) -> Iterator[_Level]:
    """The image blurred to each of these SD (mm, ascending), from one to the next, on voxels just fine enough."""
    grid = Geometry.of(image)
    values, share = sitk.GetArrayFromImage(image).astype(np.float32, copy=False), region
    varied = region & _varied(values)
    variances = np.zeros(grid.dimension)
    for sd, part in zip(widths, progress.parts(*[1 / w for w in widths]), strict=True):
        while halve := [
            a for a, n in enumerate(grid.size) if n >= 2 * FEWEST and FINE_ENOUGH * sd >= 2 * grid.spacing[a]
        ]:
            for axis in halve:
                variances[axis] += 0 if grid.size[axis] % 2 else grid.spacing[axis] ** 2 / 4
                values, share, varied = (_halved(each, grid.dimension - 1 - axis) for each in (values, share, varied))
            grid = _half_grid(grid, halve)
        blurred = grid.image_of(values)
        axes = _axes(grid)
        for axis, step in zip(axes, part.parts(*[1.0] * len(axes)), strict=True):
            width = max(sd, 0.5 * grid.spacing[axis]) ** 2 - variances[axis]
            if width <= 0:
                continue
            blur = sitk.RecursiveGaussianImageFilter()
            blur.SetDirection(axis)
            blur.SetSigma(float(width**0.5))
            blurred = execute(blur, blurred, progress=step, message="Looking for blobs")
            variances[axis] += width
        values = sitk.GetArrayFromImage(blurred)
        inside, usable = share >= 0.5, varied >= 0.5
        yield _Level(values, inside, usable if usable.any() else inside, grid, sd)


def _varied(values: np.ndarray) -> np.ndarray:
    """Which values differ from a neighbor over a face."""
    found = np.zeros(values.shape, bool)
    for axis, size in enumerate(values.shape):
        here, there = (np.moveaxis(found, axis, 0)[part] for part in (slice(0, size - 1), slice(1, size)))
        differs = np.diff(values, axis=axis) != 0
        here |= np.moveaxis(differs, axis, 0)
        there |= np.moveaxis(differs, axis, 0)
    return found


def _halved(values: np.ndarray, axis: int) -> np.ndarray:
    """Every other voxel of an odd number, or means of pairs, so that both ends are alike."""
    values = np.moveaxis(values, axis, 0)
    half = values[::2] if len(values) % 2 else (values[::2].astype(np.float32) + values[1::2]) / 2
    return np.moveaxis(half, 0, axis)


def _half_grid(grid: Geometry, axes: Sequence[int]) -> Geometry:
    size, spacing, first = list(grid.size), list(grid.spacing), np.zeros(grid.dimension)
    for axis in axes:
        first[axis] = 0.0 if size[axis] % 2 else 0.5
        size[axis], spacing[axis] = (size[axis] + 1) // 2, 2 * spacing[axis]
    return Geometry(tuple(size), tuple(spacing), tuple(float(x) for x in grid.points(first)[0]), grid.direction)


def _maxima(response: np.ndarray, inside: np.ndarray, lowest: float) -> np.ndarray:
    """Places (n, dimension; z, y, x), to a part of a voxel, of the local maxima above a value."""
    places = np.argwhere(inside & (response > lowest))
    for step in itertools.product((-1, 0, 1), repeat=response.ndim):
        beside = np.clip(places + step, 0, np.subtract(response.shape, 1))
        places = places[response[tuple(places.T)] >= response[tuple(beside.T)]]
    if len(places) > MOST_MAXIMA:
        places = places[np.argsort(-response[tuple(places.T)], kind="stable")[:MOST_MAXIMA]]
    refined = places.astype(float)
    for axis, n in enumerate(response.shape):
        if n < 3:
            continue
        at = np.clip(places[:, axis], 1, n - 2)
        index = [places[:, k] for k in range(response.ndim)]
        before, here, after = (
            response[tuple(at + step if k == axis else index[k] for k in range(response.ndim))] for step in (-1, 0, 1)
        )
        shift, _ = _top(before, here, after)
        refined[:, axis] += np.where(at == places[:, axis], shift, 0)
    return refined


def _top(before: np.ndarray, here: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where (-0.5 to 0.5 steps) the top of the parabola through three values lies, and how high it is."""
    bend, slope = before - 2 * here + after, after - before
    # beyond the first and the last scale (NaN) nothing is known
    shift = np.clip(np.divide(-slope, 2 * bend, out=np.zeros(len(here)), where=bend < 0), -0.5, 0.5)
    return shift, here + np.where(shift != 0, shift * (slope / 2 + shift * bend / 2), 0)


def _once(
    parts: list[_Maxima], diameters: Sequence[float], noise: Sequence[tuple[float, float]], sign: int, round_only: bool
) -> Blobs | None:
    """Each blob at the scale that answers most."""
    if not parts:
        return None
    points = np.concatenate([part.points for part in parts])
    scales = np.concatenate([np.full(len(part.here), part.number) for part in parts])
    shift, strengths = _top(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("below", "here", "above"))
    )
    sizes = np.asarray(diameters)[scales] * STEP**shift
    kept = suppressed(points, sizes / 2, strengths)
    kept = kept[strengths[kept] > 0]
    middle, sd = (np.interp((scales + shift)[kept], np.arange(len(noise)), each) for each in np.transpose(noise))
    scores = (strengths[kept] - (0 if round_only else sign * middle)) / sd
    every = Blobs(points[kept], sizes[kept], strengths[kept], scores)
    return every.only(np.argsort(-scores, kind="stable"))
