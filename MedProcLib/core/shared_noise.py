"""What second differences of voxels show of noise that neighbors share, as a Gaussian blur makes them."""

import functools
import math

import numpy as np
from scipy import linalg, optimize

# Least and largest SD of the blur in voxels: below, neighbors share nothing that shows; above, structure is alike.
LEAST, MOST = 0.2, 1.5


def visible(lag: int, blur: float) -> float:
    """Share of the variance of noise, blurred by a Gaussian of this SD in voxels, that a second difference shows.

    Along one axis; of voxels so many apart.
    """
    return float(_correlation(np.zeros(1), lag, blur)[0]) / 6


def blur_of(lag: int, ratio: float) -> float:
    """SD in voxels of the blur of noise, of which voxels so far apart show this many times the variance neighbors do.

    Along one axis. At most 1.5.
    """

    def beyond(blur: float) -> float:
        return visible(lag, blur) / visible(1, blur) - ratio

    if beyond(LEAST) >= 0:
        return 0.0
    return MOST if beyond(MOST) <= 0 else float(optimize.brentq(beyond, LEAST, MOST, xtol=1e-3))


@functools.cache
def mode_of_energy(axes: int, lag: int, window: int, blur: float = 0.0) -> float:
    """Most frequent root of the mean energy of a window of second differences of noise, where it is 1 in the mean.

    The mean of squares of correlated normal values is a sum of chi squares, weighted by the eigenvalues of their
    correlation; a gamma distribution with its first three moments (Pearson's type III; Imhof, Biometrika 48, 1961)
    stands for it.
    """
    correlation = _correlation(np.arange(window), lag, blur)
    along = np.linalg.eigvalsh(linalg.toeplitz(correlation / correlation[0])) / window
    weights = functools.reduce(np.multiply.outer, [along] * axes)
    variance, third = 2 * float((weights**2).sum()), 8 * float((weights**3).sum())
    scale = third / variance / 2
    shape = variance / scale**2
    start = 1 - shape * scale

    def slope(energy: float) -> float:
        """Of the logarithm of the density of the root."""
        return (shape - 1) / (energy - start) - 1 / scale + 1 / (2 * energy)

    return math.sqrt(optimize.brentq(slope, max(start, 0.0) + 1e-9, 1.0))


def _correlation(apart: np.ndarray, lag: int, blur: float) -> np.ndarray:
    """Covariance of second differences along an axis so many voxels apart, of noise with a variance of 1."""
    steps = lag * np.arange(-2, 3)
    # of the operator [1, -2, 1] with itself
    covariance: np.ndarray = _alike(np.add.outer(apart, steps), blur) @ np.array([1.0, -4.0, 6.0, -4.0, 1.0])
    return covariance


def _alike(apart: np.ndarray, blur: float) -> np.ndarray:
    """Correlation of blurred noise so many voxels apart."""
    return np.exp(-(apart**2) / (4 * blur**2)) if blur else (apart == 0).astype(float)
