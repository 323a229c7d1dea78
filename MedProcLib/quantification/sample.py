"""The numbers among an object's values, sorted once, and what statistics tell of them."""

import bisect
import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

# values converted at a time: they stay in the processor's cache
CHUNK = 1 << 16
# beyond these powers of two squares and sums are scaled
LARGE, SMALL = 200, -200


@dataclass(frozen=True)
class Sample:
    """ascending: the finite values (n,) in their own type; left_out: how many were not finite.

    Results are in float64. Huge and tiny values are scaled by a power of two, so that their squares stay finite.
    """

    ascending: np.ndarray
    left_out: int

    @classmethod
    def of(cls, values: "np.ndarray | Sample") -> "Sample":
        """Of values of any shape, which stay as they are; a sample is taken as it is."""
        if isinstance(values, Sample):
            return values
        flat = values.ravel()
        if flat.dtype.kind == "f":
            finite = np.isfinite(flat)
            flat = flat if finite.all() else flat[finite]
        # for whole numbers of 16 bits stable sorting is a radix sort
        ascending = np.sort(flat, kind="stable" if flat.dtype.itemsize <= 2 and flat.dtype.kind != "f" else None)
        return cls(ascending, values.size - ascending.size)

    @property
    def count(self) -> int:
        return int(self.ascending.size)

    @functools.cached_property
    def exponent(self) -> int:
        """Of the power of two that values are divided by."""
        if not self.count:
            return 0
        largest = max(abs(float(self.ascending[0])), abs(float(self.ascending[-1])))
        _, exponent = math.frexp(largest)
        return exponent if exponent > LARGE or (exponent < SMALL and largest > 0) else 0

    def restored(self, scaled: float, power: int = 1) -> float:
        """A result computed of scaled values, in their own scale; infinite when no float64 can hold it."""
        try:
            return math.ldexp(scaled, self.exponent * power)
        except OverflowError:
            return math.copysign(math.inf, scaled)

    def percentile(self, percent: float) -> float:
        """Linear between order statistics. Scaled, as all that follows."""
        position = percent / 100 * (self.count - 1)
        below = int(position)
        low, high = (self._at(k) for k in (below, min(below + 1, self.count - 1)))
        return low + (position - below) * (high - low)

    def between(self, low_percent: float, high_percent: float) -> "Sample":
        """The values from one percentile to another, both included."""
        # in the scale of the values: between two of them, so it cannot overflow
        low, high = (self.restored(self.percentile(percent)) for percent in (low_percent, high_percent))
        first = bisect.bisect_left(self.ascending, low, key=float)
        return Sample(self.ascending[first : bisect.bisect_right(self.ascending, high, key=float)], 0)

    @functools.cached_property
    def mean(self) -> float:
        low, high = self._at(0), self._at(self.count - 1)
        return low if low == high else math.fsum(float(chunk.sum()) for chunk in self._chunks()) / self.count

    @functools.cached_property
    def moments(self) -> tuple[float, float, float]:
        """Second, third and fourth central moment."""
        sums = np.zeros(3)
        for chunk in self._chunks():
            chunk -= self.mean
            squares = chunk * chunk
            # not by BLAS, whose own threads would wait for those of the segments
            second = squares.sum()
            chunk *= squares
            squares *= squares
            sums += second, chunk.sum(), squares.sum()
        second, third, fourth = (sums / self.count).tolist()
        return second, third, fourth

    @property
    def sd(self) -> float:
        """Standard deviation, divisor n."""
        return math.sqrt(self.moments[0])

    @property
    def mean_absolute_deviation(self) -> float:
        return math.fsum(float(np.abs(chunk - self.mean).sum()) for chunk in self._chunks()) / self.count

    @property
    def median_absolute_deviation(self) -> float:
        """Median distance of the values to their median."""
        below, above = (self.count + 1) // 2, self.count // 2 + 1
        return (self._kth_distance(below) + self._kth_distance(above)) / 2

    def _kth_distance(self, k: int) -> float:
        """The k-th smallest distance to the median: that of the further end of the k values nearest to it."""
        median = self.percentile(50)
        low, high = 0, self.count - k
        while low < high:
            middle = (low + high) // 2
            if median - self._at(middle) > self._at(middle + k) - median:
                low = middle + 1
            else:
                high = middle
        return max(median - self._at(low), self._at(low + k - 1) - median)

    @property
    def sum_of_squares(self) -> float:
        return math.fsum(float(np.square(chunk).sum()) for chunk in self._chunks())

    def sum_of(self, function: Callable[[np.ndarray], np.ndarray]) -> float:
        """Sum of a function of the values, which are not scaled for it."""
        return math.fsum(float(function(np.ldexp(chunk, self.exponent)).sum()) for chunk in self._chunks())

    def share_below(self, limit: float) -> float:
        """Share of the values that are smaller than a limit in their own scale; NaN when there are none."""
        return bisect.bisect_left(self.ascending, limit, key=float) / self.count if self.count else math.nan

    def histogram(self, bins: int) -> tuple[np.ndarray, np.ndarray]:
        """Counts (bins,) in equal bins from the smallest to the largest value, and the edges (bins + 1,), not scaled.

        The last bin holds its upper edge. Of values that are all equal the first bin holds all.
        """
        scaled = np.linspace(self._at(0), self._at(self.count - 1), bins + 1)
        edges = np.ldexp(scaled, self.exponent)
        edges[-1] = float(self.ascending[-1])
        if edges[0] == edges[-1]:
            return np.eye(1, bins, dtype=int)[0] * self.count, edges
        # numpy's searchsorted would convert all values first
        starts = [bisect.bisect_left(self.ascending, edge, key=float) for edge in edges[:-1]]
        return np.diff(starts, append=self.count), edges

    def _at(self, index: int) -> float:
        return math.ldexp(float(self.ascending[index]), -self.exponent)

    def _chunks(self) -> Iterator[np.ndarray]:
        for start in range(0, self.count, CHUNK):
            chunk = self.ascending[start : start + CHUNK].astype(np.float64)
            yield np.ldexp(chunk, -self.exponent) if self.exponent else chunk
