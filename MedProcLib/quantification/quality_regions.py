"""Where figures of image quality are taken: the region, and two tissues in it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import require_same_grid, require_scalar
from ..core.voxels import NO_NUMBER, foreground
from .mixture import best_mixture, fit_mixture, usual
from .quality_definitions import Undefined

# Thresholds and percentiles are taken from about so many voxels at most.
SAMPLED_VOXELS = 2_000_000
# Where a mixture of two equal components has two peaks: the means lie further apart than both deviations together.
RESOLVED = 1.0
# Each of two tissues makes up this share of the region at least.
SMALLEST_SHARE = 0.05
NO_TISSUES = "no two tissues stand apart in the region's values: give two labels"


@dataclass(frozen=True)
class QualityRegions:
    """Where figures are taken (array of bool; z, y, x, or y, x in 2D), and what the two tissues are, also in words.

    first, second: the voxels of two tissues. Or mixture: the number of components of a mixture of normal distributions
    (see mixture.py), and which two of them are the tissues. Without either `tissues` says why.
    """

    region: np.ndarray
    found: str
    first: np.ndarray | None = None
    second: np.ndarray | None = None
    mixture: tuple[int, int, int] | None = None
    tissues: str = NO_TISSUES


def find_regions(
    images: Sequence[sitk.Image],
    mask: sitk.Image | None = None,
    labels: sitk.Image | None = None,
    first_label: int | None = None,
    second_label: int | None = None,
) -> QualityRegions:
    """The voxels that figures of these images on one grid are taken from, the same for all of them.

    The region is the mask, or what Otsu's threshold finds to be foreground in every image. The tissues are
    - two labels: those named, or the only two there are;
    - without labels the two largest components of the region's values as a mixture of two or three normal
      distributions, when they stand apart in every image;
    - otherwise, without a mask, the background and the foreground.
    Voxels without a number are left out. Raises InputError for other grids, an empty mask or missing labels.
    """
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
    mixture = _mixture([sample(view, region) for view in views])
    if mixture is not None:
        how = f"two largest of {mixture[0]} normal distributions fitted to the region's values"
        return QualityRegions(region, found, mixture=mixture, tissues=how)
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
    listed = ", ".join(map(str, there[:20])) or "none"
    if first is None and second is None:
        if len(there) != 2:
            raise InputError(f"Say which two labels to compare; the label map has: {listed}.")
        return there[0], there[1]
    if first is None or second is None or first == second:
        raise InputError(f"Two different labels are needed for the two regions; the label map has: {listed}.")
    for number in (first, second):
        if number not in there:
            raise InputError(f"Label {number} is nowhere in the label map; it has: {listed}.")
    return first, second


def _mixture(samples: list[np.ndarray]) -> tuple[int, int, int] | None:
    """How many components, and which two are the tissues; None when they do not stand apart in every image."""
    try:
        first = best_mixture(samples[0])
        fits = [first, *(fit_mixture(values, len(first.means)) for values in samples[1:])]
    except Undefined:
        return None
    low, high = sorted(int(number) for number in np.argsort(first.shares)[-2:])
    for fit in fits:
        apart = fit.means[high] - fit.means[low]
        if not fit.sds[low] + fit.sds[high] < RESOLVED * apart or min(fit.shares[[low, high]]) < SMALLEST_SHARE:
            return None
    return len(first.means), low, high


def _sampled_indices(region: np.ndarray) -> np.ndarray:
    """Flat indices of the region's voxels, every n-th when there are very many; n fits no side of the image."""
    flat = region.reshape(-1)
    count = int(np.count_nonzero(flat))
    step = max(1, math.ceil(count / SAMPLED_VOXELS))
    while any(math.gcd(step, side) > 1 for side in region.shape):
        step += 1
    chosen = np.flatnonzero(flat[::step]) * step
    return chosen if chosen.size else np.flatnonzero(flat)
