"""Texture matrices by their elements that are not 0: with many gray levels or large zones nearly all are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

# Voxels that one step of building a matrix looks at: it bounds the memory, and fits the cache.
BLOCK = 1 << 16
# Numbers of possible combinations up to which counting in a table is tried.
SMALL_TABLE = 1 << 16


@dataclass(frozen=True)
class Counts:
    """Elements of several matrices: matrix number, row, column (ints >= 0) and how often (float); (n,) each."""

    matrix: np.ndarray
    row: np.ndarray
    column: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray, row: np.ndarray, column: np.ndarray) -> "Counts":
        """Count how often matrix number, row and column occur together."""
        (matrix, row, column), count = tally((matrix, row, column))
        return cls(matrix, row, column, count)

    @classmethod
    def joined(cls, parts: "Sequence[Counts]") -> "Counts":
        """Elements of all, an element in several parts several times."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("matrix", "row", "column", "count"))
        )

    def merged(self) -> "Counts":
        """Sum elements that are there several times."""
        (matrix, row, column), count = tally((self.matrix, self.row, self.column), self.count)
        return Counts(matrix, row, column, count)

    def as_one(self) -> "Counts":
        """The sum of all matrices."""
        return replace(self, matrix=np.zeros_like(self.matrix)).merged()

    def shifted(self, matrices: int) -> "Counts":
        """The same elements with this added to the number of their matrix."""
        return replace(self, matrix=self.matrix + matrices)

    def times(self, weight: float) -> "Counts":
        return replace(self, count=self.count * weight)


def tally(keys: Sequence[np.ndarray], weights: np.ndarray | None = None) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Distinct combinations of the keys (ints >= 0; (n,) each), ascending, and how often each, or its weight.

    Counted in a table where that is small, by sorting otherwise.
    """
    if not keys[0].size:
        return tuple(keys), np.zeros(0)
    shape = [int(key.max()) + 1 for key in keys]
    size = math.prod(shape)
    joint = keys[0].astype(np.int64)
    for key, span in zip(keys[1:], shape[1:], strict=True):
        joint *= span
        joint += key
    if size <= max(SMALL_TABLE, 4 * joint.size):
        occurs = np.bincount(joint, minlength=size)
        distinct = np.flatnonzero(occurs)
        total = (occurs if weights is None else np.bincount(joint, weights, minlength=size))[distinct]
    else:
        if weights is None:
            joint.sort()
        else:
            order = np.argsort(joint)
            joint, weights = joint[order], weights[order]
        starts = np.flatnonzero(np.diff(joint, prepend=-1))
        distinct = joint[starts]
        total = np.diff(starts, append=joint.size) if weights is None else np.add.reduceat(weights, starts)
    columns = [
        column.astype(np.int32 if span <= 1 << 31 else np.int64)
        for column, span in zip(np.unravel_index(distinct, shape), shape, strict=True)
    ]
    return tuple(columns), total.astype(np.float64, copy=False)
