"""Features of neighborhood gray tone difference matrices (Amadasun & King, IEEE SMC 19(5), 1989; IBSI 3.10)."""

import numpy as np

from .counts import Counts

HIGHEST_COARSENESS = 1e6


def tone_difference_features(differences: Counts, levels: np.ndarray, matrices: int) -> np.ndarray:
    """Features (5, matrices) in the order of the manual; NaN where no voxel has a neighbor.

    differences: as from `tone_differences`; levels: level of each rank.
    """
    values = np.full((5, matrices), np.nan)
    matrix, rank = differences.matrix[::2], differences.row[::2]
    voxels, sums = differences.count.reshape(-1, 2).T
    numbers, starts = np.unique(matrix, return_index=True)
    for number, start, stop in zip(numbers, starts, np.append(starts, matrix.size)[1:], strict=True):
        part = slice(start, stop)
        values[:, number] = _features(levels[rank[part]].astype(np.float64), voxels[part], sums[part])
    return values


def _features(level: np.ndarray, voxels: np.ndarray, difference: np.ndarray) -> tuple[float, ...]:
    """coarseness, contrast, busyness, complexity, strength of levels i with n_i > 0 voxels and sums s_i."""
    count, total = level.size, voxels.sum()
    p = voxels / total
    weighted, differences = float(p @ difference), float(difference.sum())
    coarseness = min(1 / weighted, HIGHEST_COARSENESS) if weighted > 0 else HIGHEST_COARSENESS
    if count == 1:
        return coarseness, 0.0, 0.0, 0.0, 0.0
    # sums over all pairs of levels, in closed form; around the mean, so that little cancels
    centered = level - p @ level
    contrast = 2 * float(p @ centered**2) / (count * (count - 1)) * differences / total
    spread = float(count * (p @ centered**2) + centered @ centered)
    ordered = np.sort(level * p)
    busyness_scale = 2 * float(ordered @ (2 * np.arange(count) + 1 - count))
    return (
        coarseness,
        contrast,
        weighted / busyness_scale if busyness_scale > 0 else np.nan,
        _complexity(level, voxels, difference),
        2 * spread / differences if differences > 0 else 0.0,
    )


def _complexity(level: np.ndarray, voxels: np.ndarray, difference: np.ndarray) -> float:
    """Sum over all pairs of |i1 - i2| (n1 s1 + n2 s2) / (n1 + n2), over the number of voxels. level: ascending.

    Many levels share few counts n, so the distances are summed by count: as many terms as levels times counts.
    """
    counts, of_count = np.unique(voxels, return_inverse=True)
    member = of_count == np.arange(counts.size)[:, np.newaxis]
    below, sum_below = np.cumsum(member, axis=1), np.cumsum(member * level, axis=1)
    distance = level * (2 * below - below[:, -1:]) - 2 * sum_below + sum_below[:, -1:]
    share = (distance / (voxels + counts[:, np.newaxis])).sum(axis=0)
    return 2 * float((voxels * difference) @ share) / float(voxels.sum())
