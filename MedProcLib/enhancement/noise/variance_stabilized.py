"""Denoising of counts: made equally noisy everywhere, denoised, and turned back without bias."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from scipy import ndimage, special

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.noise import LAG, finest_axes, second_difference, some_slices
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.shared_noise import blur_of, visible
from .gaussian import Gaussian
from .non_local_means import NonLocalMeans
from .wavelet_shrinkage import WaveletShrinkage

# Up to this mean count the inverse comes from a table, above it from its asymptotic form, exact to 3e-4 there.
TABLE_ENDS = 60.0
# The mean-variance relation is fitted on this many classes of brightness, of at least this many voxels each.
CLASSES, FEWEST = 24, 200
# A larger share of negative voxels than this does not come from noise around zero.
MOST_NEGATIVE = 0.5
# Non-local means searches at least so many voxels far.
LEAST_SEARCH = 2.0
# power of the brightness with which the variance grows: 0 for equal noise, 1 for counts, and between them
GROWS = 0.7
# median of the squared second difference of normal noise, relative to its variance
MEDIAN_OF_SQUARE = 0.45494


@dataclass(frozen=True)
class _Learned:
    """per_count: intensity of one count, or 0 where the noise is equal everywhere; noise: its SD then."""

    per_count: float
    noise: float
    of_denoiser: Any


@operation(
    "enhancement.variance_stabilized",
    title="Denoise counts (Anscombe)",
    gives="image",
    source="Anscombe, Biometrika 35, 1948; exact unbiased inverse: Makitalo & Foi, IEEE TIP 20(1), 2011",
)
class VarianceStabilized(ImageFilter):
    """Denoise an image whose noise grows with the signal as that of counts does: PET, SPECT, scintigraphy.

    A square root makes the noise equal everywhere, a denoiser removes it, and the exact inverse keeps mean activities.
    The intensity of one count is measured where the image is smooth; images reconstructed by iteration follow the
    relation only roughly, and where the noise turns out to be equal already, no root is taken. Negative values, which
    counts cannot have, are taken as 0; images in which they are many (CT, subtracted background) are refused.
    """

    denoiser: Annotated[
        Literal["non_local_means", "wavelet", "gaussian"], "what removes the noise once it is equal everywhere"
    ] = "non_local_means"
    smoothing_mm: Annotated[
        float,
        Range(0.2, 50, "mm"),
        "search radius (at least 2 voxels); for wavelets size of the largest details; SD of the Gaussian",
    ] = 3.0
    intensity_per_count: Annotated[float, Range(0, 1e30), "intensity of one count; 0 to measure it"] = 0.0

    farthest = 600
    learning_share = 0.4

    def _denoiser(self, grid: Geometry) -> Any:
        if self.denoiser == "gaussian":
            return Gaussian(sd_mm=self.smoothing_mm)
        if self.denoiser == "wavelet":
            return WaveletShrinkage(noise=1.0, coarsest_mm=self.smoothing_mm)
        # of the plane of the two finest axes
        sides = sorted(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1)[:2]
        search = max([self.smoothing_mm, *(LEAST_SEARCH * s for s in sides)])
        return NonLocalMeans(noise=1.0, search_radius_mm=float(np.clip(search, 0.5, 30)))

    def margin(self, grid):
        return self._denoiser(grid).margin(grid)

    def learn(self, values, region, grid, progress=SILENT):
        share = np.count_nonzero((values < 0) & region) / np.count_nonzero(region)
        if share > MOST_NEGATIVE or not float(values.max(where=region, initial=0)) > 0:
            raise InputError(
                f"Counts cannot be negative, but {100 * share:.0f} % of this image is: use a denoiser for equal noise."
            )
        per_count, noise = self.intensity_per_count, 0.0
        if not per_count:
            per_count, noise = noise_model(values, region, grid.spacing[::-1])
        progress(0.5)
        if not per_count + noise > 0:
            return None
        # the noise is known to be 1, so the denoiser learns the same from any values
        stand_in = np.arange(2.0**values.ndim).reshape((2,) * values.ndim)
        of_denoiser = self._denoiser(grid).learn(stand_in, stand_in >= 0, grid, progress)
        return _Learned(per_count, noise, of_denoiser)

    def apply(self, values, region, place, learned, progress=SILENT):
        if learned is None:
            return values
        scale = learned.per_count or learned.noise
        values /= scale
        if learned.per_count:
            values = anscombe(values)
        values = self._denoiser(place.whole).apply(values, region, place, learned.of_denoiser, progress)
        if learned.per_count:
            # in slices, since the inverse needs some arrays more
            for part in values[place.wanted[0]]:
                part[...] = exact_unbiased_inverse(part)
        values *= scale
        return values


def anscombe(counts: np.ndarray) -> np.ndarray:
    """2 sqrt(counts + 3/8), of negative counts that of 0; noise of Poisson counts becomes nearly 1."""
    result: np.ndarray = counts.clip(min=0)
    result += 0.375
    np.sqrt(result, out=result)
    result *= 2
    return result


def exact_unbiased_inverse(stabilized: np.ndarray) -> np.ndarray:
    """The mean count whose Anscombe-transformed Poisson variable has this expectation; 0 where none is as low."""
    means, expectations = _table()
    least = expectations[0]
    d = np.maximum(stabilized, least)
    # Makitalo & Foi, IEEE TIP 20(9), 2011: the same to 3e-4 in the range it is used for here
    root = np.sqrt(1.5)
    above = d**2 / 4 + root / (4 * d) - 11 / (8 * d**2) + 5 * root / (8 * d**3) - 0.125
    return np.where(d > expectations[-1], above, np.interp(d, expectations, means)).astype(stabilized.dtype)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Mean counts and the expectation of their Anscombe transform."""
    means = np.concatenate([[0.0], np.geomspace(1e-4, TABLE_ENDS, 800)])
    counts = np.arange(int(TABLE_ENDS + 12 * np.sqrt(TABLE_ENDS)))
    log_share = special.xlogy(counts, means[:, None]) - means[:, None] - special.gammaln(counts + 1)
    return means, np.exp(log_share) @ (2 * np.sqrt(counts + 0.375))


def noise_model(values: np.ndarray, region: np.ndarray, spacing_zyx: tuple[float, ...]) -> tuple[float, float]:
    """Variance / mean of the noise (the intensity of one count) and 0, or 0 and its standard deviation.

    In the plane of the two finest axes, among voxels of alike brightness, the variance is taken from the median of the
    squared mixed second difference, which is blind to planes and to edges along the axes (Immerkaer, CVIU 64(2), 1996).
    What voxels share of the noise, of which a difference tells nothing, follows from the smaller differences of
    neighbors. Of all classes of brightness the median counts, so that those full of edges do not. The noise counts as
    equal everywhere when its variance grows clearly slower than the brightness (for counts, in proportion to the
    brightness). Both figures are 0 when there is no noise.
    """
    axes = finest_axes(values.shape, spacing_zyx, LAG)
    if not axes:
        return 0.0, 0.0
    chosen = some_slices(values.shape, axes)
    values, where = values[chosen], region[chosen]
    mean = values
    for axis in axes:
        mean = ndimage.uniform_filter1d(mean, 2 * LAG + 1, axis, mode="reflect")
    bright = where & (mean > 0.02 * float(np.percentile(mean[where], 99.5)))
    bright = _middle(bright, axes, LAG)
    if not bright.any():
        return 0.0, 0.0
    means = _middle(mean, axes, LAG)[bright]
    classes = np.array_split(np.argsort(means, kind="stable"), max(1, min(CLASSES, means.size // FEWEST)))
    near, far = (_middle(second_difference(values, axes, lag), axes, LAG - lag)[bright] for lag in (1, LAG))
    beside, variances = (np.array([_variance(each[part], len(axes)) for part in classes]) for each in (near, far))
    brightness = np.array([np.mean(means[part], dtype=float) for part in classes])
    known = beside > 0
    if known.any():
        ratio = float(np.median(variances[known] / beside[known])) ** (1 / len(axes))
        variances /= visible(LAG, blur_of(LAG, ratio)) ** len(axes)
    noisy = variances > 0
    if np.count_nonzero(noisy) > 1:
        power = np.polyfit(np.log(brightness[noisy]), np.log(variances[noisy]), 1)[0]
        if power < GROWS:
            return 0.0, float(np.sqrt(np.median(variances)))
    return float(np.median(variances / brightness)), 0.0


def _middle(values: np.ndarray, axes: list[int], border: int) -> np.ndarray:
    """The values but for so many at both ends of the axes."""
    return values[
        tuple(slice(border, n - border) if axis in axes else slice(None) for axis, n in enumerate(values.shape))
    ]


def _variance(differences: np.ndarray, axes: int) -> float:
    """Variance of the noise that is in these second differences along so many axes."""
    return float(np.median(differences.astype(np.float64) ** 2)) / 6**axes / MEDIAN_OF_SQUARE
