"""White-matter lesions in a FLAIR image of the brain."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry, resample
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, gaussian, inside, values_of
from ..cleanup.remove_small import sizes_within
from ..common.connectivity import connected_components
from ..common.morphology import closed, distance_to
from ..detection.bright_outliers import deviation
from .brain_grid import BrainGrid, on_brain_grid
from .ventricles import DEEP, fluid_in, ventricles_in

WORKING_MM = 1.0
# Brightness is compared with that of the tissue around: SD of the Gaussian mean of what is within NORMAL SD of it.
AROUND_MM, NORMAL = 25.0, 2.0
# Noise is quieted by this Gaussian before voxels are judged.
QUIET_MM = 0.7
# A Gaussian mean over less than this share of the brain would be rounding noise.
LEAST_WEIGHT = 1e-3
# Fluid and tissue part here, and what fits into ventricles as the library finds them.
FLUID, CORE_MM = 0.5, 1.5
# Septum and choroid plexus lie in the gap that the ventricles leave between them.
GAP_MM = 6.0
# A find is dropped when more than this share of it lies where no white matter is.
MOST_OUTSIDE = 0.5


@operation(
    "segmentation.white_matter_lesions",
    title="White-matter lesions (FLAIR)",
    gives="labels",
    source="Roura et al., A toolbox for multiple sclerosis lesion segmentation, Neuroradiology 57(10), 2015 (FLAIR "
    "outliers of normal tissue, then rules of place and size); Canny, IEEE PAMI 8(6), 1986 (hysteresis)",
    dimensions=(3,),
)
class WhiteMatterLesions:
    """Find bright lesions of the white matter in FLAIR, inside a mask of the brain; numbered, the largest first.

    A lesion is brighter than the tissue around it by the high threshold somewhere and by the low one all over, and ends
    where it falls below a share of its own peak. What lies in the cortex, which is bright as well, or between the
    ventricles (septum, choroid plexus) is left out. No lesion is a legitimate answer: the label map is then empty.
    """

    low: Annotated[float, Range(0, 20, "SD"), "robust SD above normal tissue that all of a lesion has"] = 2.25
    high: Annotated[float, Range(0, 20, "SD"), "robust SD above normal tissue that a lesion has somewhere"] = 4.0
    rim: Annotated[float, Range(0, 0.9), "a lesion ends where it falls below this share of its own peak"] = 0.4
    cortex_mm: Annotated[
        float, Range(0, 20, "mm"), "what is mostly nearer than this to the surface or to the sulci is cortex"
    ] = 4.0
    minimum_volume_mm3: Annotated[
        float, Range(0, 1e6, "mm3"), "smaller finds are dropped (3 mm across, the smallest that counts in MS: 14 mm3)"
    ] = 14.0

    @property
    def structures(self) -> dict[int, str]:
        return {0: "lesion"}

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        first, second, third, fourth = progress.parts(2, 3, 6, 1)
        brain = on_brain_grid(image, values, inside(mask, valid), WORKING_MM, first)
        score = _brightness(brain, second)
        found = _lesions(self, brain, score, third)
        return _numbered(found, brain.grid, image, self.minimum_volume_mm3, fourth)


def _brightness(brain: BrainGrid, progress: Progress) -> np.ndarray:
    """Robust SD above the normal tissue around (z, y, x)."""
    quiet, around = progress.parts(1, 1)
    score = _deviation(brain.values, brain.brain)
    score = _deviation(_mean(score, brain.brain, brain.grid, QUIET_MM, quiet), brain.brain)
    normal = brain.brain & (np.abs(score) < NORMAL)
    return _deviation(score - _mean(score, normal, brain.grid, AROUND_MM, around), brain.brain)


def _lesions(settings: WhiteMatterLesions, brain: BrainGrid, score: np.ndarray, progress: Progress) -> np.ndarray:
    """Where (z, y, x) lesions are."""
    grid, region = brain.grid, brain.brain
    join, measure, hollow, gap, far = progress.parts(1, 1, 3, 1, 1)
    numbers, counts = connected_components(grid.image_of((score > settings.low) & region), "corner", join)
    number = np.arange(counts.size)
    peaks = np.concatenate([[0], ndimage.maximum(score, numbers, number[1:])]) if counts.size > 1 else np.zeros(1)
    inside_rim = (numbers > 0) & (score >= settings.rim * peaks[numbers]) & (peaks > settings.high)[numbers]
    depth = distance_to(~region, grid, measure)
    ventricles = ventricles_in(brain, "dark", FLUID, CORE_MM, hollow)
    between = closed(ventricles, grid, GAP_MM, gap)
    fluid = fluid_in(brain, depth, "dark", FLUID)
    # sulci: fluid that is neither of the ventricles nor deep in the brain, where it may be a dark lesion's middle
    sulci = fluid & ~between & (depth < DEEP * depth.max())
    cortex = np.minimum(distance_to(sulci, grid, far), depth) < settings.cortex_mm
    where = np.where(inside_rim, numbers, 0)
    if not where.any():
        return where > 0
    size = np.maximum(np.bincount(where.ravel(), minlength=counts.size), 1)
    outside = np.bincount(where.ravel(), (cortex | between).ravel(), counts.size) / size
    return (where > 0) & (outside <= MOST_OUTSIDE)[where]


def _numbered(
    found: np.ndarray, grid: Geometry, image: sitk.Image, minimum_mm3: float, progress: Progress
) -> sitk.Image:
    """Pieces on the image's voxels that are large enough, the largest first."""
    source = Geometry.of(image)
    smooth = resample(extended(grid.image_of(found.astype(np.float32))), source, progress=progress)
    numbers, counts = connected_components(sitk.Greater(smooth, 0.5), "corner")
    keep = sizes_within(counts, source.voxel_volume, minimum_mm3)
    keep[0] = False
    # they are in descending order, so those that are kept come first
    return source.image_of(np.where(keep[numbers], numbers, 0).astype(np.uint8 if keep.sum() < 256 else np.uint16))


def _mean(values: np.ndarray, region: np.ndarray, grid: Geometry, sd_mm: float, progress: Progress) -> np.ndarray:
    """Gaussian mean of what lies in the region (normalized convolution); 0 far from it."""
    first, second = progress.parts(1, 1)
    weight = gaussian(region, grid, [sd_mm] * grid.dimension, first)
    total = gaussian(np.where(region, values, 0), grid, [sd_mm] * grid.dimension, second)
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > LEAST_WEIGHT)


def _deviation(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    return deviation(values, region, "mode")
