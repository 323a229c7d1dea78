"""Features of gray level co-occurrence matrices (Haralick et al., IEEE SMC 3(6), 1973; IBSI 3.6)."""

from dataclasses import dataclass

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
    both = pairs.count / total[matrix]  # p_ij + p_ji
    p = np.where(pairs.row == pairs.column, both, both / 2)
    low, high = levels[pairs.row], levels[pairs.column]
    differences = _Distribution.of(matrix, high - low, both, matrices)
    sums = _Distribution.of(matrix, low + high, both, matrices)
    ends = np.concatenate([matrix, matrix]), np.concatenate([low, high]), np.concatenate([both, both]) / 2
    marginal = _Distribution.of(*ends, matrices)

    largest = np.zeros(matrices)
    np.maximum.at(largest, matrix, p)
    joint_entropy = np.bincount(matrix, -both * np.log2(p), matrices)
    # sums over i and j of p_ij log(p_i p_j), and of p_i p_j log(p_i p_j), are both twice that of p_i log(p_i)
    information = np.maximum(2 * marginal.entropy() - joint_entropy, 0)
    k, average, average_difference = differences.value, sums.mean(sums.value) / 2, differences.mean(differences.value)
    around = sums.value - 2 * average[sums.matrix]
    contrast, tendency = differences.mean(k**2), sums.mean(around**2)
    apart = np.where(k > 0, k, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.array(
            [
                largest,
                average,
                (tendency + contrast) / 4,  # as (i + j - 2 mu)^2 + (i - j)^2 = 2 (i - mu)^2 + 2 (j - mu)^2
                joint_entropy,
                average_difference,
                differences.mean((k - average_difference[differences.matrix]) ** 2),
                differences.entropy(),
                2 * average,
                tendency,
                sums.entropy(),
                np.bincount(matrix, both * p, matrices),
                contrast,
                average_difference,
                differences.mean(1 / (1 + k)),
                differences.mean(1 / (1 + k / n_levels)),
                differences.mean(1 / (1 + k**2)),
                differences.mean(1 / (1 + (k / n_levels) ** 2)),
                differences.mean(1 / apart**2),
                (tendency - contrast) / (tendency + contrast),  # likewise, with 4 (i - mu) (j - mu) the difference
                (sums.mean(sums.value**2) - contrast) / 4,
                tendency,
                sums.mean(around**3),
                sums.mean(around**4),
                -information / marginal.entropy(),
                np.sqrt(-np.expm1(-2 * information)),
            ]
        )
    values[:, total == 0] = np.nan
    return values


@dataclass(frozen=True)
class _Distribution:
    """Probabilities of values in several matrices: matrix number, value, probability; (n,) each."""

    matrix: np.ndarray
    value: np.ndarray
    p: np.ndarray
    matrices: int

    @classmethod
    def of(cls, matrix: np.ndarray, value: np.ndarray, p: np.ndarray, matrices: int) -> "_Distribution":
        (matrix, value), p = tally((matrix, value), p)
        return cls(matrix, value.astype(np.float64), p, matrices)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Expectation of a function of the value, given as the function's values."""
        return np.bincount(self.matrix, self.p * values, self.matrices)

    def entropy(self) -> np.ndarray:
        return self.mean(-np.log2(self.p))
