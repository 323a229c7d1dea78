"""Which intensities the boundary of brain or organ runs through, in two studies brought to one scale."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.statistics import median_and_sd
from ...segmentation.common.morphology import dilated, eroded
from ...segmentation.tissue.intensity_classes import Histogram
from ...segmentation.tissue.mixed_voxels import settled, states_of

# Fluid and the tissue next to it, as places among the three classes of a brain, the darkest first.
FLUID_AND_TISSUE = {"T1": (0, 1), "T2": (2, 1), "FLAIR": (0, 1)}
# Thickness of the shell around an organ that shows what surrounds it.
SHELL_MM = 6.0
FEWEST = 50
# A window narrower than this share of the contrast would hold noise only.
NARROWEST = 0.25


@dataclass(frozen=True)
class Levels:
    """Means and standard deviations of a study's classes of intensity; outer, inner: those outside and inside."""

    means: np.ndarray
    sds: np.ndarray
    outer: int = 0
    inner: int = 1


@dataclass(frozen=True)
class Window:
    """outer, inner: intensities at which the boundary begins and ends, on the scale between both studies.

    response: mean share of pure tissue inside minus that outside, less than 1 because noise beyond the window is cut.
    """

    outer: float
    inner: float
    response: float = 1.0

    def share(self, values: np.ndarray) -> np.ndarray:
        """How much of each voxel is inside: 0 at the outer intensity and beyond, 1 at the inner one and beyond."""
        return np.clip((values - self.outer) / (self.inner - self.outer), 0, 1)


def brain_levels(values: np.ndarray, weighting: str) -> Levels:
    """Of fluid, gray and white matter among the values of a brain with its fluid (flat array).

    A mixture with mixed voxels as classes of their own, so that these do not widen those of the tissues.
    """
    found = settled(Histogram.of(values, 3), 3, states_of(3))[0]
    return Levels(found.means, found.sds, *FLUID_AND_TISSUE[weighting])


def organ_levels(values: np.ndarray, masks: tuple[np.ndarray, np.ndarray], border_mm: float, grid: Geometry) -> Levels:
    """Of the inside of both masks and of the shell around them (z, y, x), apart from the border between."""
    inside = eroded(masks[0] & masks[1], grid, border_mm)
    reached = dilated(masks[0] | masks[1], grid, border_mm + SHELL_MM)
    outside = reached & ~dilated(masks[0] | masks[1], grid, border_mm)
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < FEWEST:
        raise InputError("The masks are too small, or fill the image: a boundary needs tissue on both of its sides.")
    pairs = [median_and_sd(values[part]) for part in (outside, inside)]
    return Levels(*np.array(pairs).T)


def to_one_scale(first: Levels, other: Levels) -> tuple[tuple[float, float], tuple[float, float]]:
    """(factor, offset) of each study that bring its classes' means to both studies' average (least squares)."""
    target = (first.means + other.means) / 2
    fits = [np.polyfit(levels.means, target, 1) for levels in (first, other)]
    if min(float(slope) for slope, _ in fits) <= 0:
        raise InputError("The two studies do not have one contrast (dark in one is bright in the other).")
    return (float(fits[0][0]), float(fits[0][1])), (float(fits[1][0]), float(fits[1][1]))


def window_of(first: Levels, other: Levels, scales: tuple[tuple[float, float], ...], sds: float) -> Window:
    """From so many SD inside the outer class to so many before the inner one, averaged over both studies.

    Raises InputError where the two classes are no farther apart than that.
    """
    outer, inner, spread = [], [], []
    for levels, (factor, offset) in zip((first, other), scales, strict=True):
        outer.append(factor * levels.means[levels.outer] + offset)
        inner.append(factor * levels.means[levels.inner] + offset)
        spread.append((factor * levels.sds[levels.outer], factor * levels.sds[levels.inner]))
    low, high = float(np.mean(outer)), float(np.mean(inner))
    toward = 1.0 if high > low else -1.0
    low_sd, high_sd = np.mean(spread, axis=0)
    width = abs(high - low) - sds * float(low_sd + high_sd)
    if width <= NARROWEST * abs(high - low):
        raise InputError(
            "The two sides of the boundary differ too little for their noise: smooth the images, or lower the window's "
            "SD."
        )
    # mean by which normal values reach over a limit so many SD from their mean
    reach = math.exp(-(sds**2) / 2) / (2 * math.pi) ** 0.5 - sds * float(special.ndtr(-sds))
    return Window(
        low + toward * sds * float(low_sd),
        high - toward * sds * float(high_sd),
        1 - reach * float(low_sd + high_sd) / width,
    )
