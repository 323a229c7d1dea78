"""What a tube at a seed stands out of: the intensity of what borders it."""

import itertools

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.noise import noise_sd
from ..common.connected_to import connected_to

# What is nearer to the tube than this many SD of noise is the tube itself.
OWN_NOISE = 4.0
# A tissue borders the tube if it is what lies within so many mm of so large a part of the tube's surface.
BORDER_MM, BORDER_SHARE = 3.0, 0.25
# Modes are looked for in a histogram of so many bins per SD of noise; a tissue holds so large a share of what is there.
BINS, LEAST_SHARE = 4, 0.03
# Noise is taken as no less than this share of the darkest to the tube.
LEAST_NOISE = 0.01


def ground_of(level: np.ndarray, around: np.ndarray, start: np.ndarray, middle: float, grid: Geometry) -> float:
    """Intensity of what is around a tube brighter than it: of the tissues there the brightest that borders it; that of
    its middle where all is brighter than the tube.

    level (float; z, y, x); around: where to look (bool); start: voxels of the tube; middle: intensity of its middle.
    """
    grounds = _tissues(level, around, middle, grid)
    for ground, darker in itertools.pairwise(grounds):
        tube = connected_to(start, (level > (ground + middle) / 2) & around, "face")
        if _borders(tube, level, around, (ground + darker) / 2, grid):
            return ground
    return grounds[-1]


def _tissues(level: np.ndarray, around: np.ndarray, middle: float, grid: Geometry) -> list[float]:
    """Intensities of what is darker than the tube, brightest first, at least one: the modes that hold enough."""
    values = level[around]
    darkest = float(values.min())
    noise = max(noise_sd(level, grid.spacing[::-1], around), (middle - darkest) * LEAST_NOISE)
    count = int((middle - darkest) / (noise / BINS)) + 1 if noise else 1
    edges = darkest + np.arange(count + 1) * noise / BINS
    density = ndimage.gaussian_filter1d(np.histogram(values, edges)[0].astype(float), BINS, mode="constant")
    near = ndimage.uniform_filter1d(density, 4 * BINS + 1, mode="constant") * (4 * BINS + 1) / values.size
    highest = density == ndimage.maximum_filter1d(density, 4 * BINS + 1, mode="constant")
    modes = np.flatnonzero(highest & (near >= LEAST_SHARE)) + 0.5
    found = [darkest + float(mode) * noise / BINS for mode in modes[::-1]]
    darker = [ground for ground in found if ground < middle - OWN_NOISE * noise]
    if not darker and float(np.median(values)) > middle + OWN_NOISE * noise:
        return [middle]
    return darker or [_darkest(values, middle)]


def _darkest(values: np.ndarray, middle: float) -> float:
    """The median of what is nearer to it than to the tube's own, from the darkest on."""
    ground = float(np.percentile(values, 10))
    for _ in range(10):
        other = values[values < (ground + middle) / 2]
        update = float(np.median(other)) if other.size else ground
        if update == ground:
            break
        ground = update
    return ground


def _borders(tube: np.ndarray, level: np.ndarray, around: np.ndarray, least: float, grid: Geometry) -> bool:
    """Whether enough of what is around the tube has nothing darker than this near it."""
    ring = ndimage.binary_dilation(tube, np.ones((3,) * tube.ndim)) & ~tube & around
    size = [2 * max(1, round(BORDER_MM / s)) + 1 for s in reversed(grid.spacing)]
    darkest = ndimage.minimum_filter(level, size)
    return bool(np.mean(darkest[ring] > least) >= BORDER_SHARE) if ring.any() else False
