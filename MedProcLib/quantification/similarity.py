"""How alike two images on one grid are. Arrays are float, z, y, x, with finite values everywhere; region: bool.

All raise Undefined where there is nothing to measure.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.progress import SILENT, Progress
from .quality_definitions import Undefined
from .quality_regions import slabs

MI_BINS = 100
SSIM_SD = 1.5
SSIM_RADIUS = 5  # of the Gaussian cut at 3.5 standard deviations: a window of 11, as in the paper
K1, K2 = 0.01, 0.03
# Voxels of a slab; about a dozen arrays of this size in float64 are held at a time by each thread.
SLAB_VOXELS = 2_000_000
# More voxels than this make a mean over neighborhoods no better: slabs are left out.
ENOUGH_VOXELS = 20_000_000
MOST_THREADS = 4


def root_mean_square_error(image: np.ndarray, reference: np.ndarray, region: np.ndarray) -> float:
    """In the unit of the values."""
    total = sum(float(np.sum((a - b) ** 2)) for a, b in _pairs(image, reference, region))
    return float(np.sqrt(total / np.count_nonzero(region)))


def value_range(values: np.ndarray, region: np.ndarray) -> float:
    """Largest minus smallest value in the region."""
    low = np.min(values, where=region, initial=np.inf)
    return float(np.max(values, where=region, initial=-np.inf)) - float(low)


def peak_signal_to_noise_ratio(rmse: float, data_range: float) -> float:
    """In dB."""
    if not data_range > 0:
        raise Undefined("the reference is constant in the region")
    if rmse == 0:
        raise Undefined("the image equals the reference, so the ratio is infinite")
    return 20 * float(np.log10(data_range / rmse))


def structural_similarity(
    image: np.ndarray, reference: np.ndarray, region: np.ndarray, data_range: float, progress: Progress = SILENT
) -> tuple[float, str]:
    """Mean structural similarity (Wang et al., IEEE TIP 13(4), 2004) and the axes (of "zyx") its window extends along.

    Gaussian of 1.5 voxels, along axes of 11 voxels or more; as in scikit-image with `gaussian_weights`, voxels nearer
    than 5 to the border are left out along them.
    """
    axes = [axis for axis in range(3) if image.shape[axis] > 2 * SSIM_RADIUS]
    if len(axes) < 2:
        raise Undefined("the image is less than 11 voxels wide")
    if not data_range > 0:
        raise Undefined("the reference is constant in the region")
    box = tuple(slice(SSIM_RADIUS, -SSIM_RADIUS) if axis in axes else slice(None) for axis in range(3))
    inner = region[box]
    if not inner.any():
        raise Undefined("the region lies within 5 voxels of the image's border")
    margin = SSIM_RADIUS if 0 in axes else 0
    sd = [SSIM_SD if axis in axes else 0.0 for axis in range(3)]

    def slab_sum(slab: slice) -> float:
        progress.check()
        if not inner[slab].any():
            return 0.0
        wide = slice(slab.start, slab.stop + 2 * margin)  # inner begins `margin` slices later
        similarity = _similarity(image[wide], reference[wide], sd, margin, data_range)
        return float(np.sum(similarity[(slice(None), *box[1:])], where=inner[slab]))

    parts = some_slabs(inner.shape)
    count = sum(int(np.count_nonzero(inner[part])) for part in parts)
    if count == 0:
        raise Undefined("the region has no voxel in the slices that were taken")
    threads = min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads())
    total = 0.0
    with ThreadPoolExecutor(threads) as workers:
        for number, part in enumerate(workers.map(slab_sum, parts), 1):
            total += part
            progress(number / len(parts), "Comparing structures")
    return total / count, "".join("zyx"[axis] for axis in axes)


def mutual_information(image: np.ndarray, reference: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """Mutual information in bits, and normalized (Studholme 1999: sum of the entropies over the joint one, 1 to 2)."""
    scales = []
    for values in (image, reference):
        width = value_range(values, region)
        if not width > 0:
            raise Undefined("one of the images is constant in the region")
        scales.append((float(np.min(values, where=region, initial=np.inf)), MI_BINS / width))
    joint = np.zeros(MI_BINS**2, np.int64)
    for a, b in _pairs(image, reference, region):
        first, second = (_bins(values, *scale) for values, scale in zip((a, b), scales, strict=True))
        joint += np.bincount(first * MI_BINS + second, minlength=MI_BINS**2)
    table = joint.reshape(MI_BINS, MI_BINS)
    apart = entropy_bits(table.sum(0)) + entropy_bits(table.sum(1))
    together = entropy_bits(joint)
    return max(0.0, apart - together), apart / together


def gradient_correlation(
    image: np.ndarray, reference: np.ndarray, region: np.ndarray, spacing_zyx: tuple[float, ...]
) -> float:
    """Correlation coefficient of the magnitudes of the gradients (central differences, per mm) in the region."""
    axes = [axis for axis in range(3) if image.shape[axis] > 1]
    if not axes:
        raise Undefined("the image is a single voxel")
    sums = np.zeros(6)
    for slab in some_slabs(image.shape):
        wide = slice(max(0, slab.start - 1), min(image.shape[0], slab.stop + 1))
        kept = slice(slab.start - wide.start, slab.stop - wide.start)
        chosen = region[slab]
        a, b = (_gradient(values[wide], spacing_zyx, axes)[kept][chosen] for values in (image, reference))
        sums += a.size, a.sum(), b.sum(), a @ a, b @ b, a @ b
    count, a1, b1, aa, bb, ab = sums
    spread = (count * aa - a1**2) * (count * bb - b1**2)
    if not spread > 1e-24 * (count * aa) * (count * bb):
        raise Undefined("one of the images has no edges in the region")
    return float((count * ab - a1 * b1) / np.sqrt(spread))


def some_slabs(shape: tuple[int, ...]) -> list[slice]:
    """Slabs along the first axis, evenly left out of a very large volume."""
    parts = list(slabs(shape, SLAB_VOXELS))
    every = min(len(parts), -(-math.prod(shape) // ENOUGH_VOXELS))
    return parts[every // 2 :: every]


def entropy_bits(counts: np.ndarray) -> float:
    """Entropy in bits of a histogram."""
    share = counts[counts > 0] / counts.sum()
    return max(0.0, -float(np.sum(share * np.log2(share))))


def _pairs(image: np.ndarray, reference: np.ndarray, region: np.ndarray):
    """The region's values of both, a slab at a time."""
    for slab in slabs(image.shape):
        chosen = region[slab]
        yield image[slab][chosen].astype(np.float64), reference[slab][chosen].astype(np.float64)


def _similarity(
    image: np.ndarray, reference: np.ndarray, sd: list[float], margin: int, data_range: float
) -> np.ndarray:
    """Of the slices but for the margin at both ends."""
    x, y = image.astype(np.float64), reference.astype(np.float64)
    mean_x, mean_y = _smooth(x, sd, margin), _smooth(y, sd, margin)
    product = mean_x * mean_y
    squares = mean_x**2 + mean_y**2
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    numerator = (2 * product + c1) * (2 * (_smooth(x * y, sd, margin) - product) + c2)
    x *= x
    y *= y
    x += y
    return numerator / ((squares + c1) * (_smooth(x, sd, margin) - squares + c2))


def _smooth(values: np.ndarray, sd: list[float], margin: int) -> np.ndarray:
    """Across the slices first: the margin is spared the rest."""
    if margin:
        values = ndimage.gaussian_filter1d(values, sd[0], 0, truncate=3.5)[margin:-margin]
    return ndimage.gaussian_filter(values, [0.0, *sd[1:]], truncate=3.5)


def _gradient(values: np.ndarray, spacing_zyx: tuple[float, ...], axes: list[int]) -> np.ndarray:
    parts = [np.gradient(values.astype(np.float64), spacing_zyx[axis], axis=axis) ** 2 for axis in axes]
    return np.sqrt(np.sum(parts, axis=0))


def _bins(values: np.ndarray, low: float, per_unit: float) -> np.ndarray:
    return np.clip(((values - low) * per_unit).astype(np.int64), 0, MI_BINS - 1)
