"""A figure with the interval that holds its true value 95 times in 100."""

from typing import NamedTuple

# Standard deviations on either side of a normal distribution's mean that hold 95 % of it.
TWO_SIDED_95 = 1.96


class Interval(NamedTuple):
    """low and high: ends of the 95 % interval; estimate: the likeliest value, which need not be their middle."""

    low: float
    high: float
    estimate: float

    @classmethod
    def around(cls, estimate: float, sd: float) -> "Interval":
        """Of a normal error."""
        return cls(estimate - TWO_SIDED_95 * sd, estimate + TWO_SIDED_95 * sd, estimate)
