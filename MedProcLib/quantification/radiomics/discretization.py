"""Intensities of a region as levels 1, 2, 3, ... (IBSI, arXiv 1612.07003, 2.7)."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...core.errors import InputError
from .statistics import are_whole, in_blocks, in_parts

Method = Literal["fixed bin number", "fixed bin size", "none"]
# More levels make co-occurrence matrices too large for memory, and mean nothing.
MOST_LEVELS = 10_000


@dataclass(frozen=True)
class Levels:
    """levels: ints as small as hold them, 1..count; first: lower edge of level 1, width: of a level, both in the unit
    of the image."""

    levels: np.ndarray
    count: int
    first: float
    width: float


def discretized(
    values: np.ndarray,
    method: Method,
    bin_number: int,
    bin_size: float,
    lowest: float | None = None,
    most_levels: int = MOST_LEVELS,
) -> Levels:
    """Levels of the intensities of a region (1D, at least one).

    'fixed bin number' divides the region's range (FBN, K15C); 'fixed bin size' (FBS, Q3RU) starts at `lowest`, the
    lower bound of re-segmentation, or at the region's smallest value where there is none; 'none' takes whole numbers
    from 1 up as they are. Raises InputError for too many levels, or values that are no levels.
    """
    low, high = float(values.min()), float(values.max())
    if method == "none":
        if low < 1 or not are_whole(values):
            raise InputError(
                f"Discretization 'none' takes whole numbers from 1 up; the region holds {low:g} to {high:g}: choose "
                "'fixed bin number' or 'fixed bin size'."
            )
        first, width, number = 0.5, 1.0, high
    elif method == "fixed bin number":
        first, number = low, float(bin_number)
        width = (high - low) / bin_number
    else:
        first, width = low if lowest is None else lowest, bin_size
        number = math.floor((high - first) / width) + 1
    if number > most_levels:
        raise InputError(
            f"Discretization gives {number:.0f} levels, more than {most_levels}: the intensities range from {low:g} to "
            f"{high:g}; choose a larger bin size, or 'fixed bin number'."
        )
    if method == "none":
        return Levels(values.astype(np.min_scalar_type(int(number))), int(number), first, width)
    if not width > 0:
        return Levels(np.ones(values.shape, np.uint8), 1, first, width)
    levels = np.empty(values.shape, np.min_scalar_type(int(number)))
    for part, found in zip(in_blocks(values), in_parts(levels), strict=True):
        # whole numbers are multiplied before they are divided, so that none falls short of an edge it lies on
        steps = part - first
        if method == "fixed bin number":
            steps *= bin_number
            steps /= high - low
        else:
            steps /= width
        found[:] = np.clip(np.floor(steps) + 1, 1, int(number))
    return Levels(levels, int(number), first, width)
