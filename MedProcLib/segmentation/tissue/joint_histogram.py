"""How often intensities of two images on one grid occur together."""

from dataclasses import dataclass

import numpy as np

from .intensity_classes import ENOUGH, TAILS

# Cells along each image's intensities: about a tenth of what gray and white matter of T1 differ by.
CELLS = 128


@dataclass(frozen=True)
class JointHistogram:
    """Counts of pairs of intensities. low: of the first cell's middle; widths: of a cell, by image.

    Only cells that hold something are kept: cells (n,), their numbers in the square; points (n, 2), their middles;
    counts (n,).
    """

    low: np.ndarray
    widths: np.ndarray
    cells: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "JointHistogram":
        """Of pairs of values (n, 2). What lies beyond the tails counts in the outermost cells."""
        low, high = np.percentile(values[:: max(1, len(values) // ENOUGH)].astype(np.float64), TAILS, axis=0)
        widths = np.where(high > low, high - low, 1.0) / (CELLS - 1)
        counts = np.bincount(_numbers(values, low, widths), minlength=CELLS**2)
        cells = np.flatnonzero(counts)
        return cls(low, widths, cells, counts[cells].astype(np.float64))

    @property
    def points(self) -> np.ndarray:
        return self.low + np.stack(np.divmod(self.cells, CELLS), axis=1) * self.widths

    @property
    def extent(self) -> float:
        """Area of the square of all cells."""
        return float(np.prod(self.widths * CELLS))

    def where(self, values: np.ndarray) -> np.ndarray:
        """Which cell (index into cells) each pair of values (n, 2) falls in, of those that it was made of."""
        return np.searchsorted(self.cells, _numbers(values, self.low, self.widths)).astype(np.int32)


def _numbers(values: np.ndarray, low: np.ndarray, widths: np.ndarray) -> np.ndarray:
    place = np.clip(np.rint((values - low) / widths), 0, CELLS - 1).astype(np.int32)
    return place[:, 0] * CELLS + place[:, 1]
