"""A figure with the interval that holds its true value 95 times in 100."""

import math
from typing import NamedTuple

# Standard deviations on either side of a normal distribution's mean that hold 95 % of it.
TWO_SIDED_95 = 1.96
# A figure that may be off by a larger factor is not known at all.
LARGEST_FACTOR = 1e6


class Interval(NamedTuple):
    """low and high: ends of the 95 % interval; estimate: the likeliest value, which need not be their middle."""

    low: float
    high: float
    estimate: float

    @classmethod
    def around(cls, estimate: float, sd: float) -> "Interval":
        """Of a normal error."""
        return cls(estimate - TWO_SIDED_95 * sd, estimate + TWO_SIDED_95 * sd, estimate)

    @classmethod
    def of_factor(cls, estimate: float, relative_sd: float) -> "Interval":
        """Of an error that is normal on the logarithm of a positive figure, with this standard deviation there."""
        factor = math.exp(min(TWO_SIDED_95 * relative_sd, math.log(LARGEST_FACTOR)))
        return cls(estimate / factor, estimate * factor, estimate)
