"""The features that run length, size zone, distance zone and dependence matrices have in common (IBSI 3.7)."""

import numpy as np

from .counts import Counts, tally


def emphasis_features(counts: Counts, levels: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """Features (17, matrices) in the order of the manual; NaN for a matrix without elements.

    counts: rows are ranks of `levels`, columns the run length, zone size, zone distance or dependence count (>= 1);
    voxels: N_v of each matrix (matrices,). The last feature, the energy, is defined for dependence matrices only.
    """
    number = voxels.size
    level, column = levels[counts.row].astype(np.float64), counts.column.astype(np.float64)
    elements = np.bincount(counts.matrix, counts.count, number)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = counts.count / elements[counts.matrix]

        def mean(values: np.ndarray) -> np.ndarray:
            return np.bincount(counts.matrix, p * values, number)

        def squares_of_sums(index: np.ndarray) -> np.ndarray:
            (matrix, _), total = tally((counts.matrix, index), counts.count)
            return np.bincount(matrix, total**2, number)

        level2, column2 = level**2, column**2
        by_level, by_column = squares_of_sums(counts.row), squares_of_sums(counts.column)
        values = np.array(
            [
                mean(1 / column2),
                mean(column2),
                mean(1 / level2),
                mean(level2),
                mean(1 / (column2 * level2)),
                mean(level2 / column2),
                mean(column2 / level2),
                mean(column2 * level2),
                by_level / elements,
                by_level / elements**2,
                by_column / elements,
                by_column / elements**2,
                elements / voxels,
                mean((level - mean(level)[counts.matrix]) ** 2),
                mean((column - mean(column)[counts.matrix]) ** 2),
                mean(-np.log2(p)),
                mean(p),
            ]
        )
    values[:, elements == 0] = np.nan
    return values
