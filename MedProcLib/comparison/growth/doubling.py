"""Growth rate and volume doubling time between two dates."""

import math
from dataclasses import dataclass

from ...core.errors import InputError
from .measured import Measured, combination, log_ratio

LN2 = math.log(2)


@dataclass(frozen=True)
class Growth:
    """rate: specific growth rate, ln(second/first) per day, with its interval.

    doubling_days: ln 2 / rate; negative while shrinking (then its size is the halving time), infinite without change.
    doubling_limits: of the 95 % interval of the rate, fastest first; infinite where it includes no growth; None when
    the error is not known.
    """

    rate: Measured
    doubling_days: float
    doubling_limits: tuple[float, float] | None

    @property
    def percent_per_year(self) -> float:
        """Relative growth in 365.25 days at this rate; infinite where it leaves the range of numbers."""
        try:
            return 100 * math.expm1(365.25 * self.rate.value)
        except OverflowError:
            return math.inf


def volume_growth(first: Measured | float, second: Measured | float, days: float) -> Growth:
    """Growth of a volume (any unit, above 0) over `days`.

    Exponential growth: Schwartz, Cancer 14, 1961, doi:10.1002/1097-0142(196111/12)14:6<1272::AID-CNCR2820140618>
    3.0.CO;2-H. The interval of the rate comes from those of the volumes, their relative errors independent; the
    doubling time's limits are those of the rate, as its own error is far from normal near no growth.
    Raises InputError for volumes that are not positive or days that are not.
    """
    return _growth(log_ratio(Measured.of(first), Measured.of(second)), days)


def diameter_growth(first: Measured | float, second: Measured | float, days: float) -> Growth:
    """Growth of the volume that goes with a diameter (mm): three times the logarithm, as of a sphere."""
    return _growth(combination(((3.0, log_ratio(Measured.of(first), Measured.of(second))),)), days)


def _growth(logarithm: Measured, days: float) -> Growth:
    if not (math.isfinite(days) and days > 0):
        raise InputError(f"The two dates must be apart; got {days:g} days. Give the earlier date first.")
    rate = combination(((1 / days, logarithm),))
    doubling = LN2 / rate.value if rate.value else math.inf
    if rate.limits is None:
        return Growth(rate, doubling, None)
    low, high = rate.limits
    if high <= 0:
        return Growth(rate, doubling, (math.inf, math.inf))
    return Growth(rate, doubling, (LN2 / high, LN2 / low if low > 0 else math.inf))
