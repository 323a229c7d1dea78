"""Two regions of even intensity with the smallest boundary between them, by thresholding what is blurred."""

from dataclasses import dataclass

import numpy as np

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian

MOST_PASSES = 100
# SD in voxels of the Gaussian across the boundary: a finer one is held by the grid; and of that against noise.
BLUR, NOISE = 2.0, 1.0
# Of a small start, it is so many times as wide at first: the boundary moves by a part of it in a pass.
FAR = (4, 2, 1)
# At rest when fewer than this share of the object's voxels change sides in a pass.
REST = 2e-4
# Where a region has less than this share of the Gaussian around, its mean is that of the whole.
LEAST_WEIGHT = 1e-3
# A local difference of the means below this share of the whole one decides nothing.
LEAST_CONTRAST = 0.3


@dataclass(frozen=True)
class Regions:
    """How to divide. smoothness_mm: a ball (disk) of full contrast and smaller radius vanishes; local_mm: SD of the
    Gaussian over which the means are taken, 0 for the whole; starts_small: whether the start may be a small part."""

    smoothness_mm: float
    local_mm: float
    starts_small: bool


def divided(
    values: np.ndarray,
    grid: Geometry,
    start: np.ndarray,
    allowed: np.ndarray,
    settings: Regions,
    progress: Progress = SILENT,
) -> np.ndarray:
    """The object (z, y, x): the region of the Chan-Vese energy, from the start, within what is allowed.

    The squared deviation from the region's mean, over the squared difference of the means, costs per unit of volume,
    and the boundary `smoothness / (dimension - 1)` (mm) per unit of area: a smaller ball than that shrinks by itself.
    Every pass lowers the energy with the boundary measured by the Gaussian's exchange across it (Esedoglu & Tsai,
    J. Comput. Phys. 211(1), 2006; Wang et al., J. Comput. Phys. 350, 2017). Empty when it shrinks to nothing.
    """
    sides = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1] or [1.0]
    side = max(sides)
    price = max(settings.smoothness_mm, 1e-3 * side) / max(1, len(sides) - 1)
    # a pass must move a boundary of that radius by a good part of a voxel, or the grid holds it
    finest = max(BLUR * side, (settings.smoothness_mm * side) ** 0.5)
    # noise finer than the boundary is measured would hide in it
    smooth = gaussian(values, grid, [NOISE * side] * grid.dimension, progress.part(0, 0))
    inside = start & allowed
    blurs = [factor * finest for factor in (FAR if settings.starts_small else (1,))]
    for blur_mm, share in zip(blurs, progress.parts(*[1.0] * len(blurs)), strict=True):
        widths = [blur_mm] * grid.dimension
        whole = None if allowed.all() else np.maximum(gaussian(allowed, grid, widths), LEAST_WEIGHT)
        push = blur_mm / (2 * (2 * np.pi) ** 0.5 * price)
        for number in range(MOST_PASSES):
            count = np.count_nonzero(inside)
            if count == 0 or count == np.count_nonzero(allowed):
                return inside
            one = share.part(number / MOST_PASSES, (number + 1) / MOST_PASSES)
            exchanged = gaussian(inside, grid, widths, one)
            if whole is not None:
                exchanged /= whole
            exchanged -= push * _cost(values, smooth, grid, inside, allowed, settings.local_mm)
            now = (exchanged > 0.5) & allowed
            changed = np.count_nonzero(now != inside)
            inside = now
            if changed <= REST * count:
                break
    return inside


def _cost(
    values: np.ndarray,
    smooth: np.ndarray,
    grid: Geometry,
    inside: np.ndarray,
    allowed: np.ndarray,
    local_mm: float,
) -> np.ndarray:
    """Of a voxel with the smoothed value in the object rather than outside of it; -1 and 1 at the means."""
    outside = allowed & ~inside
    first, other = (float(values[region].mean(dtype=np.float64)) for region in (inside, outside))
    contrast = max(abs(first - other), 1e-6)
    if not local_mm:
        return (other - first) * (2 * smooth - first - other) / contrast**2
    means = [
        _local_mean(values, grid, region, local_mm, whole) for region, whole in ((inside, first), (outside, other))
    ]
    squared = np.maximum((means[0] - means[1]) ** 2, (LEAST_CONTRAST * contrast) ** 2)
    return (means[1] - means[0]) * (2 * smooth - means[0] - means[1]) / squared


def _local_mean(values: np.ndarray, grid: Geometry, region: np.ndarray, sd_mm: float, whole: float) -> np.ndarray:
    widths = [sd_mm] * grid.dimension
    weight = gaussian(region, grid, widths)
    total = gaussian(np.where(region, values - whole, 0), grid, widths)
    return whole + np.divide(total, weight, out=np.zeros_like(total), where=weight > LEAST_WEIGHT)
