"""Bring the brightness of one study to that of another, without undoing what changed in the patient."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.boxes import box_of, grown
from ..core.errors import InputError
from ..core.geometry import Geometry, require_same_grid
from ..core.image_filter import grid_of_box
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from ..core.statistics import median_and_sd
from ..core.voxels import inside, values_of
from .local_linear import local_linear

# Rounds in which the mapping and the smooth difference are found, and robust SD of what the latter leaves beyond which
# a voxel takes no part.
ROUNDS, OUTLIER_SD = 3, 3.0
# Noise is no part of the signal that a smooth factor multiplies: it is smoothed by this SD (mm).
SIGNAL_MM = 1.0
# Where this percentile is below zero, zero is no lack of signal (HU, normalized images), and no factor is sought.
LOWEST_SIGNAL = 5.0
# The sensitivity of one study is not taken to be more than so many times that of the other.
MOST = 3.0
# Percentiles are those of images smoothed by this SD; how far a narrow Gaussian reaches, in its SD.
SMOOTHING_MM, REACH_SD = 1.0, 3
# Percentiles that carry the mapping; what is beyond them (lesions, vessels) is mapped along a straight line.
LOWEST, HIGHEST, KNOTS = 2.0, 98.0, 25
# Tissue takes no part in the percentiles where it differs by so many robust SD over this scale (SD of a Gaussian): a
# tumor does, while lesions that one scan shows brighter than another are less wide. At least so much takes part.
WIDE_MM, WIDE_SD, LEAST_SHARE, LEAST_USED = 5.0, 2.0, 0.1, 0.5
Mapping = Callable[[np.ndarray], np.ndarray]


@operation(
    "comparison.match_intensity",
    title="Match intensities",
    gives="moving",
    dimensions=(3,),
    source="Nyul, Udupa, Zhang, IEEE TMI 19(2), 2000 (percentile landmarks); Lewis and Fox, NeuroImage 2004 "
    "(differential bias correction); Fan and Gijbels, Local Polynomial Modelling, 1996 (slopes at the ends)",
)
class MatchIntensity:
    """Map the other study's intensities to those of the first one, inside the region both masks share.

    Percentiles of both are matched piece by piece; then the smooth part of what differs (coil sensitivity) is removed:
    a factor, as coils make it, or where values below zero say that zero is no lack of signal, a sum. It follows slopes
    to the region's ends. What is left far off takes no part in either, so that real change stays; where it makes more
    than about a tenth of the region it is matched away all the same. Both images must be on one grid.
    """

    bias_mm: Annotated[float, Range(0, 200, "mm"), "scale of the smooth difference to remove; 0 leaves it"] = 15.0

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        require_same_grid(fixed, moving, "the first and the other image")
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid = Geometry.of(fixed)
        mapped = mapping(first, other, region, grid)(other)
        progress(0.4, "Matching intensities")
        if self.bias_mm > 0:
            mapped = without_smooth_part(first, mapped, region, grid, self.bias_mm, progress.part(0.4, 1.0))
        return grid.image_of(mapped.astype(np.float32))


def without_smooth_part(
    first: np.ndarray, other: np.ndarray, region: np.ndarray, grid: Geometry, sigma_mm: float, progress=SILENT
) -> np.ndarray:
    """The other values (z, y, x) without what they smoothly differ by from the first ones in the region."""
    difference = other - first
    if np.percentile(first[region], LOWEST_SIGNAL) < 0:
        return other - smooth_part(difference, region, grid, sigma_mm, progress=progress)
    signal = np.maximum(blurred((first + other) / 2, grid, SIGNAL_MM), 0)
    half = smooth_part(difference, region, grid, sigma_mm, signal, progress) / 2
    return other * np.clip((1 - half) / np.maximum(1 + half, 1e-3), 1 / MOST, MOST)


def shared(fixed, moving, fixed_mask, moving_mask) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of both images (z, y, x) and the region inside both masks where both are finite. Raises InputError."""
    first, valid_first = values_of(fixed)
    other, valid_other = values_of(moving)
    region = inside(fixed_mask, valid_first) & inside(moving_mask, valid_other)
    if region.sum() < 100:
        raise InputError("The two studies share no region: check the registration and the masks.")
    return first, other, region


def mapping(first: np.ndarray, other: np.ndarray, region: np.ndarray, grid: Geometry) -> Mapping:
    """Function from the other study's intensities to the first one's, straight beyond the outer percentiles.

    Percentiles are those of tissue that did not change: what is left far off over a wide place takes no part in them,
    else a tumor that is new in a twentieth of the region would be mapped to the brightest twentieth of what was there.
    """
    near = grown(box_of(region), grid, REACH_SD * SMOOTHING_MM)  # what is further away has no part in it
    first, other, region, grid = first[near], other[near], region[near], grid_of_box(grid, near)
    first, other = (blurred(values, grid, SMOOTHING_MM) for values in (first, other))
    found = _through_percentiles(first[region], other[region])
    share = np.maximum(blurred(region, grid, WIDE_MM), LEAST_SHARE)
    for _ in range(ROUNDS):
        rest = np.zeros(region.shape)
        rest[region] = found(other[region]) - first[region]
        center, sd = median_and_sd(rest[region])
        wide = blurred(np.where(region, rest - center, 0), grid, WIDE_MM) / share
        used = region & (np.abs(wide) <= WIDE_SD * sd + 1e-9)
        # without noise hardly anything may be as usual
        if not LEAST_USED * region.sum() <= used.sum() < region.sum():
            break
        found = _through_percentiles(first[used], other[used])
    return found


def _through_percentiles(a: np.ndarray, b: np.ndarray) -> Mapping:
    """Function that takes the percentiles of b to those of a."""
    levels = np.linspace(LOWEST, HIGHEST, KNOTS)
    to, start = np.percentile(a, levels), np.percentile(b, levels)
    start, index = np.unique(start, return_index=True)
    to = to[index]
    if len(start) < 3:
        return lambda values: values + (np.median(a) - np.median(b))
    middle = len(start) // 2
    slope = (to[-1] - to[middle]) / (start[-1] - start[middle])
    low_slope = (to[middle] - to[0]) / (start[middle] - start[0])

    def apply(values: np.ndarray) -> np.ndarray:
        mapped = np.interp(values, start, to)
        mapped = np.where(values > start[-1], to[-1] + slope * (values - start[-1]), mapped)
        return np.where(values < start[0], to[0] + low_slope * (values - start[0]), mapped)

    return apply


def smooth_part(
    difference: np.ndarray,
    region: np.ndarray,
    grid: Geometry,
    sigma_mm: float,
    signal: np.ndarray | None = None,
    progress=SILENT,
) -> np.ndarray:
    """The smooth field (z, y, x) that the difference is, or that the signal times it is, in the region.

    Local lines through the difference of voxels within sigma_mm. Those that differ much take no part, which is judged
    anew by what the field leaves: by the whole difference, the steepest part of the field would be left out itself.
    """
    weights = np.ones_like(difference) if signal is None else signal**2
    values = difference if signal is None else signal * difference
    rest, field = difference, np.zeros_like(difference)
    for share in progress.parts(*[1.0] * ROUNDS):
        share(0.0, "Removing the smooth difference")
        center, sd = median_and_sd(rest[region])
        used = region & (np.abs(rest - center) <= OUTLIER_SD * sd + 1e-9)
        field = local_linear(values, weights, used, region, grid, sigma_mm)
        rest = difference - (field if signal is None else signal * field)
    return field


def blurred(values: np.ndarray, grid: Geometry, sigma_mm: float) -> np.ndarray:
    """Values (z, y, x) smoothed by a Gaussian of this SD in mm."""
    sigma = [sigma_mm / s for s in reversed(grid.spacing)]
    if sigma_mm < 5:
        return ndimage.gaussian_filter(values.astype(np.float32), sigma, mode="nearest", truncate=REACH_SD)
    # a wide kernel recursively: its cost does not grow with the width
    image = sitk.GetImageFromArray(values.astype(np.float32))
    for axis, s in enumerate(reversed(sigma)):
        if image.GetSize()[axis] >= 4:
            image = sitk.RecursiveGaussian(image, s, False, sitk.RecursiveGaussianImageFilter.ZeroOrder, axis)
    return sitk.GetArrayFromImage(image)
