"""How registration is off in each neighborhood, from the matches that are beyond doubt."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ...core.statistics import MAD_TO_SD
from .hypotheses import Before, Hypotheses
from .pieces import Pieces

NEIGHBORS = 12  # clear matches averaged at a place
FEWEST = 6  # below this many nearby nothing is corrected
WITHIN_MM = 60.0  # how far a clear match tells of the registration


@dataclass(frozen=True)
class Shift:
    """of_before: (n, 3) mm by which each piece before is to be moved; remaining_sd_mm: per axis, once they are."""

    of_before: np.ndarray
    remaining_sd_mm: float


def local_shift(before: Before, after: Pieces, found: Hypotheses, chosen: np.ndarray, sd_mm: float) -> Shift | None:
    """Median displacement of the nearest pairs matched at the first go; None where there are too few.

    A pair's own displacement does not count for itself. The remaining standard deviation is never taken to be less
    than half of sd_mm: errors of single findings remain. That neighbors move alike is what point matching rests on
    (Myronenko and Song, Coherent point drift, IEEE TPAMI 32, 2010).
    """
    pairs = [n for n in chosen if len(found.before[n]) == 1 and len(found.after[n]) == 1]
    i = np.array([found.before[n][0] for n in pairs], int)
    j = np.array([found.after[n][0] for n in pairs], int)
    if len(pairs) <= FEWEST:
        return None
    moved = after.centers[j] - before.pieces.centers[i]
    tree = cKDTree(before.pieces.centers[i])
    count = min(NEIGHBORS + 1, len(pairs))
    near, which = tree.query(before.pieces.centers, count, distance_upper_bound=WITHIN_MM)
    own = np.full(len(before.pieces), -1)
    own[i] = np.arange(len(pairs))
    usable = np.isfinite(near) & (which != own[:, None])
    values = np.where(usable[..., None], moved[np.minimum(which, len(pairs) - 1)], np.nan)
    enough = usable.sum(axis=1) >= FEWEST
    if not enough.any():
        return None
    shifts = np.zeros((len(before.pieces), 3))
    shifts[enough] = np.nanmedian(values[enough], axis=1)
    left = (moved - shifts[i])[enough[i]]
    remaining = MAD_TO_SD * float(np.median(np.abs(left))) if len(left) else sd_mm
    return Shift(shifts, float(np.clip(1.25 * remaining, sd_mm / 2, sd_mm)))
