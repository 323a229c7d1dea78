"""Soft tissue that contrast makes as bright as bone, and where it ends and bone begins."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress, execute
from ...core.voxels import gaussian
from ..common.morphology import distance_to, eroded

# Evenness is measured on values blurred by this SD, in windows of this side.
BLUR_MM, WINDOW_MM = 1.8, 10.5
# Contrast is not wholly mixed with blood where there is much of it: it varies by this share of its HU.
MIXING = 0.05
# Even places smaller than this are no vessel: so much of a marrow can be even by chance.
LEAST_MM3 = 1000.0
# Marrow has a cortex: of its edge, at most so far away, a larger share than this goes on in what is brighter by this.
# The edges of bright vessels do so where they touch bone; so bright (HU) marrow is seldom even.
REACH_MM, BRIGHTER_HU = 15.0, 60.0
MOST_RIM, MOST_RIM_OF_BRIGHT, BRIGHT_HU = 0.3, 0.5, 140.0
# Bone is not so bright (HU) so deep inside: cortex is thinner, petrous bone and metal are brighter, marrow is darker.
DEEP_MM, DEEP_HU, DEEP_MM3 = 4.5, (350.0, 900.0), 5000.0
# Vessels end within this distance of their even inside.
VESSEL_MM = 12.0
# Of a piece of cortex and the vessels that touch it, at most such a share is contrast (0.05 was seen, 0.16 and more of
# hearts, kidneys and vessels), or such a share is sure.
MOST_CONTRAST, LEAST_SURE = 0.1, 0.01
# What the background reaches first is bone, too, so near to bone: marrow, ends of ribs, thin cortex.
BESIDE_MM = 10.0
# Share of an even place that is at most as bright as what counts as its level.
LEVEL_SHARE = 90.0
LUNG_HU, MOST_LUNG, AROUND_VOXELS = -400.0, 0.5, 2


def variation(values: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
    """SD of the values around each voxel, in a window, after a blur that leaves little noise."""
    blurred = gaussian(values, grid, [BLUR_MM] * grid.dimension, progress)
    sides = zip(values.shape, reversed(grid.spacing), strict=True)
    window = [min(n, 2 * int(WINDOW_MM / mm / 2) + 1) for n, mm in sides]
    mean = ndimage.uniform_filter(blurred, window)
    return np.sqrt(np.maximum(ndimage.uniform_filter(blurred**2, window) - mean**2, 0))


def bright_soft_tissue(
    values: np.ndarray, varies: np.ndarray, dense: np.ndarray, grid: Geometry, evenness_hu: float, threshold_hu: float
) -> tuple[np.ndarray, float]:
    """Even places (blood, kidney, filled bowel) in what is dense, and the level in HU of the brightest of them.

    The level is the threshold when there is none.
    """
    pieces, count = ndimage.label(dense & (varies < np.maximum(evenness_hu, MIXING * values)))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    bright = dense & (values > DEEP_HU[0])
    result = _large(bright & (values < DEEP_HU[1]) & eroded(bright, grid, DEEP_MM), DEEP_MM3 / grid.voxel_volume)
    level = float(np.percentile(values[result], LEVEL_SHARE)) if result.any() else threshold_hu
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        if sizes[number] * grid.voxel_volume < LEAST_MM3:
            continue
        margin = [int(REACH_MM / mm) + 1 for mm in reversed(grid.spacing)]
        wide = tuple(
            slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margin, dense.shape, strict=True)
        )
        piece = pieces[wide] == number
        median = float(np.median(values[wide][piece]))
        if _rim(piece, values[wide], dense[wide], median + BRIGHTER_HU, grid_of_box(grid, wide)) <= (
            MOST_RIM if median < BRIGHT_HU else MOST_RIM_OF_BRIGHT
        ):
            result[wide] |= piece
            level = max(level, float(np.percentile(values[wide][piece], LEVEL_SHARE)))
    return result, level


def _large(region: np.ndarray, least_voxels: float) -> np.ndarray:
    pieces, count = ndimage.label(region)
    keep = np.bincount(pieces.ravel(), minlength=count + 1) >= least_voxels
    keep[0] = False
    return keep[pieces]


def _rim(piece: np.ndarray, values: np.ndarray, dense: np.ndarray, brighter: float, grid: Geometry) -> float:
    """Share of the edge of an even piece, grown in what is dense but not brighter, that goes on in what is brighter."""
    near = distance_to(piece, grid) <= REACH_MM
    grown = ndimage.binary_propagation(piece, mask=(dense & (values <= brighter) & near) | piece)
    edge = ndimage.binary_dilation(grown) & ~grown & near
    return float(np.mean(values[edge] > brighter)) if edge.any() else 0.0


def parted_from(
    dense: np.ndarray,
    sure: np.ndarray,
    cortex: np.ndarray,
    contrast: np.ndarray,
    values: np.ndarray,
    grid: Geometry,
    progress: Progress = SILENT,
    inside: np.ndarray | None = None,
    spine: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What of the dense belongs to the bone rather than to the contrast: a watershed of the gradient from both.

    Bone begins where it is sure, and in what may be its cortex far from all contrast, or in the spine (where that is
    known). inside: dense things that are none. The second mask is the contrast's share of the dense.
    """
    other = contrast if inside is None else contrast | inside
    if not other.any():
        return dense, other
    marks = np.where(dense, 0, 3).astype(np.uint8)
    far = distance_to(other, grid) > VESSEL_MM
    marks[sure | (_of_bone(cortex, sure, other) & (far if spine is None else far | spine))] = 1
    marks[other] = 2
    slope = sitk.GradientMagnitude(grid.image_of(np.clip(values, -200, 1500).astype(np.float32)))
    flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
    flood.SetMarkWatershedLine(False)
    marked = grid.image_of(marks)
    slope = sitk.Cast(slope, sitk.sitkUInt16)
    parted = sitk.GetArrayFromImage(execute(flood, slope, marked, progress=progress, message="Parting vessels"))
    # without contrast all is bone that is not inside
    filled = dense & (parted == 2)
    return parted == 1 if contrast.any() else dense & ~filled, filled


def beside_bone(dense: np.ndarray, bone: np.ndarray, filled: np.ndarray, grid: Geometry) -> np.ndarray:
    """What is dense near bone, and nearer to it than to what contrast filled: marrow and thin cortex that parted_from
    left to the background, some on one grid and some on another, as their noise goes on in it."""
    far = distance_to(bone, grid)
    return dense & ~bone & (far <= BESIDE_MM) & (far < distance_to(filled, grid))


def _of_bone(cortex: np.ndarray, sure: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pieces of cortex without those that are contrast mostly: hearts are as bright where it is not wholly mixed."""
    pieces, count = ndimage.label(cortex, np.ones((3,) * cortex.ndim))
    size, surely, none = (np.bincount(pieces[where], minlength=count + 1) for where in (cortex, sure & cortex, other))
    keep = (none <= MOST_CONTRAST * size) | (surely > LEAST_SURE * size)
    keep[0] = False
    return keep[pieces]


def in_lung(pieces: np.ndarray, count: int, values: np.ndarray) -> np.ndarray:
    """Which numbered pieces (count + 1) have mostly lung around them, as its vessels have."""
    grown = ndimage.grey_dilation(pieces, (2 * AROUND_VOXELS + 1,) * pieces.ndim)
    around = (grown > 0) & (pieces == 0)
    rim = np.bincount(grown[around], minlength=count + 1)
    lung = np.bincount(grown[around & (values < LUNG_HU)], minlength=count + 1)
    return lung > MOST_LUNG * rim
