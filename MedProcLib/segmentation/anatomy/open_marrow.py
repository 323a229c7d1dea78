"""Marrow that a thin or pierced cortex does not close in, and the spinal canal where it opens into a vertebral body."""

import itertools

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.voxels import gaussian
from ..common.morphology import closed
from ..common.slice_by_slice import slices_apart
from .body_wall import slices_with_lung
from .lung_sides import middle_of_body
from .spine import longest_row

# Marrow denser (HU) than cord, disk and muscle is told from them where bone lies around it in its slice, on so many of
# eight sides within the width of a vertebral body. One is left for a gap: a thin cortex, or the basivertebral vein.
DENSE_HU, SIDES, WIDTH_MM, BLUR_MM = 80.0, 7, 45.0, 1.5
# The sacrum's cortex is pierced and its marrow may be fat, but it has bone around it on as many sides, within so many
# mm. Its slices are the longest row (with gaps) of those where bone joins both hips: in one piece, once gaps as wide as
# two joints are closed, that is wider than a skull and has bone in its middle, behind so much of the body. It tapers
# below.
SACRUM_MM, HIPS_MM, JOINT_MM, BEHIND, TAPER_MM, GAP_MM, LINE_MM = 60.0, 170.0, 3.0, 0.55, 20.0, 6.0, 4.5
# Shoulders and ribs are no hips: those lie so far below the lungs. What is enclosed is no gas.
BELOW_LUNG_MM, GAS_BELOW_HU = 60.0, -200.0
# Marrow whose cortex is open in slices over so many mm is filled above and below, and has bone on all sides in them.
OPEN_MM, ALL_SIDES = 12.0, 8
# The canal holds cord and water (HU), even away from its wall, and is so wide (mm), so large, and so near the midline.
CANAL_HU, CANAL_SD_HU, WALL_MM, CANAL_MM2, ASIDE_MM = (-40.0, 80.0), 15.0, 3.0, (80.0, 800.0), 20.0
# Before it lies the vertebral body: so much of so many mm is bone with marrow. In front of marrow lies a cortex only.
BODY_MM, BODY_SHARE = 25.0, 0.6
# Its voxels at the wall are denser, up to this.
EDGE_HU = 100.0


def open_marrow(filled: np.ndarray, values: np.ndarray, allowed: np.ndarray, grid: Geometry) -> np.ndarray:
    """What (bool; z, y, x) of the allowed is marrow beside bone and marrow filled already.

    values: HU on a grid of patient_grid.
    """
    empty = ~filled
    found = empty & allowed & (_sides(filled, WIDTH_MM, grid) >= SIDES) & (_mean(values, empty, grid) > DENSE_HU)
    return ndimage.binary_opening(found, np.ones((1, 3, 3)))


def sacral_marrow(filled: np.ndarray, values: np.ndarray, body: np.ndarray, grid: Geometry) -> np.ndarray:
    """What (bool; z, y, x) of the body is marrow of the sacrum between what is filled already, with its small openings.

    values: HU on a grid of patient_grid.
    """
    result = np.zeros(filled.shape, bool)
    lungs = np.flatnonzero(slices_with_lung(values, body, grid))
    end = max(0, int(lungs[0] - BELOW_LUNG_MM / grid.spacing[2])) if lungs.size else len(filled)
    joins = np.array([_joins_hips(filled[z], body[z], grid) for z in range(end)], bool)
    joined = np.flatnonzero(longest_row(joins, int(GAP_MM / grid.spacing[2])))
    if joined.size:
        part = slice(max(0, int(joined[0] - TAPER_MM / grid.spacing[2])), int(joined[-1]) + 1)
        sides = np.where(
            ~filled[part] & body[part] & (values[part] > GAS_BELOW_HU), _sides(filled[part], SACRUM_MM, grid), 0
        )
        found = ndimage.binary_opening(sides >= SIDES, np.ones((1, 3, 3)))
        # what sees out through two openings is a line in between
        place = Geometry((*grid.size[:2], len(found)), grid.spacing, grid.origin, grid.direction)
        result[part] = found | (closed(filled[part] | found, slices_apart(place), LINE_MM) & (sides >= SIDES - 1))
    return result


def marrow_between(filled: np.ndarray, values: np.ndarray, allowed: np.ndarray, grid: Geometry) -> np.ndarray:
    """What (bool; z, y, x) of the allowed lies between filled slices, with bone all around it in its own.

    Nor does it go on in what is not allowed so near above or below, as the canal of the spine does.

    values: HU on a grid of patient_grid.
    """
    count = int(OPEN_MM / grid.spacing[2])
    wide = np.pad(filled, ((count + 1, count + 1), (0, 0), (0, 0)))
    found = ndimage.binary_closing(wide, np.ones((count + 1, 1, 1)))[count + 1 : -count - 1]
    found &= ~filled & (values > GAS_BELOW_HU)
    found &= ndimage.minimum_filter(allowed.view(np.uint8), (2 * count + 1, 3, 3)) > 0
    open_slices = found.any(axis=(1, 2))
    found[open_slices] &= _sides(filled[open_slices], WIDTH_MM, grid) == ALL_SIDES
    return ndimage.binary_opening(found, np.ones((1, 3, 3)))


def _joins_hips(filled: np.ndarray, body: np.ndarray, grid: Geometry) -> bool:
    """Whether (y, x) bone goes in one piece from hip to hip, through the back of the body in the middle."""
    width = round(HIPS_MM / grid.spacing[0])
    columns = np.flatnonzero(filled.any(axis=0))
    if not columns.size or columns[-1] - columns[0] < width:
        return False
    rows = np.flatnonzero(body.any(axis=1))
    back = int(rows[0] + BEHIND * (rows[-1] - rows[0]))
    pieces, _ = ndimage.label(ndimage.distance_transform_edt(~filled, grid.spacing[1::-1]) <= JOINT_MM)
    for number, (_, across) in enumerate(ndimage.find_objects(pieces), 1):
        middle = (across.start + across.stop) // 2
        if across.stop - across.start > width and (pieces[back:, middle] == number).any():
            return True
    return False


def _sides(filled: np.ndarray, width_mm: float, grid: Geometry) -> np.ndarray:
    """On how many of eight sides in its slice each place (z, y, x) has bone within so many mm."""
    around = np.zeros(filled.shape, np.uint8)
    for y, x in itertools.product((-1, 0, 1), repeat=2):
        if y or x:
            step = float(np.hypot(y * grid.spacing[1], x * grid.spacing[0]))
            around += _toward(filled, y, x, round(width_mm / step))
    return around


def open_canal(
    bone: np.ndarray, filled: np.ndarray, values: np.ndarray, body: np.ndarray, grid: Geometry
) -> np.ndarray:
    """What (bool; z, y, x) of the filled is spinal canal, which was filled as one with the body of a vertebra."""
    result = np.zeros(bone.shape, bool)
    added = filled & ~bone
    if not added.any():
        return result
    blurred = _mean(values, ~bone, grid)
    soft = added & (blurred > CANAL_HU[0]) & (blurred < CANAL_HU[1])
    middle = middle_of_body(values, body, grid)
    for z in np.flatnonzero(soft.any(axis=(1, 2))).tolist():
        result[z] = added[z] & (blurred[z] < EDGE_HU) & _canal(soft[z], filled[z], blurred[z], middle, grid)
    return result


def _canal(soft: np.ndarray, filled: np.ndarray, blurred: np.ndarray, middle: float, grid: Geometry) -> np.ndarray:
    """Where (y, x) a slice shows the canal, and its edge."""
    sx, sy = grid.spacing[:2]
    result = np.zeros(soft.shape, bool)
    depth = ndimage.distance_transform_edt(np.pad(soft, 1), (sy, sx))[1:-1, 1:-1]
    cores = ndimage.label(depth > WALL_MM)[0]
    for number, box in enumerate(ndimage.find_objects(cores), 1):
        core = cores == number
        x = float(np.nonzero(core)[1].mean())
        front = filled[max(0, box[0].start - round(BODY_MM / sy)) : box[0].start, round(x)]
        near = ndimage.distance_transform_edt(~core, (sy, sx)) <= WALL_MM + 1.5 * sx
        area = np.count_nonzero(near & soft) * sx * sy
        if (
            abs(x - middle) * sx < ASIDE_MM
            and CANAL_MM2[0] < area < CANAL_MM2[1]
            and float(np.std(blurred[core])) < CANAL_SD_HU
            and np.count_nonzero(front) * sy > BODY_SHARE * BODY_MM
        ):
            result |= near
    return result


def _mean(values: np.ndarray, region: np.ndarray, grid: Geometry) -> np.ndarray:
    """Mean around each voxel of what lies in the region, so that no bone is blurred into what it encloses."""
    weight = gaussian(region, grid, [BLUR_MM] * 3)
    total = gaussian(np.where(region, values, 0), grid, [BLUR_MM] * 3)
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0.05)


def _toward(bone: np.ndarray, y: int, x: int, steps: int) -> np.ndarray:
    """Whether (z, y, x) bone lies within so many steps to a side."""
    near, reach = bone.copy(), 1
    while reach <= steps:
        step = min(reach, steps + 1 - reach)
        near |= _moved(near, y * step, x * step)
        reach += step
    return near


def _moved(region: np.ndarray, y: int, x: int) -> np.ndarray:
    """What lies so many voxels farther on, at each place of its slice."""
    moved = np.zeros_like(region)
    height, width = region.shape[1:]
    if abs(y) < height and abs(x) < width:
        here = (slice(max(0, -y), height - max(0, y)), slice(max(0, -x), width - max(0, x)))
        there = (slice(max(0, y), height + min(0, y)), slice(max(0, x), width + min(0, x)))
        moved[:, *here] = region[:, *there]
    return moved
