"""Wiener deconvolution."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .cosine import frequencies, from_cosines, to_cosines

FWHM_TO_SD = 1 / np.sqrt(8 * np.log(2))
# Where no width is given: about what scanners and reconstructions make of their voxels.
USUAL_VOXELS = 1.5
# Classes of frequency in which the image's power is measured.
CLASSES = 256
# Power counts as signal where it exceeds that of noise by so many standard deviations.
SURE = 4.0


@dataclass(frozen=True)
class _Learned:
    mean: float
    noise: float


@operation(
    "enhancement.wiener",
    title="Sharpen (Wiener deconvolution)",
    gives="image",
    source="Wiener, Extrapolation, interpolation and smoothing of stationary time series, 1949; spectrum from the "
    "image: Hillery & Chin, IEEE TSP 39(8), 1991",
)
class Wiener(ImageFilter):
    """Undo a Gaussian blur as far as the noise allows: the linear filter with the least expected error.

    At each frequency the image's power is compared to that of white noise: what exceeds it is signal and is restored,
    the rest fades. Edges may overshoot.
    """

    fwhm_mm: Annotated[
        float,
        Range(0, 50, "mm"),
        "full width at half maximum of the blur; 0: one and a half times the smallest voxel side",
    ] = 0.0
    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of white noise; 0 to measure it"] = 0.0
    largest_gain: Annotated[float, Range(1, 100), "no frequency is amplified more than this"] = 5.0

    why_global = "Cosine transform and power spectrum of the whole image"

    def margin(self, grid):
        return None

    def learn(self, values, region, grid, progress=SILENT):
        noise = self.noise or fine_noise_sd(values, tuple(reversed(grid.spacing)), region)
        return _Learned(float(values.mean(dtype=float)), noise)

    def apply(self, values, region, place, learned, progress=SILENT):
        values -= learned.mean
        values = to_cosines(values, progress)
        highest = np.sqrt(sum((0.5 / s) ** 2 for s in place.spacing))
        edges = np.linspace(0, highest, CLASSES + 1)
        power, count = _power(values, place.spacing, edges)
        # only what noise alone would not reach: the mean of n squares scatters by sqrt(2 / n)
        noise = learned.noise**2 * (1 + SURE * np.sqrt(2 / count))
        signal = np.where(power > noise, power - learned.noise**2, 0)
        # the power of tissue falls with frequency; dips in between come from the shape of single objects
        signal = np.maximum.accumulate(signal[::-1])[::-1]
        middle = (edges[1:] + edges[:-1]) / 2
        total = signal + learned.noise**2
        share = np.divide(signal, total, out=np.zeros_like(signal), where=total > 0)
        blur = np.exp(-2 * (np.pi * blur_sd(self.fwhm_mm, place.whole) * middle) ** 2)
        gain = share * np.minimum(1 / np.maximum(blur, 1e-30), self.largest_gain)
        for part, frequency in frequencies(values.shape, place.spacing):
            progress.check()
            values[part] *= np.interp(frequency, middle, gain)
        values = from_cosines(values, progress)
        values += learned.mean
        return values


def blur_sd(fwhm_mm: float, grid: Geometry) -> float:
    """Standard deviation (mm) of a Gaussian blur of this full width at half maximum; 0: that is usual of the grid."""
    sides = [side for side, size in zip(grid.spacing, grid.size, strict=True) if size > 1]
    return float((fwhm_mm or USUAL_VOXELS * min(sides, default=min(grid.spacing))) * FWHM_TO_SD)


def _power(coefficients: np.ndarray, spacing: tuple[float, ...], edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean square of the coefficients in each class of frequency (of its neighbors where it has none), and how many."""
    count, total = np.zeros(edges.size - 1), np.zeros(edges.size - 1)
    for part, frequency in frequencies(coefficients.shape, spacing):
        index = np.minimum((frequency / edges[-1] * count.size).astype(np.int32), count.size - 1).ravel()
        count += np.bincount(index, minlength=count.size)
        squares = coefficients[part].ravel().astype(np.float64) ** 2
        total += np.bincount(index, squares, minlength=count.size)
    known = np.flatnonzero(count)
    return np.interp(np.arange(count.size), known, total[known] / count[known]), np.maximum(count, 1)
