"""The wall of the trunk in CT: how deep muscle and bone go from outside, along rays in each transverse slice.

Where fat, gas or lung meets the wall from inside its thickness is seen; where organs abut it is interpolated, around
the body and along it, with single wrong places given up (robust membrane).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.hounsfield import FAT_HU
from ...core.progress import SILENT, Progress
from ..common.membrane import membrane
from ..common.morphology import dilated, eroded
from .spine import Spine

RAYS, STEP_MM = 180, 1.5
# Rays start in front of the spine: halfway to the wall in front, within these limits.
FORWARD_MM, FORWARD_SD_MM = (15.0, 60.0), 8.0
# Fat between muscles is thinner or less than fat inside the wall.
LAYER_MM, LEAST_INSIDE_MM3, LEAST_INSIDE_MM2 = 2.0, 2e4, 1e3
GAS_HU = -250.0
# Muscle begins at most so far inside the convex outline; elsewhere the wall is not seen.
BEGINS_MM = 25.0
# The wall is thinner than this; beside the spine; and inside of ribs, where only lung or fat this near is its inner
# side; else it ends so far inside the rib.
WALL_MM, BACK_MM, INSIDE_RIB_MM, PLEURA_MM = 45.0, 110.0, 12.0, 3.0
# Inside of the pelvis, iliacus and obturator.
INSIDE_PELVIS_MM = 60.0
# The wall is nowhere in front or at the sides more than this times as thick as usual, nor limited to less.
TIMES_USUAL, LEAST_LIMIT_MM = 2.0, 20.0
# Bone and muscle (mm from the midline, in front of the front of the spine) that belong to the back.
SPINE_ASIDE_MM, BACK_ASIDE_MM, FORE_MM, BODY_ASIDE_MM = 40.0, 75.0, 10.0, 25.0
# Bone beside the spine that is so long and large in a slice is pelvis, not rib, when it lies so far below the lungs.
LONG_MM, LARGE_MM2, PELVIS_ASIDE_MM, BELOW_LUNG_MM = 45.0, 800.0, 30.0, 60.0
LUNG_HU, LUNG_VOXELS, LUNG_SHARE, LUNG_MM2 = (-960.0, -500.0), 5, 0.9, 2000.0
# Stiffness along the body (for slices of 2 mm) and around it; misfit that is taken as wrong; weight of what was seen of
# a rib only, and of the other side where nothing was seen.
ALONG, ALONG_MM, AROUND, TOLERANCE_MM, RIB_WEIGHT, MIRROR_WEIGHT, USUAL_MM = 1.0, 2.0, 0.5, 4.0, 0.5, 0.05, 15.0
# Below the spine the cavity closes like a funnel, from so far below it, and by so many mm for each mm.
FUNNEL_MM, FUNNEL_SLOPE = 25.0, 2.0
OUTLINE_MM = 12.0


@dataclass(frozen=True)
class Rays:
    """Rays of all slices: x and y index where they start, their directions, and samples along them in mm."""

    x: np.ndarray
    y: np.ndarray
    spacing: tuple[float, float]
    toward_x: np.ndarray
    toward_y: np.ndarray
    along_mm: np.ndarray

    def places(self, z: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Indices y and x (ray, sample) in a slice, and which of them lie in it."""
        x = np.rint(self.x[z] + self.along_mm * self.toward_x[:, None] / self.spacing[0]).astype(int)
        y = np.rint(self.y[z] + self.along_mm * self.toward_y[:, None] / self.spacing[1]).astype(int)
        within = (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])
        return np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1), within

    def region(self, radius_mm: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """What (z, y, x) lies nearer than a radius for each slice and ray."""
        result = np.zeros(shape, bool)
        for z, radii in enumerate(radius_mm):
            x = (np.arange(shape[2])[None] - self.x[z]) * self.spacing[0]
            y = (np.arange(shape[1])[:, None] - self.y[z]) * self.spacing[1]
            turn = np.arctan2(x, y) / (2 * np.pi) * RAYS % RAYS
            ray = np.floor(turn).astype(int) % RAYS
            share = turn - np.floor(turn)
            result[z] = np.hypot(x, y) < radii[ray] * (1 - share) + radii[(ray + 1) % RAYS] * share
        return result


def body_cavity(
    values: np.ndarray,
    lean: np.ndarray,
    bone: np.ndarray,
    trunk: np.ndarray,
    spine: Spine,
    grid: Geometry,
    progress: Progress = SILENT,
) -> np.ndarray:
    """What (z, y, x) the wall of the trunk encloses, with psoas and the front of the spine. values: HU.

    lean: neither fat nor skin; bone: with its marrow; trunk: its convex outline.
    """
    rays = _rays(trunk, spine, grid)
    free = _free_space(values, trunk, grid)
    pelvis = _pelvic(bone, values, trunk, spine, grid)
    outer, inner, weights = (np.zeros((len(values), RAYS)) for _ in range(3))
    for z in range(len(values)):
        progress(0.6 * z / len(values), "Looking for the wall of the trunk")
        outer[z], inner[z], weights[z] = _in_slice(
            z, rays, spine, grid, bool(pelvis[z]), lean[z], bone[z], trunk[z], free[z], values[z] < GAS_HU
        )
    if len(outer) > 2:
        slices = 2 * max(1, round(OUTLINE_MM / 2 / grid.spacing[2])) + 1
        outer = ndimage.median_filter(outer, (slices, 1), mode="nearest")
    radii = np.maximum(outer - _thickness(outer - inner, weights, inner, rays, pelvis, grid), 0)
    _closed_below(radii, spine, grid)
    return rays.region(radii, values.shape) & trunk


def _rays(trunk: np.ndarray, spine: Spine, grid: Geometry) -> Rays:
    sy = grid.spacing[1]
    forward = np.full(len(trunk), FORWARD_MM[0])
    for z, plane in enumerate(trunk):
        rows = np.flatnonzero(plane[:, min(max(round(spine.middle[z]), 0), plane.shape[1] - 1)])
        if rows.size:
            forward[z] = np.clip((spine.front[z] - rows[0]) * sy / 2, *FORWARD_MM)
    y = ndimage.gaussian_filter1d(spine.front - forward / sy, FORWARD_SD_MM / grid.spacing[2], mode="nearest")
    angles = np.arange(RAYS) * 2 * np.pi / RAYS
    longest = np.hypot(trunk.shape[1] * sy, trunk.shape[2] * grid.spacing[0])
    along = np.arange(1, int(longest / STEP_MM) + 1) * STEP_MM
    return Rays(spine.middle, y, (grid.spacing[0], sy), np.sin(angles), np.cos(angles), along)


def _free_space(values: np.ndarray, trunk: np.ndarray, grid: Geometry) -> np.ndarray:
    """Fat, gas and lung inside the trunk, but for thin layers and small pockets between muscles."""
    free = (values < FAT_HU[1]) & trunk
    thick = dilated(eroded(free, grid, 0.95 * LAYER_MM), grid, 1.05 * LAYER_MM) & free
    pieces, count = ndimage.label(thick)
    # of a single slice less is seen
    least = min(LEAST_INSIDE_MM3, LEAST_INSIDE_MM2 * len(values) * grid.spacing[2])
    large = np.bincount(pieces.ravel(), minlength=count + 1) * grid.voxel_volume >= least
    large[0] = False
    return large[pieces]


def _pelvic(bone: np.ndarray, values: np.ndarray, trunk: np.ndarray, spine: Spine, grid: Geometry) -> np.ndarray:
    """Which slices lie at the pelvis or below it."""
    lungs = np.flatnonzero(slices_with_lung(values, trunk, grid))
    end = len(values) if not lungs.size else max(0, int(lungs[0] - BELOW_LUNG_MM / grid.spacing[2]))
    result = np.zeros(len(values), bool)
    for z in range(end):
        beside = np.abs(spine.across(z, bone.shape[2], grid)) > PELVIS_ASIDE_MM
        if has_large_bone(bone[z] & beside, grid):
            result[: z + 1] = True
    return result


def slices_with_lung(values: np.ndarray, trunk: np.ndarray, grid: Geometry) -> np.ndarray:
    """Which slices show lung (not bowel, whose gas holds no tissue)."""
    return lung_inside(values, trunk).sum(axis=(1, 2)) * grid.spacing[0] * grid.spacing[1] > LUNG_MM2


def lung_inside(values: np.ndarray, trunk: np.ndarray) -> np.ndarray:
    """The inner part (bool; z, y, x) of what is lung by its HU."""
    lung = trunk & (values > LUNG_HU[0]) & (values < LUNG_HU[1])
    return ndimage.uniform_filter(lung.astype(np.float32), LUNG_VOXELS) > LUNG_SHARE


def has_large_bone(plane: np.ndarray, grid: Geometry) -> bool:
    """Whether a slice (y, x) of bone with its marrow cuts a bone too large for a rib or the shaft of a limb."""
    pieces, _ = ndimage.label(plane)
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        length = np.hypot(*((s.stop - s.start) * mm for s, mm in zip(box, grid.spacing[1::-1], strict=True)))
        area = np.count_nonzero(pieces[box] == number) * grid.spacing[0] * grid.spacing[1]
        if length > LONG_MM and area > LARGE_MM2:
            return True
    return False


def _in_slice(
    z: int,
    rays: Rays,
    spine: Spine,
    grid: Geometry,
    pelvis: bool,
    lean: np.ndarray,
    bone: np.ndarray,
    trunk: np.ndarray,
    free: np.ndarray,
    gas: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radius (mm) of the outer and of the inner side of the wall for each ray, and the weight of the inner one."""
    y, x, within = rays.places(z, lean.shape)
    along = rays.along_mm
    sample = np.arange(len(along))
    inside = trunk[y, x] & within
    wall = (lean | bone)[y, x] & inside
    aside, behind = (x - spine.middle[z]) * grid.spacing[0], (y - spine.front[z]) * grid.spacing[1]
    of_spine = (np.abs(aside) < SPINE_ASIDE_MM) & (behind > -FORE_MM)
    last = _outermost(inside)
    outer = np.where(last >= 0, along[last], 0)
    begin = _outermost(wall)
    seen = (begin >= 0) & (outer - along[begin] < BEGINS_MM)
    gas = gas[y, x] & inside
    deepest = _outermost(gas & np.roll(gas, 1, axis=1) & np.roll(gas, -1, axis=1))
    # ribs and pelvis: the innermost bone outside of lung and bowel
    bony = bone[y, x] & inside & ~of_spine & (sample > deepest[:, None]) & (sample <= begin[:, None])
    at_bone = bony.any(axis=1)
    rib = np.argmax(bony, axis=1)
    start = np.where(at_bone, rib, begin - 1)
    fat = free[y, x]
    meets = _outermost(fat & np.roll(fat, 1, axis=1) & (sample < start[:, None]))
    inner = np.where(meets >= 0, along[meets] + STEP_MM / 2, 0)
    of_back = (rays.toward_y > 0) & (np.abs(inner * rays.toward_x) < BACK_ASIDE_MM)
    of_back &= rays.y[z] * grid.spacing[1] + inner * rays.toward_y > spine.front[z] * grid.spacing[1] - FORE_MM
    near = np.where(
        at_bone,
        along[rib] - inner <= (INSIDE_PELVIS_MM if pelvis else INSIDE_RIB_MM),
        outer - inner <= np.where(of_back, BACK_MM, WALL_MM),
    )
    found = (meets >= 0) & seen & near
    weight = found.astype(float)
    by_rib = at_bone & seen & ~found & (not pelvis)
    inner[by_rib], weight[by_rib] = along[rib[by_rib]] - PLEURA_MM, RIB_WEIGHT
    # behind the bodies of the vertebrae everything is back
    depth = (spine.front[z] - rays.y[z]) * grid.spacing[1] + spine.depth_mm[z]
    backward = rays.toward_y > 0.1
    reach = np.where(backward, depth / np.where(backward, rays.toward_y, 1), 0)
    at_spine = backward & (np.abs(reach * rays.toward_x) < BODY_ASIDE_MM)
    inner[at_spine], weight[at_spine] = reach[at_spine], 1
    return outer, inner, weight


def _outermost(region: np.ndarray) -> np.ndarray:
    """Last sample of each ray in a region, -1 where there is none."""
    last = region.shape[1] - 1 - np.argmax(region[:, ::-1], axis=1)
    return np.where(region.any(axis=1), last, -1)


def _thickness(
    seen_mm: np.ndarray, weights: np.ndarray, inner: np.ndarray, rays: Rays, pelvis: np.ndarray, grid: Geometry
) -> np.ndarray:
    """The thickness of the wall in mm (slice, ray), from where it was seen."""
    of_back = (rays.toward_y > 0)[None] & (np.abs(inner * rays.toward_x[None]) < BACK_ASIDE_MM)
    elsewhere = (weights == 1) & ~of_back & ~pelvis[:, None]
    usual = float(np.median(seen_mm[elsewhere])) if elsewhere.any() else USUAL_MM
    limit = np.clip(TIMES_USUAL * usual, LEAST_LIMIT_MM, WALL_MM)
    weights = np.where(elsewhere & (seen_mm > limit), 0, weights)
    other, others = (np.roll(part[:, ::-1], 1, axis=1) for part in (seen_mm, weights))
    unseen = weights == 0
    return membrane(
        np.where(unseen, other, seen_mm),
        np.where(unseen, MIRROR_WEIGHT * others, weights),
        (ALONG * (ALONG_MM / grid.spacing[2]) ** 2, AROUND),
        TOLERANCE_MM,
        USUAL_MM,
    )


def _closed_below(radii: np.ndarray, spine: Spine, grid: Geometry) -> None:
    """Below the last of the spine: there are muscles of the pelvic floor and of the thighs."""
    lowest = int(np.argmax(spine.seen))
    for z in range(lowest):
        closed = FUNNEL_SLOPE * max(0.0, (lowest - z) * grid.spacing[2] - FUNNEL_MM)
        radii[z] = np.minimum(radii[z], np.maximum(radii[lowest] - closed, 0))
