"""Mutual information of two aligned images, and in which direction each of their values would raise it."""

import numpy as np
import scipy.ndimage

BINS = 40
SMOOTHING_BINS = 1.5
# densities well below this share of evenly spread ones are not told from none
FLOOR = 0.05


def mutual_information(f: np.ndarray, m: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """(mutual information in nats, slope by f (n,), slope by m (n,)) of corresponding values (n,) in 0..1.

    The slopes are those of each sample's log p(f, m) / (p(f) p(m)) under the densities held fixed: the gradient of the
    mutual information, n times. Densities are Parzen estimates on BINS x BINS bins.
    Source: Viola and Wells, IJCV 24(2), 1997; Maes et al., IEEE TMI 16(2), 1997; Hermosillo et al., IJCV 50(3), 2002.
    """
    position_f, position_m = (np.clip(v * (BINS - 1), 0, BINS - 1.001) for v in (f, m))
    low_f, low_m = position_f.astype(np.intp), position_m.astype(np.intp)
    part_f, part_m = position_f - low_f, position_m - low_m
    corner = low_f * BINS + low_m
    weights = (
        (corner, (1 - part_f) * (1 - part_m)),
        (corner + 1, (1 - part_f) * part_m),
        (corner + BINS, part_f * (1 - part_m)),
        (corner + BINS + 1, part_f * part_m),
    )
    counts = sum(np.bincount(index, weight, BINS * BINS) for index, weight in weights)
    joint = scipy.ndimage.gaussian_filter(np.reshape(counts, (BINS, BINS)), SMOOTHING_BINS, mode="constant")
    joint /= joint.sum()
    alone_f, alone_m = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    apart = alone_f * alone_m
    ratio = np.log((joint + FLOOR / BINS**2) / (apart + FLOOR / BINS**2))
    value = float((joint * ratio).sum())
    rows, columns = np.diff(ratio, axis=0) * (BINS - 1), np.diff(ratio, axis=1) * (BINS - 1)
    by_f = rows[low_f, low_m] * (1 - part_m) + rows[low_f, low_m + 1] * part_m
    by_m = columns[low_f, low_m] * (1 - part_f) + columns[low_f + 1, low_m] * part_f
    return value, by_f, by_m


def informational_correlation(nats: float) -> float:
    """0 for unrelated images, 1 for one that tells the other: of normal values, their correlation coefficient.

    Source: Linfoot, Information and Control 1(1), 1957.
    """
    return float(np.sqrt(1 - np.exp(-2 * max(nats, 0.0))))
