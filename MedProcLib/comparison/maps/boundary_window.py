"""Which intensities the boundary of brain or organ runs through, in two studies brought to one scale."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, special

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.statistics import median_and_sd
from ...segmentation.common.connectivity import steps
from ...segmentation.common.morphology import dilated, eroded
from ...segmentation.tissue.intensity_classes import Histogram
from ...segmentation.tissue.mixed_voxels import settled, states_of

# Fluid and the tissue next to it, as places among the three classes of a brain, the darkest first.
FLUID_AND_TISSUE = {"T1": (0, 1), "T2": (2, 1), "FLAIR": (0, 1)}
# Thickness of the shell around an organ that shows what surrounds it.
SHELL_MM = 6.0
FEWEST = 50
# In a window narrower than this share of the contrast the shift was found up to 1.4 times too large (real T1).
NARROWEST = 0.25
# This deep inside a tissue its boundary does not reach.
DEEP_MM = 2.0


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

    def shift(self, values: tuple[np.ndarray, np.ndarray], border: np.ndarray) -> np.ndarray:
        """How much more of each voxel of the border is inside in the second study than in the first, 0 elsewhere."""
        moved = (self.share(values[1]) - self.share(values[0])) / self.response
        return np.where(border, moved, 0).astype(np.float32)


def brain_levels(values: np.ndarray, weighting: str) -> Levels:
    """Of fluid, gray and white matter among the values of a brain with its fluid (flat array).

    A mixture with mixed voxels as classes of their own, so that these do not widen those of the tissues.
    """
    found = settled(Histogram.of(values, 3), 3, states_of(3))[0]
    return Levels(found.means, found.sds, *FLUID_AND_TISSUE[weighting])


def organ_places(masks: tuple[np.ndarray, np.ndarray], border_mm: float, grid: Geometry) -> list[np.ndarray]:
    """The shell around both masks and the inside of both (z, y, x), apart from the border between."""
    inside = eroded(masks[0] & masks[1], grid, border_mm)
    reached = dilated(masks[0] | masks[1], grid, border_mm + SHELL_MM)
    outside = reached & ~dilated(masks[0] | masks[1], grid, border_mm)
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < FEWEST:
        raise InputError("The masks are too small, or fill the image: a boundary needs tissue on both of its sides.")
    return [outside, inside]


def organ_levels(values: np.ndarray, places: list[np.ndarray]) -> Levels:
    """Of the surroundings and of the organ; see `organ_places`."""
    return Levels(*np.array([median_and_sd(values[part]) for part in places]).T)


def pure_places(
    values: tuple[np.ndarray, np.ndarray], levels: tuple[Levels, Levels], region: np.ndarray, grid: Geometry
) -> list[np.ndarray]:
    """Where both studies show fluid, and the tissue least like it, well inside of either; the tissue alone where there
    is no such fluid.

    Where classes meet, a boundary that moved changes their shares, and means of whole classes with them: a scale from
    those would undo part of the atrophy.
    """
    far = 2 - levels[0].outer
    places = []
    for place in (levels[0].outer, far):
        part = region.copy()
        for v, level in zip(values, levels, strict=True):
            limit = (level.means[place] + level.means[1]) / 2
            part &= (v > limit) if level.means[place] > level.means[1] else (v < limit)
        deep = core_of(part, grid, DEEP_MM)
        if place == far and np.count_nonzero(deep) < FEWEST:
            deep = part
        if np.count_nonzero(deep) >= FEWEST:
            places.append(deep)
    if not places:
        raise InputError("The masks hold too little tissue to bring the two studies to one scale: draw larger ones.")
    return places


def core_of(region: np.ndarray, grid: Geometry, depth_mm: float) -> np.ndarray:
    """What of a region is deeper than this, and by more than one voxel along every axis."""
    return eroded(region, grid, depth_mm) & ndimage.binary_erosion(region, steps("face", 3), border_value=1)


def to_one_scale(first: np.ndarray, other: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """(factor, offset) of each study that bring these means of one or two tissues (arrays) to both studies' average."""
    if first.size > 1 and not min(abs(float(np.diff(means)[0])) for means in (first, other)) > 0:
        raise InputError("One of the studies shows no contrast at the boundary: choose another image.")
    target = (first + other) / 2
    if first.size == 1:
        scales = [(float(target[0] / means[0]), 0.0) for means in (first, other)]
    else:
        factors = [float(np.diff(target)[0] / np.diff(means)[0]) for means in (first, other)]
        scales = [(f, float(target[0] - f * m[0])) for f, m in zip(factors, (first, other), strict=True)]
    if not min(factor for factor, _ in scales) > 0:
        raise InputError("The two studies do not have one contrast (dark in one is bright in the other).")
    return scales[0], scales[1]


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
            "The two sides of the boundary differ too little for their noise: smooth the images, or take "
            "ones with more contrast."
        )
    # mean by which normal values reach over a limit so many SD from their mean
    reach = math.exp(-(sds**2) / 2) / (2 * math.pi) ** 0.5 - sds * float(special.ndtr(-sds))
    return Window(
        low + toward * sds * float(low_sd),
        high - toward * sds * float(high_sd),
        1 - reach * float(low_sd + high_sd) / width,
    )
