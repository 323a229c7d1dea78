"""Lateral and third ventricles in an MR image of the brain."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress, execute
from ...core.statistics import MAD_TO_SD
from ...core.voxels import inside, values_of
from ..common.connected_to import connected_to
from ..common.gaussian_mean import mean_within
from ..common.morphology import closed, distance_to
from ..common.working_grid import mask_on_image
from .brain_grid import BrainGrid, on_brain_grid

WORKING_MM = 1.0
# Specks of noise in the fluid, which would cut it up, are quieted by this Gaussian.
QUIET_MM = 0.7
# What lies deeper than this share of the brain's greatest depth holds the ventricles' bodies; of the values there the
# darkest hundredth are fluid, half of them tissue.
DEEP, FLUID_PERCENT = 0.5, 0.5
# Of normal noise the darkest hundredth has its middle 2.6 SD below the rest; fluid is darker than that.
LEAST_SD = 3.5
# Where the ventricles' bodies lie: an ellipsoid by its middle (from the brain's center of mass) and half axes, LPS.
PLACE_MM, SPREAD_MM = np.array([0.0, -10.0, 5.0]), np.array([21.0, 20.0, 18.0])
# Fluid that is none of theirs: near the surface (share of the greatest depth); the cistern behind the midbrain, the
# cisterns at the base, and the fissure between the hemispheres, all in the middle: from the brain's center of mass.
OUTER = 0.35
CISTERN_ASIDE_MM, CISTERN_BEHIND_MM = 12.0, 8.0
BASE_ASIDE_MM, BASE_BELOW_MM = 20.0, 22.0
FISSURE_ASIDE_MM, FISSURE_ABOVE_MM = 8.0, 28.0
# Thin parts of a ventricle go this far from its thick parts; beyond the other thickness all parts are alike thick.
REACH_MM, MOST_THICK_MM = 3.0, 10.0


@operation(
    "segmentation.ventricles",
    title="Ventricles of the brain",
    gives="labels",
    source="Schnack et al., Automatic segmentation of the ventricular system from MR images of the human brain, "
    "NeuroImage 14(1), 2001 (threshold, region growing from the middle, cuts to the cisterns)",
    dimensions=(3,),
)
class Ventricles:
    """Find the lateral ventricles and the third one: fluid in the middle of the brain, inside a mask of the brain.

    Fluid is dark in T1 and FLAIR and bright in T2. Its thick parts in the depth of the brain are the beginnings; what
    is joined to them belongs to them, up to the necks at which it goes over into cisterns and sulci. The fourth
    ventricle is left out. Give the image without shading (N4) where it has much of it.
    """

    weighting: Annotated[
        Literal["automatic", "dark", "bright"],
        "fluid is dark (T1, FLAIR) or bright (T2); automatic: what differs most from tissue in its middle",
    ] = "automatic"
    limit: Annotated[
        float, Range(0.1, 0.9), "what is nearer to fluid (0) than this on the way to tissue (1) is fluid"
    ] = 0.5
    core_mm: Annotated[float, Range(0.5, 10, "mm"), "radius of the ball that fits into their thick parts"] = 1.5

    @property
    def structures(self) -> dict[int, str]:
        return {1: "ventricles"}

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        first, quiet, second, third = progress.parts(2, 1, 6, 1)
        brain = on_brain_grid(image, values, inside(mask, valid), WORKING_MM, first)
        brain = replace(brain, values=mean_within(brain.values, brain.brain, brain.grid, QUIET_MM, quiet))
        found = ventricles_in(brain, self.weighting, self.limit, self.core_mm, second)
        if not found.any():
            raise InputError(
                "There is no fluid in the middle of the brain: choose a smaller core radius, or say whether fluid is "
                "dark or bright. The mask must be of the brain."
            )
        return mask_on_image(found, brain.grid, image, third)


def ventricles_in(
    brain: BrainGrid, weighting: str, limit: float, core_mm: float, progress: Progress = SILENT
) -> np.ndarray:
    """Where (z, y, x) the ventricles are; nowhere when nothing of the kind is in the middle of the brain."""
    grid, region = brain.grid, brain.brain
    measure, pick, cut, reach, close = progress.parts(2, 2, 4, 2, 1)
    depth = distance_to(~region, grid, measure)
    fluid = fluid_in(brain, depth, weighting, limit)
    thickness = distance_to(~fluid, grid, pick)
    thick = np.argwhere(thickness > core_mm)
    inner, outer = _told_apart(brain, thick, depth)
    if not inner.any():
        return np.zeros(region.shape, bool)
    # the thick parts take the thin ones about them, and meet where the fluid is narrowest
    markers = np.zeros(region.shape, np.uint8)
    for label, chosen in ((1, inner), (2, outer)):
        markers[tuple(thick[chosen].T)] = label
    flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
    flood.SetMarkWatershedLine(False)
    heights = grid.image_of(-np.minimum(thickness, MOST_THICK_MM).astype(np.float32))
    basins = sitk.GetArrayFromImage(
        execute(flood, heights, grid.image_of(markers), progress=cut, message="Cutting at the narrowest")
    )
    own = (basins == 1) & fluid
    # sheets of fluid that begin at a ventricle are sulci
    near = distance_to(own & (thickness > core_mm), grid, reach) <= core_mm + REACH_MM
    found = connected_to(markers == 1, own & near, "face")
    return closed(found, grid, WORKING_MM, close) & region


def _told_apart(brain: BrainGrid, index: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of these voxels (n, 3) are of the ventricles' bodies, and which are of cisterns and sulci, by their place.

    The rest is undecided: what is joined to it decides.
    """
    offset = brain.offsets(index)
    aside, behind, above = np.abs(offset[:, 0]), offset[:, 1], offset[:, 2]
    outer = depth[tuple(index.T)] < OUTER * depth.max()
    outer |= (aside < CISTERN_ASIDE_MM) & (behind > CISTERN_BEHIND_MM) & (above < 0)
    outer |= (aside < BASE_ASIDE_MM) & (above < -BASE_BELOW_MM)
    outer |= (aside < FISSURE_ASIDE_MM) & (above > FISSURE_ABOVE_MM)
    inner = (((offset - PLACE_MM) / SPREAD_MM) ** 2).sum(axis=1) < 1
    return inner & ~outer, outer


def fluid_in(brain: BrainGrid, depth: np.ndarray, weighting: str, limit: float) -> np.ndarray:
    """What is nearer to fluid than to tissue (z, y, x); depth: mm under the surface of the brain.

    Nothing where the middle of the brain holds no fluid.
    """
    weighting = _weighting(brain, depth, weighting)
    fluid, tissue, sd = fluid_level(brain, depth, weighting)
    if abs(tissue - fluid) < LEAST_SD * sd:
        return np.zeros(brain.brain.shape, bool)
    border = fluid + limit * (tissue - fluid)
    return brain.brain & (brain.values > border if weighting == "bright" else brain.values < border)


def _weighting(brain: BrainGrid, depth: np.ndarray, weighting: str) -> str:
    """Fluid is what lies farther from tissue in the middle of the brain: the rim may hold skull or nothing at all."""
    if weighting != "automatic":
        return weighting
    away = {}
    for kind in ("bright", "dark"):
        fluid, tissue, _ = fluid_level(brain, depth, kind)
        away[kind] = abs(fluid - tissue)
    return max(away, key=lambda kind: away[kind])


def fluid_level(brain: BrainGrid, depth: np.ndarray, weighting: str) -> tuple[float, float, float]:
    """Value of fluid and of tissue in the middle of the brain, and the robust SD of the tissue there.

    The SD is that of the narrower side of the median: gray beside white matter widens the other one.
    """
    middle = brain.values[depth > DEEP * depth.max()].astype(np.float64)
    lower, tissue, upper = np.percentile(middle, (25, 50, 75))
    fluid = np.percentile(middle, 100 - FLUID_PERCENT if weighting == "bright" else FLUID_PERCENT)
    return float(fluid), float(tissue), MAD_TO_SD * float(min(tissue - lower, upper - tissue))
