"""Bring the brightness of one study to that of another, without undoing what changed in the patient."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.errors import InputError
from ..core.geometry import Geometry, require_same_grid
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from ..core.statistics import median_and_sd
from ..core.voxels import inside, values_of

# Percentiles that carry the mapping; what is beyond them (lesions, vessels) is mapped along a straight line.
LOWEST, HIGHEST, KNOTS = 2.0, 98.0, 25


@operation(
    "comparison.match_intensity",
    title="Match intensities",
    gives="moving",
    dimensions=(3,),
    source="Nyul, Udupa, Zhang, IEEE TMI 19(2), 2000 (percentile landmarks); Lewis and Fox, NeuroImage 2004 "
    "(differential bias correction)",
)
class MatchIntensity:
    """Map the other study's intensities to those of the first one, inside the region both masks share.

    Percentiles of both are matched piece by piece; then the smooth part of what differs (coil sensitivity) is removed,
    leaving out voxels that differ much, so that real change stays. Both images must be on one grid.
    """

    bias_mm: Annotated[float, Range(0, 200, "mm"), "scale of the smooth difference to remove; 0 leaves it"] = 15.0

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        require_same_grid(fixed, moving, "the first and the other image")
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid = Geometry.of(fixed)
        mapped = mapping(first, other, region, grid)(other)
        progress(0.4, "Matching intensities")
        if self.bias_mm > 0:
            mapped = mapped - smooth_part(mapped - first, region, grid, self.bias_mm, progress.part(0.4, 1.0))
        return grid.image_of(mapped.astype(np.float32))


def shared(fixed, moving, fixed_mask, moving_mask) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of both images (z, y, x) and the region inside both masks where both are finite. Raises InputError."""
    first, valid_first = values_of(fixed)
    other, valid_other = values_of(moving)
    region = inside(fixed_mask, valid_first) & inside(moving_mask, valid_other)
    if region.sum() < 100:
        raise InputError("The two studies share no region: check the registration and the masks.")
    return first, other, region


def mapping(first: np.ndarray, other: np.ndarray, region: np.ndarray, grid: Geometry):
    """Function from the other study's intensities to the first one's, straight beyond the outer percentiles."""
    a, b = (blurred(v, grid, 1.0)[region] for v in (first, other))
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
    difference: np.ndarray, region: np.ndarray, grid: Geometry, sigma_mm: float, progress=SILENT
) -> np.ndarray:
    """The difference smoothed inside the region, without the voxels that differ by more than 3 robust SD."""
    center, sd = median_and_sd(difference[region])
    weight = (region & (np.abs(difference - center) <= 3 * sd + 1e-9)).astype(np.float32)
    amount = blurred(weight, grid, sigma_mm)
    progress(0.5, "Removing the smooth difference")
    sums = blurred(difference * weight, grid, sigma_mm)
    return np.where(amount > 1e-3, sums / np.maximum(amount, 1e-3), center)


def blurred(values: np.ndarray, grid: Geometry, sigma_mm: float) -> np.ndarray:
    """Values (z, y, x) smoothed by a Gaussian of this SD in mm."""
    sigma = [sigma_mm / s for s in reversed(grid.spacing)]
    if sigma_mm < 5:
        return ndimage.gaussian_filter(values.astype(np.float32), sigma, mode="nearest", truncate=3)
    # a wide kernel recursively: its cost does not grow with the width
    image = sitk.GetImageFromArray(values.astype(np.float32))
    for axis, s in enumerate(reversed(sigma)):
        if image.GetSize()[axis] >= 4:
            image = sitk.RecursiveGaussian(image, s, False, sitk.RecursiveGaussianImageFilter.ZeroOrder, axis)
    return sitk.GetArrayFromImage(image)
