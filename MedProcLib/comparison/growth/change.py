"""Whether a size changed beyond its measurement error."""

import enum
import functools
import math
from dataclasses import dataclass, replace

from ...core.errors import InputError
from ...quantification.uncertainty.interval import TWO_SIDED_95
from .measured import Measured, combination, log_ratio


class Changed(enum.StrEnum):
    """Whether the change is beyond measurement error."""

    YES = "yes"
    NO = "no"
    CANNOT_SAY = "cannot say"


@dataclass(frozen=True)
class SizeChange:
    """difference: second minus first in their unit; percent: of the first, None where the first is 0.

    unbiased_percent: without the bias of dividing by a first size that has an error: see size_change.
    """

    difference: Measured
    percent: Measured | None
    changed: Changed
    reason: str
    unbiased_percent: float | None


def size_change(
    first: Measured | float,
    second: Measured | float,
    relevant_percent: float | None = None,
    cut: tuple[bool, bool] = (False, False),
    doubt: str = "",
) -> SizeChange:
    """The change from one date to another of a diameter, area or volume (same unit, not negative).

    The change is beyond measurement error when its 95 % interval excludes no change. With `relevant_percent`, the
    smallest change that would matter, an interval that reaches both no change and a relevant change is "cannot say":
    the measurement is too coarse for either answer. Relative errors are combined on the logarithm, where the errors of
    sizes are near to symmetric (Bland and Altman, Stat. Methods Med. Res. 8, 1999, doi:10.1177/096228029900800204);
    where a limit is not positive, on the difference itself. The ratio of two measured sizes is too large in the mean,
    by the square of the relative error of the first; that is divided out of the unbiased percentage (Beale,
    Industrielle Organisation 31, 1962; Tin, J. Am. Stat. Assoc. 60, 1965), which many findings together should be
    judged by. For well measured sizes it changes nothing that shows: 0.25 % for an error of 5 %.

    cut: whether the border of the image cuts the first, the second: such a size is the least that it may be, so there
    is no interval, and only growth of what is cut afterward, or shrinking of what was cut before, can be certain.
    doubt: why the two may not be sizes of one thing, such as an alignment in doubt; then nothing is certain.
    Raises InputError for negative sizes.
    """
    found = _size_change(Measured.of(first), Measured.of(second), relevant_percent, cut)
    return replace(found, changed=Changed.CANNOT_SAY, reason=f"{doubt}; {found.reason}") if doubt else found


@functools.lru_cache(maxsize=8192)  # a decision on hundreds of findings changes none of their sizes
def _size_change(
    first: Measured, second: Measured, relevant_percent: float | None, cut: tuple[bool, bool]
) -> SizeChange:
    if first.value < 0 or second.value < 0:
        raise InputError("A size cannot be negative: check the two measured values.")
    difference = combination(((-1.0, first), (1.0, second)))
    percent = _percent(first, second)
    judged = percent if percent is not None and percent.limits else difference
    unit = " %" if judged is percent else ""
    unbiased = _unbiased(first, second)
    if judged.limits is None:
        return SizeChange(difference, percent, Changed.CANNOT_SAY, "the measurement error is not known", unbiased)
    low, high = judged.limits
    if any(cut):
        changed, reason = _of_cut(low, high, unit, cut)
        known = Measured(percent.value) if percent is not None else None
        return SizeChange(Measured(difference.value), known, changed, reason, unbiased)
    interval = f"95 % interval of the change {_signed(low)}{unit} to {_signed(high)}{unit}"
    if low > 0 or high < 0:
        return SizeChange(difference, percent, Changed.YES, f"{interval}: excludes no change", unbiased)
    if relevant_percent is not None and max(-low, high) >= _limit(judged, percent, first, relevant_percent):
        reason = f"{interval}: neither no change nor {relevant_percent:g} % can be excluded"
        return SizeChange(difference, percent, Changed.CANNOT_SAY, reason, unbiased)
    return SizeChange(difference, percent, Changed.NO, f"{interval}: includes no change", unbiased)


def _of_cut(low: float, high: float, unit: str, cut: tuple[bool, bool]) -> tuple[Changed, str]:
    """What can be said of a change between these limits that the border of an image may have made."""
    if cut == (False, True) and low > 0:
        return Changed.YES, f"{_signed(low)}{unit} or more (95 %), as the border of the image may cut it afterward"
    if cut == (True, False) and high < 0:
        return Changed.YES, f"{_signed(high)}{unit} or more (95 %), as the border of the image may have cut it before"
    when = {(True, False): "before", (False, True): "afterward", (True, True): "both times"}[cut]
    return Changed.CANNOT_SAY, f"it reaches the border of the image {when} and may go on beyond it"


def _signed(value: float) -> str:
    """To three figures, or the whole number."""
    return f"{value:+.0f}" if abs(value) >= 100 else f"{value:+z.3g}"


def _percent(first: Measured, second: Measured) -> Measured | None:
    if first.value == 0:
        return None
    if second.value == 0:
        return Measured(-100.0)
    logarithm = log_ratio(first, second)
    value = 100 * (second.value / first.value - 1)
    if logarithm.limits is None:
        return Measured(value)
    low, high = (100 * math.expm1(limit) for limit in logarithm.limits)
    return Measured(value, min(low, value), max(high, value))


def _unbiased(first: Measured, second: Measured) -> float | None:
    if first.value == 0:
        return None
    return 100 * (second.value / first.value / (1 + _relative_variance(first)) - 1)


def _relative_variance(size: Measured) -> float:
    """Variance of the error of a positive size as a share of it, by its interval; 0 where that is not known."""
    if size.limits is None or size.limits[0] <= 0:
        return 0.0
    return (math.log(size.limits[1] / size.limits[0]) / (2 * TWO_SIDED_95)) ** 2


def _limit(judged: Measured, percent: Measured | None, first: Measured, relevant_percent: float) -> float:
    """The relevant change in the unit that is judged."""
    return relevant_percent if judged is percent else first.value * relevant_percent / 100
