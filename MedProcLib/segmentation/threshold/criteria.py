"""Where a histogram is best cut in two, by twelve criteria.

Each takes the shares of the bins (sum 1) and returns the number of the last bin of the dark class. Intensities count in
bins, so that no criterion depends on the scale or the zero of the image.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ...core.errors import InputError

# Smoothing that has not left two peaks after as many passes will not.
MOST_SMOOTHING = 10_000
# Sahoo's three thresholds are near each other within this share of the gray levels (5 of 256).
NEAR = 5 / 256


def otsu(shares: np.ndarray) -> int:
    """Largest variance between the classes: Otsu, IEEE SMC 9(1), 1979."""
    below, above, first, _ = _moments(shares)
    total = first[-1]
    return _best((total * below - first) ** 2 / _positive(below * above), below * above > 0)


def li(shares: np.ndarray) -> int:
    """Least cross entropy between image and cut image: Li & Lee, Pattern Recognition 26(4), 1993."""
    below, above, first, _ = _moments(shares)
    rest = first[-1] - first
    gain = first * _log(first / _positive(below)) + rest * _log(rest / _positive(above))
    return _best(gain, below * above > 0)


def yen(shares: np.ndarray) -> int:
    """Largest entropic correlation: Yen, Chang & Chang, IEEE TIP 4(3), 1995."""
    below, above = _masses(shares)
    squares = np.cumsum(shares**2)
    rest = squares[-1] - squares
    return _best(2 * _log(below * above) - _log(squares * rest), (below * above > 0) & (rest > 0))


def triangle(shares: np.ndarray) -> int:
    """Bin farthest below the line from the peak to the end of the longer tail: Zack et al., J. Histochem. Cytochem.
    25(7), 1977."""
    used = np.flatnonzero(shares)
    first, last, peak = int(used[0]), int(used[-1]), int(np.argmax(shares))
    if last - peak >= peak - first:
        end = min(last + 1, shares.size - 1)
        tail = np.arange(peak, end + 1)
    else:
        end = max(first - 1, 0)
        tail = np.arange(end, peak + 1)
    height = shares[peak] - shares[end]
    # both sides of the triangle in units of their own length
    distance = height * np.abs(tail - end) - abs(peak - end) * (shares[tail] - shares[end])
    best = int(tail[np.argmax(distance)])
    return best if end >= peak else best - 1


def maximum_entropy(shares: np.ndarray) -> int:
    """Largest sum of the entropies of both classes: Kapur, Sahoo & Wong, CVGIP 29(3), 1985."""
    return _best(*_entropies(shares, 1.0))


def renyi_entropy(shares: np.ndarray) -> int:
    """Weighted mean of the cuts by Renyi entropies of three orders: Sahoo, Wilkins & Yeager, Pattern Recognition
    30(1), 1997."""
    cuts = sorted(_best(*_entropies(shares, order)) for order in (0.5, 1.0, 2.0))
    below, above = _masses(shares)
    near = NEAR * shares.size
    close = (cuts[1] - cuts[0] <= near, cuts[2] - cuts[1] <= near)
    weights = {(True, True): (1, 2, 1), (True, False): (0, 1, 3), (False, True): (3, 1, 0)}.get(close, (1, 2, 1))
    between = float(below[cuts[2]] - below[cuts[0]])
    low, middle, high = (cut * between * weight / 4 for cut, weight in zip(cuts, weights, strict=True))
    return int(cuts[0] * below[cuts[0]] + low + middle + high + cuts[2] * above[cuts[2]])


def kittler_illingworth(shares: np.ndarray) -> int:
    """Least classification error if both classes are normal: Kittler & Illingworth, Pattern Recognition 19(1), 1986."""
    below, above, first, second = _moments(shares)
    # a bin's own width is a variance of 1/12
    narrow = 1 / 12

    def spread(mass, mean, square):
        return np.maximum(square / _positive(mass) - (mean / _positive(mass)) ** 2, 0) + narrow

    low, high = spread(below, first, second), spread(above, first[-1] - first, second[-1] - second)
    error = below * (0.5 * np.log(low) - _log(below)) + above * (0.5 * np.log(high) - _log(above))
    return _best(-error, below * above > 0)


def huang(shares: np.ndarray) -> int:
    """Least fuzziness of the membership in the classes: Huang & Wang, Pattern Recognition 28(1), 1995."""
    used = np.flatnonzero(shares)
    below, above, first, _ = _moments(shares)
    level, extent = np.arange(shares.size) + 0.5, max(int(used[-1] - used[0]), 1)
    fuzziness = np.full(shares.size, np.inf)
    for cut in range(int(used[0]), int(used[-1])):
        mean = np.where(np.arange(shares.size) <= cut, first[cut] / below[cut], (first[-1] - first[cut]) / above[cut])
        member = 1 / (1 + np.abs(level - mean) / extent)
        fuzziness[cut] = -np.sum(shares * (member * np.log(member) + (1 - member) * _log(1 - member)))
    return int(np.argmin(fuzziness))


def shanbhag(shares: np.ndarray) -> int:
    """Equal information of the fuzzy memberships in both classes: Shanbhag, CVGIP 56(5), 1994."""
    below, above = _masses(shares)
    difference = np.full(shares.size, np.inf)
    for cut in np.flatnonzero(below * above > 0):
        low, high = 0.5 / below[cut], 0.5 / above[cut]
        before = np.concatenate([[0.0], below[:cut]])
        dark = -low * np.sum(shares[: cut + 1] * np.log(1 - low * before))
        bright = -high * np.sum(shares[cut + 1 :] * np.log(1 - high * above[cut + 1 :]))
        difference[cut] = abs(dark - bright)
    return int(np.argmin(difference))


def intermodes(shares: np.ndarray) -> int:
    """Midway between the two peaks that smoothing leaves: Prewitt & Mendelsohn, Ann. N.Y. Acad. Sci. 128, 1966."""
    smooth = shares.astype(float)
    for _ in range(MOST_SMOOTHING):
        peaks = _peaks(smooth)
        if len(peaks) <= 2:
            break
        smooth = ndimage.uniform_filter1d(smooth, 3, mode="constant")
    if len(peaks) != 2:
        raise InputError("The histogram does not have two peaks: choose another method than intermodes.")
    return int(sum(peaks) / 2)


def isodata(shares: np.ndarray) -> int:
    """Midway between the means of the classes that it makes: Ridler & Calvard, IEEE SMC 8(8), 1978."""
    below, above, first, _ = _moments(shares)
    cut = min(max(int(first[-1]), 0), shares.size - 2)
    for _ in range(shares.size):
        means = [m / mass for m, mass in ((first[cut], below[cut]), (first[-1] - first[cut], above[cut])) if mass > 0]
        moved = min(max(int(sum(means) / len(means) - 0.5), 0), shares.size - 2)
        if moved == cut:
            break
        cut = moved
    return cut


def moments(shares: np.ndarray) -> int:
    """Two values whose mean, variance and skewness are those of the image: Tsai, CVGIP 29(3), 1985."""
    level = (np.arange(shares.size) + 0.5) / shares.size
    m1, m2, m3 = (float(np.sum(shares * level**power)) for power in (1, 2, 3))
    variance = m2 - m1 * m1
    # the two values are the roots of z² + c1 z + c0
    c0, c1 = (m1 * m3 - m2 * m2) / variance, (m1 * m2 - m3) / variance
    root = np.sqrt(max(c1 * c1 - 4 * c0, 0))
    dark, bright = (-c1 - root) / 2, (-c1 + root) / 2
    share = (bright - m1) / (bright - dark)
    return int(np.argmin(np.abs(np.cumsum(shares) - share)))


CRITERIA: dict[str, Callable[[np.ndarray], int]] = {
    "otsu": otsu,
    "li": li,
    "yen": yen,
    "triangle": triangle,
    "maximum_entropy": maximum_entropy,
    "kittler_illingworth": kittler_illingworth,
    "huang": huang,
    "renyi_entropy": renyi_entropy,
    "shanbhag": shanbhag,
    "intermodes": intermodes,
    "isodata": isodata,
    "moments": moments,
}


def otsu_classes(shares: np.ndarray, classes: int) -> list[int]:
    """Last bins of all classes but the brightest, with the largest variance between the classes: Liao, Chen & Chung,
    J. Inf. Sci. Eng. 17, 2001. Raises InputError when fewer bins than classes are used."""
    used = np.flatnonzero(shares)
    if used.size < classes:
        raise InputError(f"The image has only {used.size} different values, too few for {classes} classes.")
    mass = np.concatenate([[0.0], np.cumsum(shares[used])])
    first = np.concatenate([[0.0], np.cumsum(shares[used] * used)])
    with np.errstate(divide="ignore", invalid="ignore"):
        # of a class of the bins start <= bin < stop
        gain = (first[np.newaxis] - first[:, np.newaxis]) ** 2 / (mass[np.newaxis] - mass[:, np.newaxis])
    gain[np.tril_indices(used.size + 1)] = -np.inf
    best, come_from = gain[0], []
    for _ in range(classes - 1):
        total = best[:, np.newaxis] + gain
        come_from.append(np.argmax(total, axis=0))
        best = np.max(total, axis=0)
    stops, stop = [], used.size
    for choice in reversed(come_from):
        stop = int(choice[stop])
        stops.append(stop)
    return [int(used[stop - 1]) for stop in reversed(stops)]


def _masses(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the classes below (bin included) and above each bin; exactly 0 where a class is empty."""
    below = np.cumsum(shares)
    above = np.concatenate([np.cumsum(shares[::-1])[::-1][1:], [0.0]])
    return below, above


def _moments(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Masses below and above each bin, and cumulative first and second moments about the lower end."""
    level = np.arange(shares.size) + 0.5
    return (*_masses(shares), np.cumsum(shares * level), np.cumsum(shares * level**2))


def _entropies(shares: np.ndarray, order: float) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the Renyi entropies (of order 1: Shannon's) of the classes, and where it is defined."""
    below, above = _masses(shares)
    where = below * above > 0
    if order == 1.0:
        part = np.cumsum(shares * _log(shares))
        rest = part[-1] - part
        value = _log(below) - part / _positive(below) + _log(above) - rest / _positive(above)
    else:
        part = np.cumsum(shares**order)
        rest = np.concatenate([np.cumsum((shares**order)[::-1])[::-1][1:], [0.0]])
        value = (_log(part / _positive(below) ** order) + _log(rest / _positive(above) ** order)) / (1 - order)
    return value, where


def _peaks(shares: np.ndarray) -> list[int]:
    padded = np.concatenate([[-1.0], shares, [-1.0]])
    higher = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (shares > 0)
    return np.flatnonzero(higher).tolist()


def _best(score: np.ndarray, where: np.ndarray) -> int:
    return int(np.argmax(np.where(where, score, -np.inf)))


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, 1.0)


def _log(values: np.ndarray) -> np.ndarray:
    """Logarithm; 0 where there is none, for products with a share of 0."""
    return np.log(np.where(values > 0, values, 1.0))
