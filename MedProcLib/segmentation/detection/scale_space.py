"""Blobs of all sizes: maxima of the scale-normalized Laplacian of Gaussian over place and scale."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress, execute
from ...core.statistics import median_and_sd
from .suppression import suppressed

# From one diameter to the next.
STEP = 1.26
# Voxels need not be finer than this share of the Gaussian's standard deviation.
FINE_ENOUGH = 0.6
# A maximum below so many SD of the response's noise is none.
LOWEST_SD = 2.0
# More maxima than this of a scale would only take time: the best ones are kept.
MOST_MAXIMA = 20_000


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
    image: sitk.Image, region: np.ndarray, smallest_mm: float, largest_mm: float, progress: Progress = SILENT
) -> tuple[Blobs, Blobs]:
    """Bright blobs and dark blobs of an image (float32, no NaN) inside a region (z, y, x), best first, each once.

    The score is the response in robust SD of the responses of its scale in the region, so sizes compare.
    """
    dimension = sum(n > 1 for n in image.GetSize())
    diameters = [smallest_mm]
    while diameters[-1] * STEP <= largest_mm * 1.001:
        diameters.append(diameters[-1] * STEP)
    found: dict[int, list[tuple[np.ndarray, ...]]] = {1: [], -1: []}
    where = Geometry.of(image).image_of(region)
    for diameter, share in zip(diameters, progress.parts(*[1 / d for d in diameters]), strict=True):
        response, inside, grid = _response(image, where, blob_sd(diameter, max(dimension, 1)), share)
        if not inside.any():
            continue
        middle, sd = median_and_sd(response[inside])
        if not sd > 0:
            continue
        for sign, maxima in found.items():
            places, strength = _maxima(sign * response, inside, sign * middle + LOWEST_SD * sd)
            points = grid.points(places[:, ::-1])
            maxima.append((points, np.full(len(places), diameter), strength, (strength - sign * middle) / sd))
    return _once(found[1], image.GetDimension()), _once(found[-1], image.GetDimension())


def _response(
    image: sitk.Image, region: sitk.Image, sd_mm: float, progress: Progress
) -> tuple[np.ndarray, np.ndarray, Geometry]:
    """Minus the normalized Laplacian, on voxels just fine enough for it, and where these lie in the region."""
    factors = [
        int(max(1, min(FINE_ENOUGH * sd_mm / s, n // 4)))
        for s, n in zip(image.GetSpacing(), image.GetSize(), strict=True)
    ]
    if max(factors) > 1:
        image, region = (sitk.BinShrink(each, factors) for each in (sitk.Cast(image, sitk.sitkFloat32), region * 1.0))
        region = region > 0.5
    total = np.zeros(tuple(reversed(image.GetSize())), np.float32)
    axes = [axis for axis, n in enumerate(image.GetSize()) if n >= 4]
    for axis, share in zip(axes, progress.parts(*[1.0] * len(axes)), strict=True):
        part = image
        for other in axes:
            blur = sitk.RecursiveGaussianImageFilter()
            blur.SetDirection(other)
            blur.SetSigma(max(sd_mm, 0.5 * image.GetSpacing()[other]))
            blur.SetOrder(2 if other == axis else 0)
            part = execute(blur, part, progress=share, message="Looking for blobs")
        # ITK's recursive second derivative is per voxel, not per mm
        total -= sitk.GetArrayViewFromImage(part) * np.float32((sd_mm / image.GetSpacing()[axis]) ** 2)
    return total, sitk.GetArrayFromImage(region) != 0, Geometry.of(image)


def _maxima(response: np.ndarray, inside: np.ndarray, lowest: float) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, dimension; z, y, x) to a part of a voxel, and values there, of the local maxima above a value."""
    window = [3 if n > 1 else 1 for n in response.shape]
    top = (response >= ndimage.maximum_filter(response, window)) & inside & (response > lowest)
    places = np.argwhere(top)
    values = response[top]
    if len(places) > MOST_MAXIMA:
        best = np.argsort(-values, kind="stable")[:MOST_MAXIMA]
        places, values = places[best], values[best]
    refined, peaks = places.astype(float), values.astype(float)
    for axis, n in enumerate(response.shape):
        if n < 3:
            continue
        at = np.clip(places[:, axis], 1, n - 2)
        index = [places[:, k] for k in range(response.ndim)]
        before, here, after = (
            response[tuple(at + step if k == axis else index[k] for k in range(response.ndim))] for step in (-1, 0, 1)
        )
        bend = before - 2 * here + after
        shift = np.divide(before - after, 2 * bend, out=np.zeros(len(at)), where=bend < 0)
        shift = np.where(at == places[:, axis], np.clip(shift, -0.5, 0.5), 0)
        refined[:, axis] += shift
        # the top of the parabola: how high the voxels at its sides are depends on where the grid lies
        peaks += shift * ((after - before) / 2 + shift * bend / 2)
    return refined, peaks


def _once(maxima: list[tuple[np.ndarray, ...]], dimension: int) -> Blobs:
    """Each blob at the scale that answers most."""
    if not maxima:
        nothing = np.zeros(0)
        return Blobs(np.zeros((0, dimension)), nothing, nothing, nothing)
    points, diameters, strengths, scores = (np.concatenate(parts) for parts in zip(*maxima, strict=True))
    kept = suppressed(points, diameters / 2, strengths)
    every = Blobs(points, diameters, strengths, scores).only(kept)
    return every.only(np.argsort(-every.scores, kind="stable"))
