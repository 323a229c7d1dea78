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


def shading(values: np.ndarray, region: np.ndarray, used: np.ndarray | None = None) -> np.ndarray:
    """A factor (z, y, x) that is 1 in the region's median: the exponential of a quadratic polynomial of the place.

    values: above the background (z, y, x); region: the brain; used: what of it is looked at, all of it by default.
    Fitted to the logarithm by iterated least squares, in which what is far from the fit does not count (Holland &
    Welsch, Communications in Statistics A 6(9), 1977). A tumor is not followed unless it is most of one side; leave
    it out of `used` where it is known.
    """
    index = np.argwhere(region)
    place = (index - index.mean(axis=0)) / max(np.ptp(index, axis=0).max() / 2, 1)
    columns = [np.ones(len(place)), *place.T]
    columns += [place[:, i] * place[:, j] for i in range(place.shape[1]) for j in range(i, place.shape[1])]
    terms = np.stack(columns, axis=1)
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
    for width in WIDTHS:
        for _ in range(ROUNDS):
            weighted = there * np.exp(-0.5 * (rest / width) ** 2)[:, None]
            fit = np.linalg.solve(weighted.T @ there + RIDGE * np.eye(fit.size), weighted.T @ logarithm)
            rest = logarithm - there @ fit
    field = terms @ fit
    factor[region] = np.exp(field - np.median(field))
    return factor
