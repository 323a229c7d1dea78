"""Gray level co-occurrence matrices (Haralick et al., IEEE SMC 3(6), 1973; IBSI 3.6)."""

import numpy as np

from .counts import BLOCK, Counts
from .directions import Vector
from .region import Region


def cooccurrences(region: Region, vector: Vector, by_slice: bool) -> Counts:
    """How often two levels are a vector (z, y, x) apart, either way round: row the lower rank, column the higher.

    The symmetric matrix has half an element's count above the diagonal and half below, and twice that of one on it
    (all features are of its probabilities). Matrix: slice, or 0 for the volume.
    """
    step, parts = region.step(vector), []
    for place in region.places(BLOCK):
        other = region.flat[place + step]
        pairs = other > 0
        place, other = place[pairs], other[pairs]
        rank = region.flat[place]
        matrix = place // region.plane if by_slice else np.zeros_like(place)
        parts.append(Counts.of(matrix, np.minimum(rank, other), np.maximum(rank, other)))
    return Counts.joined(parts) if len(parts) == 1 else Counts.joined(parts).merged()
