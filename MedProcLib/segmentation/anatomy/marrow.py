"""What bones enclose: marrow, but not the spinal canal, the brain or air."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from ..common.morphology import closed, dilated, distance_to, eroded
from ..common.slice_by_slice import slices_apart
from .lung_sides import middle_of_body
from .open_marrow import marrow_between, open_canal, open_marrow, sacral_marrow

# Gaps of the cortex up to twice this radius are no openings.
GAP_MM = 2.25
# Marrow is denser than air.
AIR_BELOW_HU = -200.0
# Nose and sinuses are enclosed by bone, too: of them a larger share is air.
MOST_AIR = 0.4
# Parts of a skull's cavity hang together by more than twice this.
NECK_MM = 3.0
# Where a slice in between is open, a part of it lies so near above or below, over more than this share of its section.
ALONG_MM, OVER_SHARE = 12.0, 0.5
# The spinal canal holds cord and water (HU), which are even (SD after a blur by so many mm, away from the wall), where
# marrow varies; that of young thighs and arms does not, but lies farther aside than this.
CANAL_HU, CANAL_SD_HU, BLUR_MM, WALL_VOXELS, ASIDE_MM = (-40.0, 80.0), 15.0, 1.5, 2, 60.0


def with_marrow(
    bone: np.ndarray,
    values: np.ndarray,
    grid: Geometry,
    largest_mm: float,
    body: np.ndarray,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Bone and the cavities in it that hold no ball larger than this (mm). values: HU.

    Cavities are looked for in each transverse slice, so that bones which the image cuts count, and in the whole. Dense
    marrow needs no closed cortex, and a spinal canal that opens into marrow is parted from it.
    """
    return bone if not largest_mm else marrow_and_skull(bone, values, grid, largest_mm, body, progress)[0]


def marrow_and_skull(
    bone: np.ndarray,
    values: np.ndarray,
    grid: Geometry,
    largest_mm: float,
    body: np.ndarray,
    progress: Progress = SILENT,
) -> tuple[np.ndarray, np.ndarray]:
    """Bone with_marrow, and what a skull encloses (brain and canal), of volumes."""
    first, second, third = progress.parts(2, 2, 1)
    shell = closed(bone, grid, GAP_MM, first) & body
    added = _cavities(bone, shell) & (values > AIR_BELOW_HU)
    skull = np.zeros_like(added)
    if bone.ndim == 3:
        blurred = gaussian(values, grid, [BLUR_MM] * 3)
        enclosed, other = np.zeros_like(added), np.zeros_like(added)
        aside = np.abs(np.arange(bone.shape[2]) - middle_of_body(values, body, grid)) * grid.spacing[0]
        for number in range(len(shell)):
            second(number / len(shell), "Filling marrow")
            holes = _cavities(bone[number], shell[number])
            if holes.any():
                marrow = _marrow(holes, blurred[number], aside)
                added[number] = (added[number] & ~holes) | marrow
                enclosed[number], other[number] = holes, holes & ~marrow
        skull = _cavity_of_skull(enclosed, blurred, grid, largest_mm)
        added &= ~skull
    if added.any() and distance_to(~added, grid).max() > largest_mm:
        added = _small(added, grid, largest_mm)
    # of what was closed only the seam between bone and marrow stays filled, not dents and gaps
    seam = shell & dilated(added, grid, max(GAP_MM, *grid.spacing), third) if added.any() else added
    whole = bone | added | seam
    if bone.ndim == 3:
        whole |= open_marrow(whole, values, body & ~skull, grid)
        whole |= sacral_marrow(whole, values, body, grid)
        whole |= marrow_between(whole, values, body & ~skull & ~other, grid)
        whole &= ~open_canal(bone, whole, values, body, grid)
    return whole, skull


def _cavities(bone: np.ndarray, shell: np.ndarray) -> np.ndarray:
    """What bone encloses, or does once its gaps are closed: the closing fills small cavities, and dents as well."""
    return (ndimage.binary_fill_holes(bone) & ~bone) | (ndimage.binary_fill_holes(shell) & ~shell)


def _marrow(holes: np.ndarray, blurred: np.ndarray, aside_mm: np.ndarray) -> np.ndarray:
    """Holes of a slice without air and without the spinal canal. aside_mm: of each column from the midline."""
    pieces, count = ndimage.label(holes)
    inner = ndimage.binary_erosion(holes, iterations=WALL_VOXELS)
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        hole = pieces[box] == number
        level = float(np.median(blurred[box][hole]))
        deep = blurred[box][hole & inner[box]]
        canal = CANAL_HU[0] < level < CANAL_HU[1] and deep.size > 4 and float(np.std(deep)) < CANAL_SD_HU
        canal = canal and bool(aside_mm[box[1]].min() < ASIDE_MM)
        air = float(np.mean(blurred[box][hole] < AIR_BELOW_HU))
        keep[number] = air < MOST_AIR and not canal
    return keep[pieces]


def _cavity_of_skull(enclosed: np.ndarray, values: np.ndarray, grid: Geometry, largest_mm: float) -> np.ndarray:
    """Holes of transverse slices that are part of a skull's: brain and canal.

    One that holds a larger disk than marrow, what hangs together with it, and soft tissue right above or below.
    """
    wide = distance_to(~enclosed, slices_apart(grid)) > largest_mm
    if not wide.any():
        return wide
    pieces, count = ndimage.label(eroded(enclosed, grid, NECK_MM))
    keep = np.bincount(pieces[wide], minlength=count + 1) > 0
    keep[0] = False
    skull = dilated(keep[pieces], grid, NECK_MM + max(grid.spacing)) & enclosed
    flat = np.zeros((3, 3, 3), bool)
    flat[1] = ndimage.generate_binary_structure(2, 1)
    holes, count = ndimage.label(enclosed, flat)
    level = ndimage.median(values, holes, np.arange(count + 1))
    size = np.bincount(holes.ravel(), minlength=count + 1)
    soft = (level > CANAL_HU[0]) & (level < CANAL_HU[1])
    soft[0] = False
    along = np.ones((2 * round(ALONG_MM / grid.spacing[2]) + 1, 1, 1), bool)
    known = np.zeros(count + 1, bool)
    while True:
        over = np.bincount(holes[ndimage.binary_dilation(skull, along)], minlength=count + 1)
        found = soft & (over > OVER_SHARE * size) & ~known
        if not found.any():
            return skull
        known |= found
        skull |= found[holes]


def _small(added: np.ndarray, grid: Geometry, largest_mm: float) -> np.ndarray:
    """Cavities without those that hold a larger ball."""
    pieces, count = ndimage.label(added)
    keep = np.bincount(pieces[distance_to(~added, grid) > largest_mm], minlength=count + 1) == 0
    keep[0] = False
    return keep[pieces]
