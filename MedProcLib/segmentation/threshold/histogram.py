"""Histogram of the voxels that an automatic threshold is found from."""

from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ...enhancement.intensity.sample import sample


@dataclass(frozen=True)
class Histogram:
    """Shares of the bins (sum 1) and their edges, one more, ascending."""

    shares: np.ndarray
    edges: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, region: np.ndarray, bins: int, ignored_percent: float = 0.0) -> "Histogram":
        """Of the values in the region. Bins are equally wide; those of whole numbers hold equally many of them.

        ignored_percent: share of the voxels at either end that widen no bin; they count in the outermost ones.
        Raises InputError for a constant image.
        """
        chosen = sample(values, region).astype(np.float64)
        low, high = float(chosen.min()), float(chosen.max())
        if not high > low:
            raise InputError("The image is constant (inside the mask), so no threshold can be found.")
        if ignored_percent:
            limits = np.percentile(chosen, (ignored_percent, 100 - ignored_percent))
            if limits[1] > limits[0]:
                low, high = (float(x) for x in limits)
                chosen = np.clip(chosen, low, high)
        edges = np.linspace(low, high, bins + 1)
        if high - low < 1e9 and np.array_equal(chosen, np.rint(chosen)):
            width = int((high - low) // bins) + 1
            edges = np.arange(low, high + width + 1, width) - 0.5
        counts = np.histogram(chosen, edges)[0]
        return cls(counts / counts.sum(), edges)

    def value_above(self, bin_number: int) -> float:
        """The value that parts this bin from the next that holds anything: midway where empty ones lie between."""
        used = np.flatnonzero(self.shares)
        below, above = used[used <= bin_number], used[used > bin_number]
        last = int(below[-1]) if below.size else int(used[0])
        following = int(above[0]) if above.size else last + 1
        return float(self.edges[last + 1] + self.edges[following]) / 2
