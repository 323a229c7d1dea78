"""A measured number with its 95 % interval, and sums and products of independent ones."""

import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass

from ...core.errors import InputError


@dataclass(frozen=True)
class Measured:
    """value with the limits of its 95 % interval in the same unit; both limits None when the error is not known.

    Raises InputError for numbers that are not finite and for limits that do not enclose the value.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise InputError(f"An interval needs both limits; of {self.value:g} only one is given.")
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is None or (type(number) is float and math.isfinite(number)):  # most are; thousands at a time
                continue
            if isinstance(number, bool) or not isinstance(number, numbers.Real) or not math.isfinite(number):
                raise InputError(f"A measured number must be finite; got {name} = {number!r}.")
            object.__setattr__(self, name, float(number))
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise InputError(f"The interval {self.low:g} to {self.high:g} does not enclose the value {self.value:g}.")

    @classmethod
    def exact(cls, value: float) -> "Measured":
        """A number without measurement error, such as the 0 mm of a lesion that is gone."""
        return cls(value, value, value)

    @classmethod
    def of(cls, value: "Measured | float") -> "Measured":
        return value if isinstance(value, Measured) else cls(value)

    @property
    def limits(self) -> tuple[float, float] | None:
        return None if self.low is None or self.high is None else (self.low, self.high)


def combination(terms: Iterable[tuple[float, Measured]]) -> Measured:
    """Sum of factor times number, the errors independent: the half-widths add in quadrature on either side (GUM 5.1).

    Without an interval of every term the result has none.
    """
    terms = list(terms)
    value = math.fsum(factor * number.value for factor, number in terms)
    below, above, known = 0.0, 0.0, True
    for factor, number in terms:
        if number.limits is None:
            known = False
            break
        down, up = number.value - number.limits[0], number.limits[1] - number.value
        if factor < 0:
            down, up = up, down
        below += (factor * down) ** 2
        above += (factor * up) ** 2
    return Measured(value, value - math.sqrt(below), value + math.sqrt(above)) if known else Measured(value)


def total(measured: Iterable[Measured]) -> Measured:
    """The sum of independent numbers."""
    return combination((1.0, number) for number in measured)


def mean(measured: Iterable[Measured]) -> Measured:
    """The mean of independent numbers, at least one."""
    listed = list(measured)
    return combination((1 / len(listed), number) for number in listed)


def product(one: Measured, two: Measured) -> Measured:
    """The product of two independent numbers, to first order in their errors."""
    value = one.value * two.value
    if one.limits is None or two.limits is None:
        return Measured(value)
    below = math.hypot((one.value - one.limits[0]) * two.value, (two.value - two.limits[0]) * one.value)
    above = math.hypot((one.limits[1] - one.value) * two.value, (two.limits[1] - two.value) * one.value)
    return Measured(value, value - below, value + above)


def log_ratio(first: Measured, second: Measured) -> Measured:
    """ln(second / first) of two positive independent numbers; no interval where a lower limit is not positive."""
    if first.value <= 0 or second.value <= 0:
        raise InputError(f"A ratio needs two sizes above 0; got {first.value:g} and {second.value:g}.")
    logs = [
        Measured(math.log(n.value))
        if n.limits is None or n.limits[0] <= 0
        else Measured(math.log(n.value), math.log(n.limits[0]), math.log(n.limits[1]))
        for n in (first, second)
    ]
    return combination(((-1.0, logs[0]), (1.0, logs[1])))
