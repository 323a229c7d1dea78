"""The inside of chest and belly in CT, where no bone is: contrast, stones and calcified vessels there are none."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ..common.morphology import dilated, distance_to, eroded
from ..common.slice_by_slice import filled_slices, hull, slices_apart
from .aorta import aorta
from .body_wall import LUNG_MM2, has_large_bone, lung_inside
from .lung_sides import middle_of_body
from .spine import Spine, find_spine
from .trunk import trunk_and_limbs

BONE_HU, LEAN_HU = 180.0, -30.0
# The heart lies between the lungs, so far inside their convex outline; ribs and breastbone lie around it.
LUNG_RIM_MM = 20.0
# Organs of the belly lie so far inside the convex outline of its muscles, from where the lungs get small to so far
# below them, where the pelvis may begin. Behind the bodies of vertebrae muscles may be thicker: what is bright and only
# begins there is a rib, if it does not reach that deep.
WALL_MM, BACK_MM, BELOW_LUNGS_MM, SMALL_LUNG = 45.0, 60.0, 100.0, 0.5
# Lower still, to where the pelvis is seen to begin (large bone aside, with no gap so long), they lie before the spine.
PELVIS_ASIDE_MM, PELVIS_GAP_MM = 30.0, 15.0
# The spine: from so far in front of the bodies of its vertebrae, to so far aside; the midline that
# most slices have lies no farther from it.
FORE_MM, ASIDE_MM, OFF_MM = 12.0, 60.0, 30.0
# Where the aorta is known, what is dense behind its middle is bone, so far aside, and so far from it.
VERTEBRA_ASIDE_MM, BESIDE_AORTA_MM = 22.0, 3.0


def inside_trunk(values: np.ndarray, body: np.ndarray, grid: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """What (bool; z, y, x) surely lies in the rib cage or the belly and is no spine, and the spine beside the aorta.

    Without lungs the first is the aorta alone, if it is full of contrast. values: HU on a grid of patient_grid.
    """
    nowhere, bright = np.zeros(body.shape, bool), filled_slices(body & (values > BONE_HU))
    spine = find_spine(bright, values, body, grid)
    # a field of view that shows one side of the chest has the spine at its border
    if (
        spine is None
        or np.ptp([middle_of_body(values, body, grid), np.median(spine.middle)]) > OFF_MM / grid.spacing[0]
    ):
        return nowhere, nowhere
    vessels, vertebrae = aorta(bright, values, spine, grid), np.zeros(body.shape, bool)
    for z in np.flatnonzero(vessels.any(axis=(1, 2))).tolist():
        middle = float(np.mean(np.nonzero(vessels[z])[0]))
        fore_mm = min(0.0, (spine.front[z] - middle) * grid.spacing[1])
        vertebrae[z] = _spinal(spine, z, body, grid, fore_mm, VERTEBRA_ASIDE_MM)
    if vessels.any():
        vertebrae &= ~dilated(vessels, grid, BESIDE_AORTA_MM)
    return _organs(bright, values, body, spine, grid) | vessels, vertebrae


def _organs(filled: np.ndarray, values: np.ndarray, body: np.ndarray, spine: Spine, grid: Geometry) -> np.ndarray:
    result = np.zeros(body.shape, bool)
    lung = lung_inside(values, body)
    area = lung.sum(axis=(1, 2)) * grid.spacing[0] * grid.spacing[1]
    chest = np.flatnonzero(area > LUNG_MM2)
    if not chest.size:
        return result
    for z in chest.tolist():
        result[z] = hull(lung[z])
    result = eroded(result, slices_apart(grid), LUNG_RIM_MM)
    full = np.flatnonzero(area > SMALL_LUNG * area.max())
    belly, high = max(0, chest[0] - round(BELOW_LUNGS_MM / grid.spacing[2])), int(full[0])
    low = min(belly, _above_pelvis(filled[:belly], spine, grid))
    if high > low:
        part = slice(low, high)
        below = Geometry((*grid.size[:2], high - low), grid.spacing, grid.origin, grid.direction)
        lean = body[part] & (values[part] > LEAN_HU)
        along = Spine(*(row[part] for row in (spine.middle, spine.front, spine.depth_mm, spine.seen)))
        trunk, _ = trunk_and_limbs(lean, along, below)
        depth = distance_to(~trunk, slices_apart(below))
        back, spinal = np.zeros((2, *depth.shape), bool)
        for z in range(len(depth)):
            back[z] = (along.behind(z, body.shape[1], grid) > along.depth_mm[z])[:, None]
            spinal[z] = _spinal(along, z, body, grid, FORE_MM, ASIDE_MM)
        sure = depth > np.where(back, BACK_MM, WALL_MM)
        bright = (values[part] > BONE_HU) & (depth > WALL_MM) & ~spinal
        pieces, count = ndimage.label(bright)
        organs = np.bincount(pieces[sure], minlength=count + 1) > 0
        result[part] |= (depth > WALL_MM) & (organs[pieces] | ~bright)
    for z in np.flatnonzero(result.any(axis=(1, 2))).tolist():
        # the rim of bowel gas looks like a bit of lung
        lowest = int(np.max(np.nonzero(lung[z].any(axis=1))[0])) if area[z] > LUNG_MM2 else len(lung[z])
        if not spine.seen[z] or spine.front[z] > lowest:
            result[z] = False
            continue
        result[z] &= ~_spinal(spine, z, body, grid, FORE_MM, ASIDE_MM)
    result[low:belly, max(0, _foremost(spine, belly) - round(FORE_MM / grid.spacing[1])) :] = False
    return result


def _foremost(spine: Spine, end: int) -> int:
    """The foremost row of the spine in the slices before this one, which are seen; 0 where none is."""
    seen = spine.seen[:end]
    return int(spine.front[:end][seen].min()) if seen.any() else 0


def _above_pelvis(filled: np.ndarray, spine: Spine, grid: Geometry) -> int:
    """The lowest slice above the pelvis, by the bright (z, y, x; filled) aside and behind; the last where none is seen.

    Bowel or kidneys full of contrast aside make it seem to reach higher.
    """
    front, large = max(0, _foremost(spine, len(filled))), np.zeros(len(filled), bool)
    for z, plane in enumerate(filled):
        aside = np.abs(spine.across(z, plane.shape[1], grid)) > PELVIS_ASIDE_MM
        large[z] = has_large_bone(plane[front:] & aside, grid)
    at = np.flatnonzero(large)
    if not at.size:
        return len(filled)
    gaps = np.flatnonzero(np.diff(at) * grid.spacing[2] > PELVIS_GAP_MM)
    return int(at[gaps[0]] if gaps.size else at[-1]) + 1


def _spinal(spine: Spine, z: int, body: np.ndarray, grid: Geometry, fore_mm: float, aside_mm: float) -> np.ndarray:
    """The part of a slice (y, x) that may hold the spine: behind so much before its front, and so far aside."""
    behind = spine.behind(z, body.shape[1], grid) > -fore_mm
    return behind[:, None] & (np.abs(spine.across(z, body.shape[2], grid)) < aside_mm)[None]
