"""Highest mean intensity of a sphere of 1 cm3: at the hottest voxel of a region, and anywhere in it."""

import math

import numpy as np
from scipy.ndimage import find_objects
from scipy.signal import oaconvolve

from ..core.errors import InputError
from ..core.voxels import largest_value

SPHERE_MM3 = 1000.0
RADIUS_MM = (3 * SPHERE_MM3 / (4 * math.pi)) ** (1 / 3)
# what one convolution may hold at a time, in voxels
SLAB_VOXELS = 500_000


def intensity_peaks(values: np.ndarray, mask: np.ndarray, spacing: tuple[float, ...]) -> tuple[float, float]:
    """Local and global intensity peak (IBSI VJGA and 0F91) of a region, in the unit of the values.

    values, mask: (z, y, x), the mask true inside; spacing: x, y, z in mm. A peak is the mean of the voxels whose
    centers lie within 6.2 mm of a voxel of the region, those outside the region included and those outside the image
    or without a number left out. The local one is at the hottest voxel (the highest, where several are), the global
    one is the highest at any voxel of the region. NaN for a region without a number. Raises InputError for arrays
    that do not fit.
    Source: Frings et al., J Nucl Med 55(7), 2014; IBSI (arXiv 1612.07003).
    """
    if values.shape != mask.shape or values.ndim != 3 or len(spacing) != 3:
        raise InputError(
            f"An intensity peak needs a volume and its mask; these have the shapes {values.shape} and {mask.shape}."
        )
    box = find_objects(np.asarray(mask != 0, np.uint8))
    if not box:
        return math.nan, math.nan
    sphere = _sphere(spacing)
    reach = [side // 2 for side in sphere.shape]
    around = tuple(slice(max(0, side.start - r), side.stop + r) for side, r in zip(box[0], reach, strict=True))
    near, inside = values[around], mask[around] != 0
    valid = np.isfinite(near)
    inside &= valid
    if not inside.any():
        return math.nan, math.nan
    largest = largest_value(near, valid) or 1.0
    hottest = np.argwhere(inside & (near == near[inside].max()))
    local = max(_mean_at(place, near, valid, sphere, largest) for place in hottest)
    best = _hottest_sphere(near, valid, inside, sphere, largest)
    return largest * local, largest * max(local, _mean_at(best, near, valid, sphere, largest))


def _sphere(spacing: tuple[float, ...]) -> np.ndarray:
    """Voxels (z, y, x) whose centers lie in the sphere around the middle one."""
    axes = [np.arange(-int(RADIUS_MM / side), int(RADIUS_MM / side) + 1) * side for side in reversed(spacing)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 <= RADIUS_MM**2


def _mean_at(place: np.ndarray, values: np.ndarray, valid: np.ndarray, sphere: np.ndarray, largest: float) -> float:
    """Mean of the sphere's valid values, divided by the largest so that sums stay finite."""
    here, there = [], []
    for center, size, side in zip(place, values.shape, sphere.shape, strict=True):
        low, high = center - side // 2, center + side // 2 + 1
        here.append(slice(max(0, low), high))
        there.append(slice(max(0, -low), side - max(0, high - size)))
    chosen = valid[tuple(here)] & sphere[tuple(there)]
    return float((values[tuple(here)][chosen] / np.float64(largest)).mean())


def _hottest_sphere(
    values: np.ndarray, valid: np.ndarray, inside: np.ndarray, sphere: np.ndarray, largest: float
) -> np.ndarray:
    """Index of the voxel inside around which the mean is highest, slab by slab to bound the memory."""
    reach = sphere.shape[0] // 2
    thickness = max(1, 2 * reach, SLAB_VOXELS // values[0].size)
    best, best_place = -math.inf, np.zeros(3, int)
    kernel = sphere.astype(float)
    for start in range(0, len(values), thickness):
        core = slice(start, start + thickness)
        if not inside[core].any():
            continue
        low = max(0, start - reach)
        slab = slice(low, start + thickness + reach)
        known = valid[slab].astype(np.float64)
        numbers = np.divide(values[slab], largest, out=np.zeros(known.shape), where=valid[slab])
        sums, counts = (oaconvolve(array, kernel, mode="same") for array in (numbers, known))
        within = slice(start - low, start - low + len(inside[core]))
        means = np.where(inside[core], sums[within] / np.maximum(counts[within], 1), -math.inf)
        place = np.unravel_index(int(np.argmax(means)), means.shape)
        if means[place] > best:
            best, best_place = float(means[place]), np.add(place, (start, 0, 0))
    return best_place
