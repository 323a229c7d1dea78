"""How alike two aligned volumes are, and how each sample's part of it changes when one of them moves."""

import numpy as np
import scipy.ndimage

from ..registration.information import informational_correlation, mutual_information
from .metrics import MUTUAL_INFORMATION

BINS = 48
TUKEY = 4.685

# derivative (3, n) of a residual by a shift of the other study by 1 mm, residual (n,), weight (n,)
Term = tuple[np.ndarray, np.ndarray, np.ndarray]


def terms_of(f: np.ndarray, m: np.ndarray, gf: np.ndarray, gm: np.ndarray, metric: str) -> tuple[list[Term], float]:
    """(terms whose weighted squares are to fall, similarity 0..1).

    f, m: values (n,) of both studies, 0..1; gf, gm: their gradients (3, n) per mm.
    """
    return (_information if metric == MUTUAL_INFORMATION else _ratio)(f, m, gf, gm)


def translation_term(
    f: np.ndarray, m: np.ndarray, gf: np.ndarray, gm: np.ndarray, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """(derivative (3, n) of the residual by a translation of the other study in mm, residual (n,)), unweighted."""
    if metric == MUTUAL_INFORMATION:
        ((g, r, _),), _ = _information(f, m, gf, gm)
        return g, r
    r, slope = _residual(f, m, np.ones(len(f)))
    return -(gf + slope * gm) / 2, r


def _ratio(f: np.ndarray, m: np.ndarray, gf: np.ndarray, gm: np.ndarray) -> tuple[list[Term], float]:
    """Both studies' residuals from the other one's best mapping, weighted; the lesser correlation ratio.

    Source: Roche et al., MICCAI 1998; Reuter, Rosas, Fischl, NeuroImage 2010 (Tukey's weights).
    """
    weight = np.ones(len(f))
    for _ in range(2):
        parts = [_residual(f, m, weight), _residual(m, f, weight)]
        weight = np.minimum(*[tukey(r) for r, _ in parts])
    terms, ratios = [], []
    for a, b, ga, gb, sign in ((f, m, gf, gm, -0.5), (m, f, gm, gf, +0.5)):
        r, slope = _residual(a, b, weight)
        variance = float(np.average(r**2, weights=weight)) + 1e-12
        terms.append((sign * (ga + slope * gb), r, weight / variance))
        mean = np.average(a, weights=weight)
        ratios.append(1 - variance / (float(np.average((a - mean) ** 2, weights=weight)) + 1e-12))
    return terms, float(np.sqrt(max(min(ratios), 0.0)))


def _information(f: np.ndarray, m: np.ndarray, gf: np.ndarray, gm: np.ndarray) -> tuple[list[Term], float]:
    """Each sample's gain by a move of the other study: the outer product of gains stands for the curvature.

    Source: Berndt, Hall, Hall, Hausman, Annals of Economic and Social Measurement 3(4), 1974.
    """
    nats, by_f, by_m = mutual_information(f, m)
    gain = (by_m * gm - by_f * gf) / 2
    ones = np.ones(len(f))
    return [(gain, -ones, ones)], informational_correlation(nats)


def _residual(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a minus its best prediction from b, slope of the prediction), both (n,)."""
    position = np.clip(b * (BINS - 1), 0, BINS - 1.001)
    low = position.astype(np.intp)
    part = position - low
    right = weight * part
    left = weight - right
    counts = np.bincount(low, left, BINS) + np.bincount(low + 1, right, BINS)
    sums = np.bincount(low, left * a, BINS) + np.bincount(low + 1, right * a, BINS)
    counts = scipy.ndimage.gaussian_filter1d(counts, 1.5, mode="constant")
    sums = scipy.ndimage.gaussian_filter1d(sums, 1.5, mode="constant")
    known = counts > 1e-3 * max(counts.max(), 1e-12)
    curve = np.interp(np.arange(BINS), np.flatnonzero(known), sums[known] / counts[known])
    rise = np.diff(curve)[low]
    return a - (curve[low] + part * rise), rise * (BINS - 1)


def tukey(r: np.ndarray) -> np.ndarray:
    """Weight (n,) of each residual: next to nothing where it is far larger than most of them are."""
    scale = 1.4826 * np.median(np.abs(r - np.median(r))) * TUKEY + 1e-6
    return np.where(np.abs(r) < scale, (1 - (r / scale) ** 2) ** 2, 0.0) + 1e-4
