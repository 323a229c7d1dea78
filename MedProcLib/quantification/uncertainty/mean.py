"""How well the mean of a segment's values is known."""

import math

import numpy as np
from scipy import ndimage, special

from ...core.noise import FINE_LAG, white_noise_sd
from .interval import TWO_SIDED_95, Interval
from .volume import volume_interval

# Noise is correlated over at most so many voxels along an axis, over fewer where those two apart are less alike than
# this (SD of 1 voxel), and is learned from at least so many voxels.
LARGEST_LAG, SHORTER_LAG, SMOOTH = 6, 4, 0.35
FEWEST_VOXELS = 60
# Of the lags (z, y, x): how many voxels along an axis.
LAGS = np.max(np.abs(np.indices([2 * LARGEST_LAG + 1] * 3) - LARGEST_LAG), axis=0)
# Layers at the border where the blur mixes object and surroundings.
BORDER_LAYERS = 2
# Of a larger array the noise is learned in the middle.
LONGEST_SIDE = 96
# Values that vary by more than MOST_NOISE times the noise, as differences of voxels two apart show it, do so by smooth
# noise, which is alike there (by 0.38 where the noise reads half, in both axes), or by structure, which is not. What is
# alike twice as far apart is structure too, where there is more than a little: by so much more than Gaussian noise that
# is as alike two apart, or by more than noise ever is (0.4 with an SD of 2 voxels); tissue around organs and lesions of
# CT, MR and PET is by 0.1 to 0.6 more. Where there is nothing else, a voxel is taken to share its noise with its
# neighbors as linear interpolation makes them: as so many voxels do.
MOST_NOISE, ALIKE, LITTLE, STILL_ALIKE, MOST_ALIKE, SHARED = 2.0, 0.25, 1.2, 0.12, 0.4, 8.0
# Of a large body in a small image hardly more than its own voxels are known: the factor is 3.2 at most instead of 1.96.
LEAST_FREEDOM = 3.0


def mean_intensity_interval(mask: np.ndarray, values: np.ndarray, spacing: tuple[float, float, float]) -> Interval:
    """95 % interval of the mean value that the body has in an image without noise, in the image's unit.

    mask: bool, values: of the image, both (z, y, x), best with 4 voxels of the surroundings; spacing: x, y, z in mm.
    Two errors: the noise of the voxels, whose correlation is measured inside the body and around it, away from the
    border, where anatomy does not outweigh the noise (variance of a mean of correlated values: Priestley, Spectral
    Analysis and Time Series, 1981); and the voxels at the border, of which those within the mask are a matter of the
    grid: what the interval of the volume leaves open has the border's level, half-way between the voxels on both sides.
    Blur is part of the image: the mean is that of what the image shows within the body. NaN where no voxel inside has a
    number.
    """
    inside = mask & np.isfinite(values)
    count = np.count_nonzero(inside)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan)
    largest = float(np.abs(values[inside]).max()) or 1.0
    image = np.where(np.isfinite(values), values, 0).astype(np.float64) / largest
    mean = float(image[inside].mean())
    step = _border_level(inside, image, np.isfinite(values), spacing) - mean
    volume = volume_interval(mask, spacing)
    # what a smaller body lacks, and what a larger one has beside, is as bright as the border
    of_border = [step * math.log(volume.low / volume.estimate), step * (1 - volume.estimate / volume.high)]
    of_noise = _noise_of_mean(inside, image, np.isfinite(values), spacing)
    low, high = (math.hypot(end(0.0, *of_border), of_noise) for end in (min, max))
    return Interval((mean - low) * largest, (mean + high) * largest, mean * largest)


def _border_level(
    inside: np.ndarray, image: np.ndarray, valid: np.ndarray, spacing: tuple[float, float, float]
) -> float:
    """Mean level between the voxels on both sides of the border, by the area of their common face.

    Of a body a few voxels wide there are many more voxels around the border than within it, and their mean is far below
    the level at the border itself.
    """
    total = area = 0.0
    for axis, side in enumerate(reversed(spacing)):
        first, second = (np.moveaxis(each, axis, 0) for each in (inside, valid))
        values = np.clip(np.moveaxis(image, axis, 0), -1e6, 1e6)
        faces = (first[1:] != first[:-1]) & second[1:] & second[:-1]
        face = 1 / side  # but for a factor
        total += face * float((values[1:][faces] + values[:-1][faces]).sum()) / 2
        area += face * np.count_nonzero(faces)
    return total / area if area else float(image[inside].mean())


def _noise_of_mean(inside: np.ndarray, image: np.ndarray, valid: np.ndarray, spacing: tuple[float, ...]) -> float:
    """How far noise moves the mean, either way, in 95 of 100.

    The variance of the mean is a weighted sum of covariances by lag, as a spectral estimate is, and known no better:
    with 1 / (sum of squared weights by their pairs of voxels) degrees of freedom (Priestley, 6.2.4).
    """
    count = np.count_nonzero(inside)
    chosen = tuple(slice(max(0, (n - LONGEST_SIDE) // 2), (n + LONGEST_SIDE) // 2) for n in inside.shape)
    part, seen = inside[chosen], valid[chosen]
    depth = ndimage.distance_transform_cdt(np.pad(part, 1), "chessboard")[1:-1, 1:-1, 1:-1]
    away = ndimage.distance_transform_cdt(~part, "chessboard") if not part.all() else np.zeros(part.shape)
    regions = [depth > BORDER_LAYERS, (away > BORDER_LAYERS) & seen]
    regions = [region for region in regions if np.count_nonzero(region) >= FEWEST_VOXELS]
    noise = white_noise_sd(image, spacing[::-1], inside)
    if not regions:
        return TWO_SIDED_95 * noise / math.sqrt(count)
    regions = [
        region for region in regions if not _shows_structure(_covariance([region], image[chosen]), noise, spacing)
    ]
    if not regions:
        return TWO_SIDED_95 * noise * math.sqrt(SHARED / count)
    covariance = _covariance(regions, image[chosen])
    reach = LARGEST_LAG if _alike(covariance, FINE_LAG, spacing) > SMOOTH else SHORTER_LAG
    share = _autocorrelation(part.astype(float)) / np.count_nonzero(part) if part.any() else np.ones(covariance.shape)
    share = np.where(reach >= LAGS, share, 0.0)
    pairs = np.sum([_autocorrelation(region.astype(float)) for region in regions], axis=0)
    # what values so far apart have in common is anatomy, and as much of it nearer by
    last = reach == LAGS
    covariance = covariance - np.average(covariance[last], weights=np.maximum(pairs[last], 0.5))
    # of values that are all alike rounding can leave less than nothing
    variance = max(float((covariance * share).sum()), float(covariance.max()) / 2, 0.0) / count
    freedom = 1 / float((share**2 / np.maximum(pairs, 1)).sum())
    return float(special.stdtrit(max(freedom, LEAST_FREEDOM), 0.975)) * math.sqrt(variance)


def _alike(covariance: np.ndarray, lag: int, spacing: tuple[float, ...]) -> float:
    """How alike, 1 at most, values are that lie a lag apart along the two finest axes."""
    finest = np.argsort(spacing[::-1], kind="stable")[:2]
    places = [[LARGEST_LAG + lag * (at == axis) for at in range(3)] for axis in finest]
    return float(np.mean([covariance[tuple(place)] for place in places])) / max(float(covariance.max()), 1e-300)


def _shows_structure(covariance: np.ndarray, noise: float, spacing: tuple[float, ...]) -> bool:
    """Whether a region's values, of which this is the covariance by lag, vary by anatomy rather than by noise."""
    variance = float(covariance.max())
    near, far = _alike(covariance, FINE_LAG, spacing), _alike(covariance, 2 * FINE_LAG, spacing)
    if not 0 < (LITTLE * noise) ** 2 < variance:
        return False
    smooth = far > min(max(near, 0.0) ** 4 + STILL_ALIKE, MOST_ALIKE)
    return smooth or (near < ALIKE and (MOST_NOISE * noise) ** 2 < variance)


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
