"""Pieces of a time point linked to those before: the best explanation of what became of each."""

from dataclasses import dataclass

import numpy as np

from .assignment import best
from .candidates import Shares
from .hypotheses import LEAST_SD_MM, Before, Hypotheses, hypotheses
from .pieces import Pieces
from .settings import Follow
from .shift import local_shift


@dataclass(frozen=True)
class Link:
    """Pieces that are one finding: (1, 1) goes on, (2 or more, 1) merged, (1, 2 or more) split; indices from 0."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def link(before: Before, after: Pieces, shares: Shares | None, settings: Follow) -> list[Link]:
    """The links that explain the pieces best; a piece in none of them ends or begins.

    shares: overlap of the pieces, where label maps give it; that of balls of their volumes when None.
    """
    # both time points are off by the error, in three directions
    sd_mm = max(np.sqrt(2 / 3) * settings.registration_error_mm, LEAST_SD_MM)
    found, chosen = _solved(before, after, shares, settings, sd_mm)
    if settings.local_shift:
        shift = local_shift(before, after, found, chosen, sd_mm)
        if shift is not None:
            corrected = Before(before.pieces.moved(shift.of_before), before.missed, before.single)
            found, chosen = _solved(corrected, after, shares, settings, max(shift.remaining_sd_mm, LEAST_SD_MM))
    return [Link(found.before[n], found.after[n]) for n in chosen]


def _solved(
    before: Before, after: Pieces, shares: Shares | None, settings: Follow, sd_mm: float
) -> tuple[Hypotheses, np.ndarray]:
    found = hypotheses(before, after, shares, settings, sd_mm)
    return found, best(found, len(before.pieces), len(after))
