"""Registrations with one first study, brought into the mean space of all studies."""

from collections.abc import Sequence
from dataclasses import replace

import SimpleITK as sitk

from ...core.errors import InputError
from ..result import Registration, Verdict
from .mean_space import mean_space


def in_mean_space(registrations: Sequence[Registration]) -> list[Registration]:
    """Registrations of later studies with the first one, all of them leading from the mean space of the studies.

    A failed one stays as it is. All do where only one is left, whose half-way space is the mean space already, and
    where there is no mean space (a deformable registration, or studies turned too far).
    """
    good = [n for n, found in enumerate(registrations) if found.verdict is not Verdict.FAILED]
    if len(good) < 2:
        return list(registrations)
    try:
        spaces = mean_space([sitk.AffineTransform(3), *(registrations[n].transform for n in good)])
    except InputError:
        return list(registrations)
    moved = list(registrations)
    for n, to_other in zip(good, spaces[1:], strict=True):
        moved[n] = replace(registrations[n], to_first=spaces[0], to_other=to_other)
    return moved
