"""Features of gray level co-occurrence matrices (Haralick et al., IEEE SMC 3(6), 1973; IBSI 3.6)."""

import numpy as np

from .counts import Counts, tally


def cooccurrence_features(pairs: Counts, levels: np.ndarray, n_levels: int, matrices: int) -> np.ndarray:
    """Features (25, matrices) in the order of the manual.

    pairs: as from `cooccurrences`; levels: level of each rank; n_levels: N_g of the normalized inverse differences.
    A matrix without elements has NaN only. Where all levels are equal, correlation and the first information
    correlation, which the manual leaves at 0/0, are NaN.
    """
    matrix = pairs.matrix
    total = np.bincount(matrix, pairs.count, matrices)
    low, high = levels[pairs.row].astype(np.float64), levels[pairs.column].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = pairs.count / total[matrix]  # p_ij + p_ji
        p = np.where(pairs.row == pairs.column, both, both / 2)

        def mean(values: np.ndarray) -> np.ndarray:
            return np.bincount(matrix, both * values, matrices)

        def entropy(index: np.ndarray) -> np.ndarray:
            (group, _), probability = tally((matrix, index), both)
            return np.bincount(group, -probability * np.log2(probability), matrices)

        difference, total_level = high - low, low + high
        squared = difference**2
        average = mean(total_level / 2)
        centered = total_level - 2 * average[matrix]
        mean_difference = mean(difference)
        variance, marginal_entropy = _marginal(pairs, levels, both, average)
        joint_entropy = mean(-np.log2(p))
        # sums over i and j of p_ij log(p_i p_j), and of p_i p_j log(p_i p_j), are both twice that of p_i log(p_i)
        information = np.maximum(2 * marginal_entropy - joint_entropy, 0)
        covariance = mean((low - average[matrix]) * (high - average[matrix]))
        largest = np.zeros(matrices)
        np.maximum.at(largest, matrix, p)
        apart = difference > 0
        values = np.array(
            [
                largest,
                average,
                variance,
                joint_entropy,
                mean_difference,
                mean((difference - mean_difference[matrix]) ** 2),
                entropy(difference.astype(np.int64)),
                2 * average,
                mean(centered**2),
                entropy(total_level.astype(np.int64)),
                mean(p),
                mean(squared),
                mean_difference,
                mean(1 / (1 + difference)),
                mean(1 / (1 + difference / n_levels)),
                mean(1 / (1 + squared)),
                mean(1 / (1 + squared / n_levels**2)),
                np.bincount(matrix[apart], both[apart] / squared[apart], matrices),
                covariance / variance,
                mean(low * high),
                mean(centered**2),
                mean(centered**3),
                mean(centered**4),
                -information / marginal_entropy,
                np.sqrt(-np.expm1(-2 * information)),
            ]
        )
    values[:, total == 0] = np.nan
    return values


def _marginal(
    pairs: Counts, levels: np.ndarray, both: np.ndarray, average: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variance and entropy of the levels' own probabilities p_i, of each matrix."""
    ends = np.concatenate([pairs.matrix, pairs.matrix]), np.concatenate([pairs.row, pairs.column])
    (matrix, rank), p = tally(ends, np.concatenate([both, both]) / 2)
    deviation = levels[rank] - average[matrix]
    return (
        np.bincount(matrix, p * deviation**2, average.size),
        np.bincount(matrix, -p * np.log2(p), average.size),
    )
