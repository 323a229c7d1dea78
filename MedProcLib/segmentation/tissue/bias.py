"""The uneven brightness of an MR image, found together with its classes."""

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from ...enhancement.shading.coarse_field import CoarseField, Coarsening
from .intensity_classes import Histogram, best_means, mixture

# The field is found on voxels about this far apart: it is smooth, and there are many.
SAMPLE_MM = 3.0
MOST_ROUNDS, REST = 40, 2e-4
# Nowhere does the field leave this range.
LOWEST, HIGHEST = 0.2, 5.0
# Where the Gaussian reaches less of the region than this, the field is that of the nearest place where it does.
LEAST_WEIGHT = 1e-3
SLICES = 16


def without_bias(
    values: np.ndarray, region: np.ndarray, grid: Geometry, classes: int, sd_mm: float, progress: Progress = SILENT
) -> np.ndarray:
    """The values (float32, z, y, x) without the smooth field that their classes leave over.

    The field multiplies the classes' means, or adds to them in an image with negative values (a standardized one); it
    is the Gaussian-weighted least-squares fit to the means that voxels are expected to have (Wells et al., IEEE TMI
    15(4), 1996, of intensities instead of their logarithms), and 1 (0) on average. Raises InputError.
    """
    coarse = Coarsening.to_spacing(grid, SAMPLE_MM)
    y, inside = coarse.samples(values), coarse.samples(region)
    if np.count_nonzero(inside) < 10 * classes:
        raise InputError("The region is too small to find a bias field in: set the field's size to 0.")
    adds = float(np.percentile(y[inside], 1)) < 0
    spread = float(y[inside].std()) or 1.0
    field = np.zeros_like(y) if adds else np.ones_like(y)
    means, sds, shares = (np.empty(0),) * 3
    for number in range(MOST_ROUNDS):
        progress(number / MOST_ROUNDS, "Fitting the bias field")
        flat = (y - field if adds else y / field)[inside]
        if number == 0:
            histogram = Histogram.of(flat, classes)
            means, sds, shares = mixture(histogram, best_means(histogram, classes))
        density = shares / sds * np.exp(-0.5 * ((flat[:, None] - means) / sds) ** 2)
        belongs = density / np.maximum(density.sum(axis=1, keepdims=True), 1e-30)
        total = belongs.sum(axis=0) + 1e-9
        means = (belongs * flat[:, None]).sum(axis=0) / total
        sds = np.sqrt((belongs * (flat[:, None] - means) ** 2).sum(axis=0) / total) + 1e-3 * spread
        shares = total / total.sum()
        before = field
        field = _field(y, inside, coarse.grid, belongs / sds**2, means, adds, sd_mm)
        if np.abs(field - before)[inside].max() < REST * (spread if adds else 1.0):
            break
    spline = CoarseField.through(field, coarse)
    result = np.empty_like(values)
    for first in range(0, len(values), SLICES):
        box = (slice(first, min(first + SLICES, len(values))), *(slice(0, n) for n in values.shape[1:]))
        there = spline.on(box)
        result[box] = values[box] - there if adds else values[box] / np.clip(there, LOWEST, HIGHEST)
    return result


def _field(
    y: np.ndarray,
    inside: np.ndarray,
    grid: Geometry,
    precision: np.ndarray,
    means: np.ndarray,
    adds: bool,
    sd_mm: float,
) -> np.ndarray:
    """The field on the coarse voxels. precision: of each class for each voxel inside (n, classes)."""
    expected = precision @ means
    above, below = np.zeros(y.shape, np.float32), np.zeros(y.shape, np.float32)
    if adds:
        above[inside], below[inside] = precision.sum(axis=1) * y[inside] - expected, precision.sum(axis=1)
    else:
        above[inside], below[inside] = expected * y[inside], precision @ means**2
    unit = float(below[inside].mean())
    widths = [sd_mm] * grid.dimension
    weight = gaussian(below / unit, grid, widths)
    field = gaussian(above / unit, grid, widths) / np.maximum(weight, LEAST_WEIGHT)
    if adds:
        return np.where(weight > LEAST_WEIGHT, field - field[inside].mean(), 0).astype(np.float32)
    mean = float(field[inside].mean())
    return np.clip(np.where(weight > LEAST_WEIGHT, field / mean, 1), LOWEST, HIGHEST).astype(np.float32)
