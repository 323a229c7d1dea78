"""Muscle among the lean tissue of a CT: what the wall of the trunk and the limbs are made of, and the psoas."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.hounsfield import FAT_HU, MUSCLE_HU
from ...core.progress import SILENT, Progress
from ..common.morphology import dilated, distance_to, eroded
from ..common.slice_by_slice import filled_slices, slices_apart
from .body_wall import body_cavity, has_large_bone, slices_with_lung
from .contrast import bright_soft_tissue, in_lung, parted_from, variation
from .inside_trunk import inside_trunk
from .marrow import marrow_and_skull
from .psoas import psoas_muscles
from .spine import Spine, find_spine
from .trunk import trunk_and_limbs

# As the bones of segmentation.ct_bones by default.
BONE_HU, CORTEX_HU, EVENNESS_HU, MARROW_MM, LEAST_BONE_MM3 = 110.0, 120.0, 9.0, 25.0, 300.0
# A slab thinner than this holds only parts of ribs, which may be smaller in proportion.
WHOLE_RIB_MM = 30.0
# Skin, and strands and vessels in the fat under it.
SKIN_MM, STRAND_MM = 3.0, 2.0
# What is left of the wall inside its smooth border is thinner and nearer than this.
REST_MM, REST_NEAR_MM = 3.0, 4.0
# A psoas may reach so far into what was taken as the wall.
PSOAS_REACH_MM = 10.0
# Disks and cord: beside the midline, behind the front of the spine; and what arches enclose.
CORD_ASIDE_MM, CORD_BEHIND_MM, ARCH_GAP_MM, ARCH_ASIDE_MM, ARCH_BEHIND_MM = 12.0, (-2.0, 50.0), 5.0, 22.0, 70.0
SPINE_ASIDE_MM = 35.0
# Slices with fewer voxels on a side show no section of a body.
LEAST_SIDE = 20


@dataclass(frozen=True)
class Muscle:
    """What (z, y, x) is nearer to muscle than to other lean tissue or bone, the trunk, and the cavity in it."""

    near: np.ndarray
    trunk: np.ndarray
    cavity: np.ndarray


def muscle_of(
    values: np.ndarray, body: np.ndarray, wall: np.ndarray, grid: Geometry, progress: Progress = SILENT
) -> Muscle | None:
    """Muscle of a body, or of limbs; None where neither a spine nor shafts of bones alone are seen.

    values: HU (z, y, x) on a grid of patient_grid; wall: what is neither fat nor skin, without thin strands.
    """
    if min(body.shape[1:]) < LEAST_SIDE:
        return None
    bones, beside, cavities, loins, borders = progress.parts(5, 1, 5, 2, 2)
    bone, brain = bone_and_brain(values, body, grid, bones)
    spine = find_spine(bone, values, body, grid)
    if spine is None:
        if not bone.any() or any(has_large_bone(plane, grid) for plane in bone):
            return None
        flesh, nothing = _without_strands(values, body, bone, grid) & ~bone & ~brain, np.zeros_like(body)
        return Muscle(_nearer(flesh, (body & ~flesh & (values > FAT_HU[1])) | bone, grid, borders), nothing, nothing)
    trunk, limbs = trunk_and_limbs(wall, spine, grid, beside)
    cavity = body_cavity(values, wall, bone, trunk, spine, grid, cavities)
    lean = (values >= MUSCLE_HU[0]) & (values <= MUSCLE_HU[1]) & body & ~bone
    inside = lean & cavity
    central = _of_spine(bone, spine, grid)
    # in the chest the aorta lies where a psoas would
    loin = spine.seen & ~slices_with_lung(values, trunk, grid)
    # the smooth border of the cavity may cut it
    around = lean & dilated(cavity, slices_apart(grid), PSOAS_REACH_MM) & ~central
    psoas = psoas_muscles(values, around, lean, bone, spine, loin, grid, loins)
    flesh = lean & (trunk | limbs) & ~central & _without_strands(values, body, bone, grid)
    muscle = flesh & ~brain & (~cavity | psoas | _rest_of_wall(inside, cavity, grid))
    return Muscle(_nearer(muscle, (lean & ~muscle) | bone, grid, borders), trunk, cavity)


def bone_and_brain(
    values: np.ndarray, body: np.ndarray, grid: Geometry, progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Bone with its marrow, and what a skull encloses, which is as dense as muscle."""
    even, part, fill = progress.parts(2, 2, 2)
    dense = body & (values > BONE_HU)
    if not dense.any():
        return dense, dense
    contrast, level = bright_soft_tissue(values, variation(values, grid, even), dense, grid, EVENNESS_HU, BONE_HU)
    cortex = dense & (values > BONE_HU + CORTEX_HU)
    sure = dense & (values > level + CORTEX_HU)
    inside, spine = inside_trunk(values, body, grid)
    bone, _ = parted_from(dense, sure, cortex, contrast, values, grid, part, dense & inside, spine)
    pieces, count = ndimage.label(bone, np.ones((3,) * 3))
    least = LEAST_BONE_MM3 * min(1.0, len(values) * grid.spacing[2] / WHOLE_RIB_MM)
    keep = np.bincount(pieces.ravel(), minlength=count + 1) * grid.voxel_volume >= least
    some, surely = (np.bincount(pieces[where], minlength=count + 1) > 0 for where in (cortex, sure))
    keep &= some & (surely | ~in_lung(pieces, count, values))
    keep[0] = False
    return marrow_and_skull(keep[pieces], values, grid, MARROW_MM, body, fill)


def _without_strands(values: np.ndarray, body: np.ndarray, bone: np.ndarray, grid: Geometry) -> np.ndarray:
    lean = eroded(body, grid, SKIN_MM) & (values > MUSCLE_HU[0])
    return dilated(eroded(lean | bone, grid, STRAND_MM), grid, 2 * STRAND_MM) & lean


def _of_spine(bone: np.ndarray, spine: Spine, grid: Geometry) -> np.ndarray:
    """Disks of the spine and what is in its canal."""
    flat = slices_apart(grid)
    arches = np.zeros_like(bone)
    for z in np.flatnonzero(spine.seen).tolist():
        arches[z] = bone[z] & (np.abs(spine.across(z, bone.shape[2], grid)) < SPINE_ASIDE_MM)[None]
    ring = eroded(filled_slices(dilated(arches, flat, ARCH_GAP_MM)), flat, ARCH_GAP_MM)
    result = np.zeros_like(bone)
    for z in np.flatnonzero(spine.seen).tolist():
        aside = np.abs(spine.across(z, bone.shape[2], grid))
        behind = spine.behind(z, bone.shape[1], grid)
        cord = (behind >= CORD_BEHIND_MM[0]) & (behind <= CORD_BEHIND_MM[1])
        result[z] = (aside <= CORD_ASIDE_MM)[None] & cord[:, None]
        result[z] |= ring[z] & (aside < ARCH_ASIDE_MM)[None] & (behind < ARCH_BEHIND_MM)[:, None]
    return result


def _rest_of_wall(inside: np.ndarray, cavity: np.ndarray, grid: Geometry) -> np.ndarray:
    """Thin lean tissue in the cavity along its border."""
    flat = slices_apart(grid)
    thick = dilated(eroded(inside, flat, REST_MM), flat, REST_MM + grid.spacing[0] / 2)
    return inside & ~thick & (distance_to(~cavity, flat) <= REST_NEAR_MM)


def _nearer(one: np.ndarray, other: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    first, second = progress.parts(1, 1)
    if not one.any() or not other.any():
        return np.full(one.shape, one.any())
    return distance_to(one, grid, first) < distance_to(other, grid, second)
