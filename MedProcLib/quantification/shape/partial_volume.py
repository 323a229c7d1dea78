"""Volume of a segment with its border voxels counted by how much of the object they hold, from the image's values."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.statistics import median_and_sd

# Layers of voxels on either side of the border that blur and the mask's errors may reach.
BORDER_LAYERS = 2
SHELL_LAYERS = 2
# Fewer voxels tell no level, and below this contrast the levels cannot be told apart border voxel by border voxel.
FEWEST_VOXELS = 10
LOWEST_CONTRAST = 4.0


@dataclass(frozen=True)
class PartialVolume:
    """volume in mm3 and its standard error, NaN with a reason when the image does not tell; levels: mean values
    of object and background; contrast: difference of the levels in standard deviations of their voxels."""

    volume: float
    standard_error: float
    object_level: float
    background_level: float
    contrast: float
    reason: str = ""


def partial_volume(
    mask: np.ndarray, values: np.ndarray, spacing: tuple[float, float, float], outside: np.ndarray | None = None
) -> PartialVolume:
    """The part of each voxel near the border that is object is where its value lies between the two levels.

    mask: bool, values: of the image, both (z, y, x); around the mask they should show 4 voxels of background. spacing:
    x, y, z in mm; outside: bool, voxels that may count as background (not another segment; all when None). The object's
    level is the median of the voxels inside more than 2 layers away from the border, or of the deepest ones; the
    background's that of the layers 3 and 4 outside. Sums over voxels are unbiased for any symmetric blur and for noise.
    Where the shares of the voxels were cut to 0 and 1 the sum would not be. Source: two-material partial volume
    (Santago and Gage, IEEE TMI 12(3), 1993).
    """
    sides = [(min(BORDER_LAYERS + SHELL_LAYERS, n) if n > 1 else 0) for n in mask.shape]
    padded = np.pad(mask, [(side, side) for side in sides])
    shown = np.pad(np.isfinite(values) & (mask | (True if outside is None else outside)), [(s, s) for s in sides])
    image = np.pad(np.where(np.isfinite(values), values, 0).astype(np.float64), [(side, side) for side in sides])
    depth = ndimage.distance_transform_cdt(padded, "chessboard")
    away = ndimage.distance_transform_cdt(~padded, "chessboard")
    deepest = min(BORDER_LAYERS + 1, int(depth.max()))
    core = (depth >= deepest) & shown
    shell = (away > BORDER_LAYERS) & (away <= BORDER_LAYERS + SHELL_LAYERS) & shown
    few = min(np.count_nonzero(core), np.count_nonzero(shell)) < FEWEST_VOXELS
    if few:
        return PartialVolume(math.nan, math.nan, math.nan, math.nan, math.nan, "too few voxels inside or around")
    (high, high_sd), (low, low_sd) = (median_and_sd(image[region]) for region in (core, shell))
    noise = max(high_sd, low_sd)
    contrast = abs(high - low) / noise if noise > 0 else (math.inf if high != low else 0.0)
    if contrast < LOWEST_CONTRAST:
        return PartialVolume(math.nan, math.nan, high, low, contrast, "contrast to the surroundings is too low")
    border = (depth < BORDER_LAYERS + 1) & (away <= BORDER_LAYERS) & shown
    shares = (image[border] - low) / (high - low)
    voxel = math.prod(spacing)
    count = np.count_nonzero(padded & ~border) + float(shares.sum())
    # errors of the voxels' noise and of the two levels (a median's is 1.25 of a mean's)
    of_levels = [
        1.25 * sd / math.sqrt(np.count_nonzero(region)) * weight
        for sd, region, weight in ((high_sd, core, shares.sum()), (low_sd, shell, (1 - shares).sum()))
    ]
    error = math.hypot(noise * math.sqrt(np.count_nonzero(border)), *of_levels) / abs(high - low)
    return PartialVolume(count * voxel, error * voxel, high, low, contrast)
