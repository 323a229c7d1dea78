"""Where figures of image quality are taken: the region, and two tissues in it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.errors import InputError
from ..core.geometry import require_same_grid, require_scalar
from ..core.listing import listed
from ..core.progress import SILENT, Progress
from ..core.voxels import NO_NUMBER, foreground
from .mixture import fit_mixture, usual
from .quality_definitions import Undefined

# Thresholds and percentiles are taken from about so many voxels at most.
SAMPLED_VOXELS = 2_000_000
# Where a mixture of two equal components has two peaks: the means lie further apart than both deviations together.
RESOLVED = 1.0
# Each of two tissues makes up this share of the region at least.
SMALLEST_SHARE = 0.05
FEWEST_VOXELS = 30
# and, without the voxels beside the other one, at least this: of the rim around a head 0.5 % was left, of tissues 3 %
SMALLEST_CORE = 0.01
# Values between these percentiles of the region are brought to one scale before images are averaged.
SCALE_PERCENTILES = (1, 99)
# Side in voxels of the neighborhood, in the plane of the two finest axes, whose mean says which tissue a voxel is.
NEIGHBORHOOD = 3
NO_TISSUES = "no two tissues stand apart in the region's values: give two labels"


@dataclass(frozen=True)
class QualityRegions:
    """Where figures are taken (array of bool; z, y, x, or y, x in 2D), and what the two tissues are, also in words.

    first, second: the voxels of two tissues; None where there are none, `tissues` then says why.
    """

    region: np.ndarray
    found: str
    first: np.ndarray | None = None
    second: np.ndarray | None = None
    tissues: str = NO_TISSUES


def find_regions(
    images: Sequence[sitk.Image],
    mask: sitk.Image | None = None,
    labels: sitk.Image | None = None,
    first_label: int | None = None,
    second_label: int | None = None,
    progress: Progress = SILENT,
) -> QualityRegions:
    """The voxels that figures of these images on one grid are taken from, the same for all of them.

    The region is the mask, or what Otsu's threshold finds to be foreground in every image. The tissues are
    - two labels: those named, or the only two there are;
    - without labels the darker and the brighter voxels of the region, told apart where two normal distributions
      fitted to the values meet, when these stand apart. So that none of several images is favored, it is their mean
      that is looked at, each brought to the same scale, and averaged over 3 x 3 voxels. Voxels beside another
      tissue, which may hold both, are left out;
    - otherwise, without a mask, the background and the foreground.
    Voxels without a number are left out. Raises InputError for other grids, an empty mask or missing labels, Cancelled.
    """
    progress(0.0, "Looking for tissues")
    for image in images:
        require_scalar(image)
        require_same_grid(images[0], image, "the images")
    views = [sitk.GetArrayViewFromImage(image) for image in images]
    valid = _valid(views)
    if mask is not None:
        require_scalar(mask, "The mask")
        require_same_grid(images[0], mask, "the image and its mask")
        region = valid & (sitk.GetArrayViewFromImage(mask) != 0)
        if not region.any():
            raise InputError("The mask selects no voxel that holds a number; draw it where the image has values.")
        found = "mask"
    else:
        region, found = _foreground(views, valid)
    if labels is not None:
        return _labelled(region, found, valid, images[0], labels, first_label, second_label)
    progress(0.3, "Looking for tissues")
    pair = _two_tissues(views, region, images[0].GetSpacing()[::-1], progress.part(0.3, 1))
    if pair is not None:
        of_mean = "" if len(views) == 1 else ", by the images' mean"
        return QualityRegions(region, found, *pair, tissues=f"darker and brighter tissue of the region{of_mean}")
    background = valid & ~region
    if mask is None and background.any():
        return QualityRegions(region, found, background, region, tissues="background and foreground (Otsu)")
    return QualityRegions(region, found)


def sample(view: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Values of the region, evenly left out when there are very many."""
    return view.reshape(-1)[_sampled_indices(region)]


def slabs(shape: tuple[int, ...], voxels: int = SAMPLED_VOXELS) -> Iterator[slice]:
    """Slices along the first axis that hold about so many voxels each."""
    thickness = max(1, voxels // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], thickness):
        yield slice(start, min(start + thickness, shape[0]))


def _valid(views: list[np.ndarray]) -> np.ndarray:
    valid = np.ones(views[0].shape, bool)
    for view in views:
        if view.dtype.kind == "f":
            valid &= np.isfinite(view)
    if not valid.any():
        raise InputError(NO_NUMBER if len(views) == 1 else "No voxel holds a number in all of the images.")
    return valid


def _foreground(views: list[np.ndarray], valid: np.ndarray) -> tuple[np.ndarray, str]:
    region = valid.copy()
    for view in views:
        values = usual(sample(view, valid))
        if not np.ptp(values) > 0:
            return valid, "all voxels (there is no foreground in a constant image)"
        region &= view >= values[foreground(values, np.ones(values.shape, bool))].min()
    if not region.any():
        return valid, "all voxels (the images have no foreground in common)"
    return region, "foreground (Otsu)" if len(views) == 1 else "foreground of every image (Otsu)"


def _labelled(
    region: np.ndarray,
    found: str,
    valid: np.ndarray,
    image: sitk.Image,
    labels: sitk.Image,
    first: int | None,
    second: int | None,
) -> QualityRegions:
    require_scalar(labels, "The label map")
    require_same_grid(image, labels, "the image and the label map of its regions")
    numbers = sitk.GetArrayViewFromImage(labels)
    chosen = _two_labels(numbers, first, second)
    pair = [valid & (numbers == number) for number in chosen]
    for number, part in zip(chosen, pair, strict=True):
        if not part.any():
            raise InputError(f"Label {number} has no voxel that holds a number in the image.")
    return QualityRegions(region, found, pair[0], pair[1], tissues=f"labels {chosen[0]} and {chosen[1]}")


def _two_labels(numbers: np.ndarray, first: int | None, second: int | None) -> tuple[int, int]:
    there = [int(number) for number in np.unique(numbers) if number != 0]
    known = listed(there, 20) or "none"
    if first is None and second is None:
        if len(there) != 2:
            raise InputError(f"Say which two labels to compare; the label map has: {known}.")
        return there[0], there[1]
    if first is None or second is None or first == second:
        raise InputError(f"Two different labels are needed for the two regions; the label map has: {known}.")
    for number in (first, second):
        if number not in there:
            raise InputError(f"Label {number} is nowhere in the label map; it has: {known}.")
    return first, second


def _two_tissues(
    views: list[np.ndarray], region: np.ndarray, spacing_zyx: tuple[float, ...], progress: Progress
) -> tuple[np.ndarray, np.ndarray] | None:
    """The darker and the brighter voxels; None when they do not stand apart."""
    ranges = [np.percentile(sample(view, region).astype(np.float64), SCALE_PERCENTILES) for view in views]
    if not all(high > low for low, high in ranges):
        return None
    mean = _local_mean(views, ranges, region, spacing_zyx, progress.part(0, 0.7))
    try:
        fit = fit_mixture(sample(mean, region), 2)
    except Undefined:
        return None
    apart = fit.means[1] - fit.means[0]
    if not fit.sds.sum() < RESOLVED * apart or fit.shares.min() < SMALLEST_SHARE:
        return None
    bright = mean > fit.border()
    size = _neighborhood(spacing_zyx)
    dark, bright = (ndimage.minimum_filter(part, size) for part in (region & ~bright, region & bright))
    fewest = max(FEWEST_VOXELS, SMALLEST_CORE * np.count_nonzero(region))
    return (dark, bright) if min(np.count_nonzero(dark), np.count_nonzero(bright)) >= fewest else None


def _local_mean(
    views: list[np.ndarray],
    ranges: list[np.ndarray],
    region: np.ndarray,
    spacing_zyx: tuple[float, ...],
    progress: Progress,
) -> np.ndarray:
    """Mean of the scaled images over a neighborhood in the plane of the finest axes, of the region's voxels alone."""
    size = _neighborhood(spacing_zyx)
    margin = size[0] // 2
    result = np.zeros(region.shape, np.float32)
    for slab in slabs(region.shape):
        progress(slab.start / region.shape[0], "Looking for tissues")
        wide = slice(max(0, slab.start - margin), slab.stop + margin)
        kept = slice(slab.start - wide.start, slab.stop - wide.start)
        inside = region[wide]
        total = np.zeros(inside.shape)
        for view, (low, high) in zip(views, ranges, strict=True):
            total[inside] += (view[wide][inside] - low) / (high - low) / len(views)
        share = ndimage.uniform_filter(inside.astype(np.float64), size)
        total = ndimage.uniform_filter(total, size)[kept]
        result[slab] = np.divide(total, share[kept], out=np.zeros(total.shape), where=region[slab])
    return result


def _neighborhood(spacing_zyx: tuple[float, ...]) -> list[int]:
    finest = sorted(range(len(spacing_zyx)), key=lambda axis: (spacing_zyx[axis], -axis))[:2]
    return [NEIGHBORHOOD if axis in finest else 1 for axis in range(len(spacing_zyx))]


def _sampled_indices(region: np.ndarray) -> np.ndarray:
    """Flat indices of the region's voxels, every n-th when there are very many; n fits no side of the image."""
    flat = region.reshape(-1)
    count = int(np.count_nonzero(flat))
    step = max(1, math.ceil(count / SAMPLED_VOXELS))
    while any(math.gcd(step, side) > 1 for side in region.shape):
        step += 1
    chosen = np.flatnonzero(flat[::step]) * step
    return chosen if chosen.size else np.flatnonzero(flat)
