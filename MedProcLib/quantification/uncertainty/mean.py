"""How well the mean of a segment's values is known."""

import math

import numpy as np
from scipy import ndimage

from ...core.noise import noise_sd
from .interval import TWO_SIDED_95, Interval
from .volume import volume_interval

# Noise is correlated over at most so many voxels along an axis, and is learned from at least so many voxels.
LARGEST_LAG = 4
FEWEST_VOXELS = 60
# Layers at the border where the blur mixes object and surroundings.
BORDER_LAYERS = 2
# Of a larger array the noise is learned in the middle.
LONGEST_SIDE = 96
# Values that vary by more than this many times the noise, as it shows from voxel to voxel, do so by structure. Then
# a voxel is taken to share its noise with its neighbors as linear interpolation makes them: as so many voxels do.
MOST_NOISE, SHARED = 2.0, 8.0


def mean_intensity_interval(mask: np.ndarray, values: np.ndarray, spacing: tuple[float, float, float]) -> Interval:
    """95 % interval of the mean value that the body has in an image without noise, in the image's unit.

    mask: bool, values: of the image, both (z, y, x), best with 4 voxels of the surroundings; spacing: x, y, z in mm.
    Two errors: the noise of the voxels, whose correlation is measured inside the body and around it, away from the
    border, unless anatomy there outweighs the noise (variance of a mean of correlated values: Priestley, Spectral
    Analysis and Time Series, 1981); and the voxels at the border, of which those within the mask are a matter of the
    grid: the interval of the volume (of its logarithm) times how far the border's level is from the mean. Blur is part
    of the image: the mean is that of what the image shows within the body. NaN where no voxel inside has a number.
    """
    inside = mask & np.isfinite(values)
    count = np.count_nonzero(inside)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan)
    largest = float(np.abs(values[inside]).max()) or 1.0
    image = np.where(np.isfinite(values), values, 0).astype(np.float64) / largest
    mean = float(image[inside].mean())
    border = ndimage.binary_dilation(inside) & ~ndimage.binary_erosion(inside) & np.isfinite(values)
    step = float(np.clip(image[border], -1e6, 1e6).mean()) - mean if border.any() else 0.0
    volume = volume_interval(mask, spacing)
    of_border = [step * math.log(end / volume.estimate) for end in (volume.low, volume.high)]
    of_noise = TWO_SIDED_95 * math.sqrt(_variance_of_mean(inside, image, np.isfinite(values), spacing))
    low, high = (math.hypot(end(0.0, *of_border), of_noise) for end in (min, max))
    return Interval((mean - low) * largest, (mean + high) * largest, mean * largest)


def _variance_of_mean(inside: np.ndarray, image: np.ndarray, valid: np.ndarray, spacing: tuple[float, ...]) -> float:
    count = np.count_nonzero(inside)
    chosen = tuple(slice(max(0, (n - LONGEST_SIDE) // 2), (n + LONGEST_SIDE) // 2) for n in inside.shape)
    part, seen = inside[chosen], valid[chosen]
    depth = ndimage.distance_transform_cdt(np.pad(part, 1), "chessboard")[1:-1, 1:-1, 1:-1]
    away = ndimage.distance_transform_cdt(~part, "chessboard") if not part.all() else np.zeros(part.shape)
    regions = [depth > BORDER_LAYERS, (away > BORDER_LAYERS) & seen]
    regions = [region for region in regions if np.count_nonzero(region) >= FEWEST_VOXELS]
    if not regions:
        return noise_sd(image, spacing[::-1], inside) ** 2 / count
    covariance = _covariance(regions, image[chosen])
    noise = noise_sd(image, spacing[::-1], inside)
    if 0 < (MOST_NOISE * noise) ** 2 < float(covariance.max()):
        return SHARED * noise**2 / count
    share = _autocorrelation(part.astype(float)) / np.count_nonzero(part) if part.any() else np.ones(covariance.shape)
    return max(float((covariance * share).sum()), float(covariance.max()) / 2) / count


def _covariance(regions: list[np.ndarray], image: np.ndarray) -> np.ndarray:
    """Covariance of the noise of two voxels by how far apart they are (lags of LARGEST_LAG at most, z, y, x)."""
    pairs = [_autocorrelation(region.astype(float)) for region in regions]
    total = np.maximum(sum(pairs), 0.5)
    products = sum(_autocorrelation(np.where(region, image - image[region].mean(), 0.0)) for region in regions)
    measured = covariance = products / total
    # with the regions' own means went the share of the noise that all their voxels have in common
    for _ in range(5):
        common = [max(0.0, float((covariance * own).sum())) / float(own.max()) ** 2 for own in pairs]
        covariance = measured + sum(own * shared for own, shared in zip(pairs, common, strict=True)) / total
    return covariance


def _autocorrelation(values: np.ndarray) -> np.ndarray:
    """Sums of products of values that lie up to LARGEST_LAG voxels apart, lags from - to + along each axis."""
    shape = [n + LARGEST_LAG for n in values.shape]
    spectrum = np.fft.rfftn(values, shape, axes=(0, 1, 2))
    sums = np.fft.irfftn(np.abs(spectrum) ** 2, shape, axes=(0, 1, 2))
    lags = np.arange(-LARGEST_LAG, LARGEST_LAG + 1)
    near = [np.where(np.abs(lags) < n, lags, 0) for n in values.shape]
    result = sums[np.ix_(*near)]
    for axis, n in enumerate(values.shape):
        apart = [slice(None)] * 3
        apart[axis] = np.abs(lags) >= n
        result[tuple(apart)] = 0
    return result
