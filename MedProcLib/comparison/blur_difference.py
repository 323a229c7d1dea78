"""How much more one of two aligned studies is blurred than the other, measured in the images themselves."""

import numpy as np

from ..core.boxes import box_of, grown
from ..core.geometry import Geometry
from ..core.image_filter import grid_of_box
from .intensity import REACH_SD, blurred, mapping

# Both images are smoothed by this SD first, so that noise does not pass for detail.
SMOOTHING_MM = 1.0
# So many voxels say it well enough; differences beyond so many robust SD are left out as change.
VOXELS, OUTLIER_SD, ROUNDS = 1_000_000, 3.0, 3
# Pairs of axes (z, y, x) of the six second derivatives.
PAIRS = ((2, 2), (1, 1), (0, 0), (2, 1), (2, 0), (1, 0))


def blur_difference(first: np.ndarray, other: np.ndarray, region: np.ndarray, grid: Geometry) -> np.ndarray:
    """Covariance (3, 3; mm², LPS) by which the other image is blurred more than the first; negative where less.

    first, other: values (z, y, x) on the grid; region: where to look. A blur of covariance C changes an image I, to
    first order, by half the sum of C times its second derivatives (the diffusion equation: Koenderink, Biol. Cybern.
    50, 1984), so that C comes from linear regression of the difference on the second derivatives of the mean of both.
    Zero where there are too few voxels.
    """
    near = grown(box_of(region), grid, REACH_SD * SMOOTHING_MM, 2)  # what is further away has no part in it
    first, other, region, grid = first[near], other[near], region[near], grid_of_box(grid, near)
    other = mapping(first, other, region, grid)(other)
    a, b = (blurred(v, grid, SMOOTHING_MM) for v in (first, other))
    places = _inner(region)
    if len(places) < 1000 or min(region.shape) < 3:
        return np.zeros((3, 3))
    mean = (a + b) / 2
    # with the mean too, since a blur lessens the contrast, which matched percentiles then hide
    constant = np.ones(len(places))
    design = np.column_stack([*_second_derivatives(mean, places, grid), mean.ravel()[places], constant])
    difference = (b - a).ravel()[places].astype(float)
    kept = np.ones(len(places), bool)
    factors = np.zeros(len(PAIRS) + 2)
    for _ in range(ROUNDS):
        factors = np.linalg.lstsq(design[kept].T @ design[kept], design[kept].T @ difference[kept], rcond=None)[0]
        rest = difference - design @ factors
        rest -= np.median(rest)
        kept = np.abs(rest) <= OUTLIER_SD * 1.4826 * np.median(np.abs(rest)) + 1e-9
    found = np.zeros((3, 3))
    for (i, j), factor in zip(PAIRS, factors, strict=False):
        found[2 - i, 2 - j] = found[2 - j, 2 - i] = factor
    axes = np.reshape(grid.direction, (3, 3))
    return axes @ found @ axes.T


def _inner(region: np.ndarray) -> np.ndarray:
    """Flat indices of the region's voxels, at most so many, that have neighbors on all sides."""
    core = np.zeros(region.shape, bool)
    core[1:-1, 1:-1, 1:-1] = region[1:-1, 1:-1, 1:-1]
    places = np.flatnonzero(core)
    return places[:: max(1, len(places) // VOXELS)]


def _second_derivatives(values: np.ndarray, places: np.ndarray, grid: Geometry) -> list[np.ndarray]:
    """What a unit of each covariance adds at the places: half of xx, yy and zz, all of xy, xz and yz."""
    flat, spacing = values.ravel(), grid.spacing[::-1]
    steps = np.array([values.shape[1] * values.shape[2], values.shape[2], 1])
    found = []
    for i, j in PAIRS:
        if i == j:
            second = flat[places + steps[i]] + flat[places - steps[i]] - 2 * flat[places]
            found.append(second / (2 * spacing[i] ** 2))
            continue
        along, across = steps[i] + steps[j], steps[i] - steps[j]
        mixed = flat[places + along] + flat[places - along] - flat[places + across] - flat[places - across]
        found.append(mixed / (4 * spacing[i] * spacing[j]))
    return found
