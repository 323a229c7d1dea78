"""How sharp an image is, in the plane of its two finest axes: three figures that noise misleads differently.

All take a stack of in-plane slices (n, rows, columns) with the region in it, see `in_plane_slices`, and raise
Undefined where there is nothing to measure.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .quality_definitions import Undefined

# More voxels than this make the figures no better: slices are left out.
ENOUGH_VOXELS = 4_000_000
CRETE_WINDOW = 11
# Scales of the edges' gradients: the larger voxel side, and this many of it.
COARSER = 2
# Strong edges have at least this share of the gradient that 0.5 % of its crests exceed; and the fewest for a median.
STRONG_EDGES = 0.5
STRONGEST_QUANTILE = 0.995
FEWEST_EDGES = 20
NOT_A_PLANE = "the image is less than {voxels} voxels wide in the plane of its two finest axes"


@dataclass(frozen=True)
class Slices:
    """Slices (n, rows, columns), where the region lies in them, spacing of rows and columns in mm.

    every: of so many slices one was taken.
    """

    values: np.ndarray
    region: np.ndarray
    spacing: tuple[float, float]
    every: int


def in_plane_slices(values: np.ndarray, region: np.ndarray, spacing_zyx: tuple[float, ...]) -> Slices:
    """Slices of a volume (z, y, x) in the plane of the two finest axes that are wide enough."""
    wide = [axis for axis in range(3) if values.shape[axis] >= CRETE_WINDOW]
    long = wide if len(wide) >= 2 else [axis for axis in range(3) if values.shape[axis] > 1]
    finest = sorted(long, key=lambda axis: (spacing_zyx[axis], -axis))  # of equal ones the image's own slices
    plane = sorted(finest[:2]) if len(long) >= 2 else [1, 2]
    (across,) = {0, 1, 2} - set(plane)
    every = max(1, -(-values.size // ENOUGH_VOXELS))
    every = min(every, values.shape[across])
    chosen = [np.moveaxis(array, across, 0)[every // 2 :: every] for array in (values, region)]
    return Slices(chosen[0].astype(np.float64), chosen[1], (spacing_zyx[plane[0]], spacing_zyx[plane[1]]), every)


def perceptual_blur(slices: Slices) -> float:
    """0 sharp to 1 blurred: the share of variation along an axis that stays when it is blurred along it (SPIE 6492).

    The greater of the two axes. 11 voxels as in the paper; of scikit-image's `blur_effect` it is the 2D form.
    """
    _require_width(slices, CRETE_WINDOW)
    inner = (slice(None), slice(2, -1), slice(2, -1))
    weight = slices.region[inner]
    found = []
    for axis in (1, 2):
        sharp = _sobel(slices.values, axis)[inner]
        blurred = _sobel(ndimage.uniform_filter1d(slices.values, CRETE_WINDOW, axis), axis)[inner]
        before = float(np.sum(sharp, where=weight))
        if before > 0:
            lost = float(np.sum(np.maximum(0, sharp - blurred), where=weight))
            found.append((before - lost) / before)
    if not found:
        raise Undefined("the image is constant in the region")
    return max(found)


def edge_spread(slices: Slices) -> float:
    """Standard deviation in mm of the Gaussian that blurs the strong edges (Zhuo & Sim 2011), 0 for sharp ones.

    An edge of step A blurred by s has the gradient A / sqrt(2 pi (s^2 + t^2)) at scale t. The ratio of its gradients
    at two scales gives s, whatever A is. Edges are looked for at the coarser scale, where there is less noise.
    """
    _require_width(slices, 8)
    side = max(slices.spacing)
    coarse, along_rows, along_columns = _gradient_at(slices, COARSER * side)
    crest = _crest(coarse, along_rows, along_columns) & slices.region
    crests = coarse[crest]
    if crests.size == 0 or not crests.max() > 0:
        raise Undefined("there is no edge in the region")
    strong = crest & (coarse >= STRONG_EDGES * np.quantile(crests, STRONGEST_QUANTILE)) & (coarse > 0)
    if np.count_nonzero(strong) < FEWEST_EDGES:
        raise Undefined(f"there are fewer than {FEWEST_EDGES} voxels on strong edges in the region")
    fine, _, _ = _gradient_at(slices, side)
    ratio = float(np.median(fine[strong] / coarse[strong]))
    if ratio <= 1:
        raise Undefined("there is no edge in the region that is a step")
    return side * float(np.sqrt(max(0.0, (COARSER**2 - ratio**2) / (ratio**2 - 1))))


def acutance(slices: Slices) -> float:
    """Root mean square of the in-plane gradient over the standard deviation of the values, in 1/mm."""
    _require_width(slices, 2)
    values = slices.values[slices.region]
    sd = float(values.std())
    if not sd > 0:
        raise Undefined("the image is constant in the region")
    rows, columns = np.gradient(slices.values, *slices.spacing, axis=(1, 2))
    return float(np.sqrt(np.mean(rows**2 + columns**2, where=slices.region))) / sd


def _require_width(slices: Slices, voxels: int) -> None:
    if min(slices.values.shape[1:]) < voxels:
        raise Undefined(NOT_A_PLANE.format(voxels=voxels))
    if not slices.region.any():
        raise Undefined("the region has no voxel in the slices that were taken")


def _sobel(values: np.ndarray, axis: int) -> np.ndarray:
    other = 3 - axis
    smooth = ndimage.correlate1d(values, [0.25, 0.5, 0.25], other)
    return np.abs(ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis))


def _gradient_at(slices: Slices, scale_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Magnitude (per mm) and components of the gradient of the values blurred by a Gaussian."""
    sd = [0.0, *(scale_mm / side for side in slices.spacing)]
    rows = ndimage.gaussian_filter(slices.values, sd, order=(0, 1, 0)) / slices.spacing[0]
    columns = ndimage.gaussian_filter(slices.values, sd, order=(0, 0, 1)) / slices.spacing[1]
    return np.hypot(rows, columns), rows, columns


def _crest(magnitude: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Where the magnitude is greatest across the edge (Canny's non-maximum suppression in four directions)."""
    angle = np.arctan2(rows, columns)  # of the gradient
    sector = np.round(4 * angle / np.pi).astype(int) % 4
    padded = np.pad(magnitude, ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)  # the border is no crest
    height, width = magnitude.shape[1:]
    crest = np.zeros(magnitude.shape, bool)
    for number, (down, right) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]
        behind = padded[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]
        crest |= (sector == number) & (magnitude >= ahead) & (magnitude > behind)
    return crest
