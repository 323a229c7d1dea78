"""Intensity histogram features of IBSI (arXiv 1612.07003, 3.4)."""

import numpy as np

from .feature import Definition, Feature, defined
from .statistics import in_parts, statistics

FAMILY = "intensity histogram"
DEFINITIONS = (
    Definition("ih_mean", "Mean discretized intensity", "X6K6"),
    Definition("ih_var", "Discretized intensity variance", "CH89"),
    Definition("ih_skew", "Discretized intensity skewness", "88K1"),
    Definition("ih_kurt", "(Excess) discretized intensity kurtosis", "C3I7"),
    Definition("ih_median", "Median discretized intensity", "WIFQ"),
    Definition("ih_min", "Minimum discretized intensity", "1PR8"),
    Definition("ih_p10", "10th discretized intensity percentile", "GPMT"),
    Definition("ih_p90", "90th discretized intensity percentile", "OZ0C"),
    Definition("ih_max", "Maximum discretized intensity", "3NCY"),
    Definition("ih_mode", "Intensity histogram mode", "AMMC"),
    Definition("ih_iqr", "Discretized intensity interquartile range", "WR0O"),
    Definition("ih_range", "Discretized intensity range", "5Z3W"),
    Definition("ih_mad", "Intensity histogram mean absolute deviation", "D2ZX"),
    Definition("ih_rmad", "Intensity histogram robust mean absolute deviation", "WRZB"),
    Definition("ih_medad", "Intensity histogram median absolute deviation", "4RNL"),
    Definition("ih_cov", "Intensity histogram coefficient of variation", "CWYJ"),
    Definition("ih_qcod", "Intensity histogram quartile coefficient of dispersion", "SLWD"),
    Definition("ih_entropy", "Discretized intensity entropy", "TLU2", "bit"),
    Definition("ih_uniformity", "Discretized intensity uniformity", "BJ5W"),
    Definition("ih_max_grad", "Maximum histogram gradient", "12CE"),
    Definition("ih_max_grad_g", "Maximum histogram gradient intensity", "8E6O"),
    Definition("ih_min_grad", "Minimum histogram gradient", "VQB3"),
    Definition("ih_min_grad_g", "Minimum histogram gradient intensity", "RHQZ"),
)


def histogram_features(levels: np.ndarray, n_levels: int) -> list[Feature]:
    """Features of the discretized intensities 1..n_levels of a region (1D, at least one)."""
    counts = np.zeros(n_levels)
    for part in in_parts(levels):
        counts += np.bincount(part, minlength=n_levels + 1)[1:]
    share = counts[counts > 0] / len(levels)
    figures = statistics(np.sort(levels))
    figures |= {
        "mode": _mode(counts, figures["mean"]),
        "entropy": float(-(share @ np.log2(share))) + 0.0,
        "uniformity": float(share @ share),
        **_gradients(counts),
    }
    return defined(DEFINITIONS, FAMILY, {f"ih_{name}": figure for name, figure in figures.items()})


def _mode(counts: np.ndarray, mean: float) -> float:
    """The most frequent level; of several the one nearest to the mean, then the lower one."""
    frequent = np.flatnonzero(counts == counts.max()) + 1
    return float(frequent[np.argmin(np.abs(frequent - mean))])


def _gradients(counts: np.ndarray) -> dict[str, float]:
    """Steepest rise and fall, and the levels where: central differences, one-sided at the ends."""
    if len(counts) < 2:
        return dict.fromkeys(("max_grad", "max_grad_g", "min_grad", "min_grad_g"), float("nan"))
    gradient = np.gradient(counts)
    rise, fall = int(np.argmax(gradient)), int(np.argmin(gradient))
    return {
        "max_grad": float(gradient[rise]),
        "max_grad_g": rise + 1.0,
        "min_grad": float(gradient[fall]),
        "min_grad_g": fall + 1.0,
    }
