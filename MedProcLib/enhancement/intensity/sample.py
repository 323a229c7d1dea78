"""Values that the statistics of an image are taken from, few enough to sort."""

from collections.abc import Sequence

import numpy as np

from ...core.errors import InputError

# Percentiles of this many values are off by less than 0.03 %.
ENOUGH_VALUES = 4_000_000

CONSTANT = "The image is constant where it is learned from, so it has no range to be mapped by."


def sample(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Values (1D) in a region: all of them, or every k-th of a large one. They always hold the extremes."""
    every = max(1, int(np.count_nonzero(region)) // ENOUGH_VALUES)
    if every == 1:
        return values[region]
    chosen = values.ravel()[::every][region.ravel()[::every]]
    low = np.min(values, where=region, initial=np.inf)
    high = np.max(values, where=region, initial=-np.inf)
    return np.concatenate([chosen, np.array([low, high], chosen.dtype)])


def percentiles(values: np.ndarray, region: np.ndarray, shares: tuple[float, float]) -> tuple[float, float]:
    """Two different percentiles of the values in a region. Raises InputError when they are one."""
    if not shares[0] < shares[1]:
        raise InputError("The low percentile must be below the high one.")
    low, high = np.percentile(sample(values, region).astype(np.float64), shares)
    if not high > low:
        raise InputError(CONSTANT)
    return float(low), float(high)


def interpolated(values: np.ndarray, knots: tuple[np.ndarray, np.ndarray], straight_on: bool = False) -> np.ndarray:
    """Piecewise linear map of the values that takes each start (increasing) to its end; keeps the pixel type.

    knots: starts and ends. Beyond the outer ones the map stays at its last value, or goes straight on.
    """
    start, to = knots
    mapped: np.ndarray = np.interp(values, start, to).astype(values.dtype)
    if straight_on and len(start) > 1:
        below, above = values < start[0], values > start[-1]
        mapped[below] = to[0] + (to[1] - to[0]) / (start[1] - start[0]) * (values[below] - start[0])
        mapped[above] = to[-1] + (to[-1] - to[-2]) / (start[-1] - start[-2]) * (values[above] - start[-1])
    return mapped


def distinct(start: np.ndarray, to: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The knots of a map with equal starts merged into one, which gets the mean of their ends."""
    unique, index, counts = np.unique(start, return_inverse=True, return_counts=True)
    return unique, np.bincount(index, weights=np.asarray(to)) / counts
