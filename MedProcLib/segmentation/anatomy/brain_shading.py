"""The coil's shading over a brain, as a smooth factor that normal tissue decides and a large lesion does not."""

import numpy as np
from scipy import ndimage

# Values darker than this share of the brightest are fluid, or nothing at all.
DARK, BRIGHT_PERCENT = 0.02, 95
# A voxel counts by how near it is to what is usual at its place: SD of a Gaussian of the logarithm, wide first, so that
# the shading itself may be wide, then about as wide as tissue is (0.1 to 0.2).
WIDTHS, ROUNDS = (0.3, 0.2, 0.15, 0.1), 8
SAMPLES = 60_000
# Histogram of logarithms in which the most frequent value is found.
STEP = 0.02
# Without it a region that is flat in one direction could not be fitted.
RIDGE = 1e-6
# A coil shades both sides much alike, and a tumor is on one: as long as it is not known, terms that change sign across
# the head are drawn to 0 by so much of what a normal voxel weighs, and in a last fit by hardly anything.
EVEN, HARDLY = 0.02, 0.001


def shading(values: np.ndarray, region: np.ndarray, used: np.ndarray | None = None) -> np.ndarray:
    """A factor (z, y, x) that is 1 in the region's median: the exponential of a quadratic polynomial of the place.

    values: above the background (z, y, x), x across the head; region: the brain; used: what of it is known to be
    normal. Fitted to the logarithm by iterated least squares, in which what is far from the fit does not count
    (Holland & Welsch, Communications in Statistics A 6(9), 1977). Without `used` the fit begins with both sides shaded
    nearly alike, so that it follows a large tumor less.
    """
    index = np.argwhere(region)
    place = (index - index.mean(axis=0)) / max(np.ptp(index, axis=0).max() / 2, 1)
    powers = _powers(place.shape[1])
    terms = np.stack([np.prod(place**power, axis=1) for power in powers], axis=1)
    here = values[region].astype(np.float64)
    known = here > DARK * np.percentile(here, BRIGHT_PERCENT)
    if used is not None:
        known &= used[region]
    chosen = np.flatnonzero(known)
    chosen = chosen[:: max(1, chosen.size // SAMPLES)]
    factor = np.ones(values.shape)
    if chosen.size <= terms.shape[1]:
        return factor
    logarithm, there = np.log(here[chosen]), terms[chosen]
    counts, edges = np.histogram(logarithm, np.arange(logarithm.min(), logarithm.max() + 2 * STEP, STEP))
    smooth = ndimage.convolve1d(counts * 1.0, np.hanning(2 * round(WIDTHS[0] / STEP) + 1), mode="constant")
    rest = logarithm - edges[int(np.argmax(smooth))]
    fit = np.zeros(terms.shape[1])
    held = [(width, EVEN) for width in WIDTHS] + [(WIDTHS[-1], HARDLY)]
    for width, even in held if used is None else [(width, 0.0) for width in WIDTHS]:
        drawn = np.diag(RIDGE + even * chosen.size * (powers[:, -1] % 2))
        for _ in range(ROUNDS):
            weighted = there * np.exp(-0.5 * (rest / width) ** 2)[:, None]
            fit = np.linalg.solve(weighted.T @ there + drawn, weighted.T @ logarithm)
            rest = logarithm - there @ fit
    field = terms @ fit
    factor[region] = np.exp(field - np.median(field))
    return factor


def _powers(dimension: int) -> np.ndarray:
    """Power of each coordinate in each term (n, dimension) of a quadratic polynomial."""
    powers = np.indices((3,) * dimension).reshape(dimension, -1).T
    return powers[powers.sum(axis=1) <= 2]
