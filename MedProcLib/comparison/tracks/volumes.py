"""Volumes of several observations together, and the intervals by which two times are compared."""

import math
from collections.abc import Sequence

from ..growth.measured import Measured, total
from .model import Observation

NOTHING = Measured.exact(0.0)


def true_total(observations: Sequence[Observation]) -> Measured:
    """Volume (mm³) of all of them with the 95 % interval of the true one.

    Errors from study to study are independent, those of where the border is (Observation.border_mm) alike in all.
    """
    whole, true = total(o.volume for o in observations), [o.true_volume for o in observations]
    repeated = [o.volume.limits for o in observations]
    if whole.limits is None or None in repeated or any(each.limits is None for each in true):
        return Measured(whole.value)
    ends = []
    for end in (0, 1):
        own = [abs(limits[end] - each.value) for limits, each in zip(repeated, true, strict=True) if limits]
        every = [abs(each.limits[end] - each.value) for each in true if each.limits]
        shared = sum(math.sqrt(max(0.0, b**2 - a**2)) for a, b in zip(own, every, strict=True))
        ends.append(math.hypot(whole.limits[end] - whole.value, shared))
    return Measured(whole.value, max(0.0, whole.value - ends[0]), whole.value + ends[1])


def compared(before: Sequence[Observation], after: Sequence[Observation]) -> tuple[Measured, Measured]:
    """Volumes (mm³) of all before and of all after, with the 95 % intervals by which they are compared; 0 of none.

    Where the border was found in one way, its error is alike in both and cancels out: the intervals are those from
    study to study. It does not where there is nothing on one side, nor where it was found in two ways, as when a reader
    drew one outline anew: the intervals are those of the true volumes. Where one of these is not known, what is new or
    gone has that from study to study, what is in both has none.
    """
    if not before or not after:
        return _alone(before), _alone(after)
    one_way = len({o.border_mm for o in (*before, *after)}) == 1
    first, second = (total(o.volume for o in side) if one_way else true_total(side) for side in (before, after))
    return first, second


def _alone(side: Sequence[Observation]) -> Measured:
    """Of what is there at one of two times."""
    if not side:
        return NOTHING
    true = true_total(side)
    return true if true.limits is not None else total(o.volume for o in side)
