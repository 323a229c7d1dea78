"""White-matter lesions in a FLAIR image of the brain."""

from dataclasses import replace
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry, resample
from ...core.noise import noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress, execute
from ...core.statistics import mode_and_sd
from ...core.voxels import extended, inside, values_of
from ..cleanup.remove_small import sizes_within
from ..common.connectivity import connected_components
from ..common.gaussian_mean import mean_within
from ..common.morphology import closed, distance_to
from ..common.symmetry import mirror_plane, seen_in_mirror
from ..detection.bright_outliers import deviation
from .brain_grid import BrainGrid, on_brain_grid
from .gray_matter import TISSUE, gray_matter
from .ventricles import DEEP, fluid_in, fluid_level, ventricles_in

WORKING_MM = 1.0
# Brightness is compared with that of the tissue around: SD of the Gaussian mean of what is within NORMAL SD of it.
AROUND_MM, NORMAL = 25.0, 2.0
# Noise is quieted by this Gaussian before voxels are judged, and before fluid and sulci are looked for where so many SD
# of it make a valley; else it would hide the narrowest sulci.
QUIET_MM, NOISY_SD = 0.7, 3.0
# Fluid and tissue part here, and what fits into ventricles as the library finds them.
FLUID, CORE_MM = 0.5, 1.5
# Septum and choroid plexus lie in the gap that the ventricles leave between them.
GAP_MM = 6.0
# No lesion of MS is less across (Filippi et al., Brain 142(7), 2019); linings of ventricles and fissures are thinner.
LEAST_MM = 3.0
# A find is dropped when more than this share of it lies where no white matter is.
MOST_OUTSIDE = 1 / 3
# Sulci that are too narrow to look like fluid are valleys in the tissue: so narrow, and so deep on the way to fluid.
NARROW_MM, VALLEY = 3.0, 0.25
# Where gray matter is bright, so are its deep nuclei, on both sides alike: so much of a find is as bright there, or so
# near, since no brain is quite symmetric.
ASYMMETRY_MM, MOST_ALIKE = 5.0, 0.5
# Caudate nuclei, lentiform nuclei and thalami lie in an ellipsoid: its middle (from the brain's center of mass) and
# half axes, LPS. Lesions around the ventricles' horns and above are often alike on both sides, too, and are kept.
NUCLEI_MM, NUCLEI_SPREAD_MM = np.array([0.0, -14.0, -4.0]), np.array([36.0, 34.0, 22.0])
# Brightness counts up to this when the plane of symmetry is looked for, so that lesions do not move it.
MIRRORED_SD = 4.0


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

    A lesion is brighter than the tissue around it by the high threshold somewhere and by the low one all over, and
    ends where it falls below a share of its own peak. Where gray matter is clearly brighter than white
    matter, it has to be that much brighter than gray matter, and, where the deep nuclei lie, not alike on both
    sides. What lies in the cortex or between the ventricles (septum, choroid plexus) and what is nowhere 3 mm thick
    (linings of ventricles and fissures) is left out. No lesion is a legitimate answer: the label map is then empty.
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
        first, quiet, second, third, fourth = progress.parts(2, 1, 2, 6, 1)
        brain = on_brain_grid(image, values, inside(mask, valid), WORKING_MM, first)
        quieted = replace(brain, values=mean_within(brain.values, brain.brain, brain.grid, QUIET_MM, quiet))
        score, gray_is_bright = _brightness(quieted, second)
        find, compare = third.parts(6, 2 if gray_is_bright else 0.01)
        found = _lesions(self, brain, quieted, score, find)
        if gray_is_bright and found.any():
            found = _of_one_side(found, brain, score, compare)
        return _numbered(found, brain.grid, image, self.minimum_volume_mm3, fourth)


def _brightness(brain: BrainGrid, progress: Progress) -> tuple[np.ndarray, bool]:
    """Robust SD above the normal tissue around (z, y, x), and whether that is gray matter, brighter than white."""
    score = _deviation(brain.values, brain.brain)
    normal = brain.brain & (np.abs(score) < NORMAL)
    even = score - mean_within(score, normal, brain.grid, AROUND_MM, progress)
    above_white = _deviation(even, brain.brain)
    gray = gray_matter(even[brain.brain & (above_white > -TISSUE)])
    if gray is None:
        return above_white, False
    return np.minimum(above_white, (even - gray[0]) / gray[1]), True


def _of_one_side(found: np.ndarray, brain: BrainGrid, score: np.ndarray, progress: Progress) -> np.ndarray:
    """Finds (z, y, x) without those that the other side has as well, where deep gray nuclei lie."""
    grid, region = brain.grid, brain.brain
    bounded = np.clip(np.where(region, score, 0), -MIRRORED_SD, MIRRORED_SD)
    plane = mirror_plane(bounded, region, grid, progress, brain.left)
    reach = [2 * round(ASYMMETRY_MM / mm) + 1 for mm in reversed(grid.spacing)]
    other = seen_in_mirror(ndimage.maximum_filter(np.where(region, score, 0), reach), grid, plane, 0.0)
    numbers, counts = connected_components(grid.image_of(found), "corner")
    index = np.argwhere(found)
    # what lies at the plane would be compared with itself
    off = np.abs(grid.points(index[:, ::-1]) @ plane.normal - plane.offset) > ASYMMETRY_MM
    deep = (((brain.offsets(index) - NUCLEI_MM) / NUCLEI_SPREAD_MM) ** 2).sum(axis=1) < 1
    alike = off & deep & (other > score - NORMAL)[found]
    share = np.bincount(numbers[found], alike, counts.size) / np.maximum(counts, 1)
    return found & (share <= MOST_ALIKE)[numbers]


def _lesions(
    settings: WhiteMatterLesions, brain: BrainGrid, quieted: BrainGrid, score: np.ndarray, progress: Progress
) -> np.ndarray:
    """Where (z, y, x) lesions are."""
    grid, region = brain.grid, brain.brain
    join, measure, hollow, gap, far = progress.parts(1, 1, 3, 1, 1)
    numbers, counts = connected_components(grid.image_of((score > settings.low) & region), "corner", join)
    number = np.arange(counts.size)
    peaks = np.concatenate([[0], ndimage.maximum(score, numbers, number[1:])]) if counts.size > 1 else np.zeros(1)
    inside_rim = (numbers > 0) & (score >= settings.rim * peaks[numbers]) & (peaks > settings.high)[numbers]
    depth = distance_to(~region, grid, measure)
    noise = noise_sd(brain.values, grid.spacing[::-1], region)
    brain = quieted if NOISY_SD * noise > _least_valley(brain, depth) else brain
    ventricles = ventricles_in(brain, "dark", FLUID, CORE_MM, hollow)
    between = closed(ventricles, grid, GAP_MM, gap)
    fluid = fluid_in(brain, depth, "dark", FLUID)
    # sulci: neither of the ventricles nor deep in the brain, where fluid may be a dark lesion's middle
    sulci = (fluid | _valleys(brain, depth)) & ~between & (depth < DEEP * depth.max())
    cortex = np.minimum(distance_to(sulci, grid, far), depth) < settings.cortex_mm
    where = np.where(inside_rim, numbers, 0)
    if not where.any():
        return where > 0
    size = np.maximum(np.bincount(where.ravel(), minlength=counts.size), 1)
    outside = np.bincount(where.ravel(), (cortex | between).ravel(), counts.size) / size
    return _thick((where > 0) & (outside <= MOST_OUTSIDE)[where], grid)


def _thick(found: np.ndarray, grid: Geometry) -> np.ndarray:
    """Pieces (z, y, x) into which the smallest lesion fits."""
    numbers, counts = connected_components(grid.image_of(found), "corner")
    keep = np.zeros(counts.size, bool)
    keep[numbers[distance_to(~found, grid) > LEAST_MM / 2]] = True
    return found & keep[numbers]


def _valleys(brain: BrainGrid, depth: np.ndarray) -> np.ndarray:
    """Narrow dark places between tissue (z, y, x): what a closing fills (Serra, Image Analysis, 1982; bottom hat)."""
    tissue = mode_and_sd(brain.values[brain.brain].astype(np.float64))[0]
    # capped, so that the white matter between two lesions is no valley
    flat = np.where(brain.brain, np.minimum(brain.values, tissue), tissue).astype(np.float32)
    closing = sitk.GrayscaleMorphologicalClosingImageFilter()
    closing.SetKernelType(sitk.sitkBall)
    closing.SetKernelRadius([round(NARROW_MM / mm) for mm in brain.grid.spacing])
    filled = sitk.GetArrayFromImage(execute(closing, brain.grid.image_of(flat), message="Looking for sulci"))
    return brain.brain & (filled - flat > _least_valley(brain, depth))


def _least_valley(brain: BrainGrid, depth: np.ndarray) -> float:
    fluid, tissue, _ = fluid_level(brain, depth, "dark")
    return VALLEY * (tissue - fluid)


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


def _deviation(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    return deviation(values, region, "mode")
