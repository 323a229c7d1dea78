"""The liver in CT."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.statistics import median_and_sd
from ...core.voxels import gaussian
from ..common.hounsfield import AIR_HU, hounsfield
from ..common.morphology import dilated, distance_to, eroded
from ..common.patient_grid import on_patient_grid
from ..common.slice_by_slice import filled_slices
from ..common.upright import upright
from .body_mask import CONTENT_HU
from .ct_body import body_region
from .grown_organ import grown_organ, with_rim
from .heart_side import beyond_heart
from .lung_sides import middle_of_body
from .necks import beyond_necks
from .refine import refined
from .spine import find_spine

WORKING_MM = 2.0
BODY_HU, OPENING_MM, BODY_CLOSING_MM = -300.0, 4.0, 6.0
# Soft tissue (HU, after the blur) in which the liver is looked for: the largest place on the right that is so thick.
SOFT_HU, BLUR_MM, SEED_RADIUS_MM = (20.0, 220.0), 2.5, 14.0
# Around the middle of the place found, so much tells the liver's density.
SAMPLE_MM, LEAST_RANGE_HU, MOST_RANGE_HU = 15.0, 12.0, 30.0
MOST_MM3, LEAST_MM3 = 4.5e6, 5e4
RADII_MM = (5.0, 6.0, 8.0, 10.0, 12.0)
FAT_HU = -100.0
# Lung is so dark, and so thick; the blur mixes so much darker a neighbor in that the liver's values leave its range
# so far from it. Tissue between the two, no farther from lung, is given back.
LUNG_HU, LUNG_THICK_MM, RIM_AT_LUNG_MM, NEAR_LUNG_MM = (-950.0, -500.0), 2.5, 5.0, 10.0
# Great vessels and other organs of the same density hang on by necks of these radii (mm): about those of a vein of the
# liver and of the vena cava. From 3 to 5 and from 6 to 10, and a bulge from 1.2 to 2, the Dice of
# TotalSegmentator's example changes by no more than 0.0005, that of the other CT by 0.0002.
NECKS_MM = (4.0, 8.0)
# Its middle lies no farther aside than this share of half the body's width: muscle of shoulders and arms does (0.31 to
# 0.52 in five livers, 0.66 and 0.81 in two chests without). What bone encloses in most of its slices is brain.
MOST_ASIDE, MOST_ENCLOSED = 0.6, 0.5
# Its thick part is at least so large: 60 to 680 ml in nine livers, up to 6 ml in muscle of arms and neck.
LEAST_THICK_MM3 = 1e4
# The largest bones of limbs have smaller sections (filled) than a vertebra; so far along the body from one, the liver.
BONE_HU, VERTEBRA_MM2, VERTEBRA_ASIDE_MM, ALONG_MM = 180.0, 900.0, 40.0, 40.0


@operation(
    "segmentation.ct_liver",
    title="Liver in CT",
    gives="labels",
    source="Seed region and growing by mean and SD, cut by morphology, as in Lim et al., Automatic liver segmentation "
    "for volume measurement in CT images, J. Vis. Comm. Image R. 17(4), 2006",
    dimensions=(3,),
)
class CtLiver:
    """Outline the liver (1) in Hounsfield units: the largest thick organ of even density on the patient's right.

    Give a seed in the liver where that is another organ; an image of the trunk that does not show the liver may give
    one, too; one that shows no spine gives none without a seed.
    Neighbors of the same density are cut off at their necks, the heart where it leaves the space between the lungs;
    others that touch broadly stay and have to be taken off by hand.
    """

    range_sd: Annotated[float, Range(0.5, 10), "densities within so many SD of the liver's own count"] = 5.0
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the vessels and dents that are closed"] = 6.0

    @property
    def structures(self) -> dict[int, str]:
        return {1: "liver"}

    def __call__(self, image, mask=None, seeds=None, progress=SILENT):
        read, sample, find, fine = progress.parts(1, 1, 8, 3)
        ct = upright(hounsfield(image, read), CONTENT_HU)
        grid, work = on_patient_grid(ct, WORKING_MM, AIR_HU, CONTENT_HU, progress=sample)
        liver, lowest, highest = _liver(self, work, grid, _points(ct, seeds), find)
        values = refined(ct, {1: liver}, grid, lambda hu: (hu > lowest) & (hu < highest), liver, ~liver, work, fine)
        if mask is not None:
            values[sitk.GetArrayViewFromImage(mask) == 0] = 0
        if not values.any():
            raise InputError("There is no liver inside the mask: leave the mask out, or draw it around the liver.")
        return Geometry.of(image).image_of(values)


def _points(ct: sitk.Image, seeds: sitk.Image | None) -> np.ndarray | None:
    if seeds is None:
        return None
    return Geometry.of(ct).points(np.argwhere(sitk.GetArrayViewFromImage(seeds))[:, ::-1])


def _liver(
    settings: CtLiver, work: np.ndarray, grid: Geometry, points: np.ndarray | None, progress: Progress
) -> tuple[np.ndarray, float, float]:
    """The liver on the grid, and the HU between which its border lies. Raises InputError."""
    outline, blur, grow = progress.parts(3, 1, 4)
    body = body_region(work, grid, BODY_HU, OPENING_MM, BODY_CLOSING_MM, outline)
    blurred = gaussian(work, grid, [BLUR_MM] * 3, blur)
    seed = np.zeros(work.shape, bool)
    if points is not None:
        index = np.clip(np.rint(grid.indices(points)).astype(int), 0, np.asarray(grid.size) - 1)
        seed[tuple(index[:, ::-1].T)] = True
    else:
        seed = _seed_region(blurred, work, body, grid)
    near = (distance_to(seed, grid) <= SAMPLE_MM) & (np.abs(blurred - np.median(blurred[seed])) < 3 * MOST_RANGE_HU)
    level, sd = median_and_sd(blurred[near] if near.any() else blurred[seed])
    reach = float(np.clip(settings.range_sd * sd, LEAST_RANGE_HU, MOST_RANGE_HU))
    even = body & (np.abs(blurred - level) <= reach)
    cut, fill = grow.parts(1, 3)
    even &= ~beyond_heart(even, seed, work, body, middle_of_body(work, body, grid), grid)
    even &= ~beyond_necks(even, seed, grid, *NECKS_MM, progress=cut)
    liver = grown_organ(even, seed, grid, LEAST_MM3, MOST_MM3, RADII_MM, settings.closing_mm, fill)
    if np.count_nonzero(liver) * grid.voxel_volume < LEAST_MM3:
        raise InputError(
            f"No liver was found around {level:.0f} HU ({np.count_nonzero(liver) * grid.voxel_volume / 1000:.0f} ml): "
            "mark it with a seed in even tissue, or widen the range of densities."
        )
    lowest, highest = (level + FAT_HU) / 2, level + 2 * MOST_RANGE_HU
    liver = with_rim(liver, work, lowest, highest, grid)
    return _up_to_lung(liver, work, lowest, highest, grid) & body, lowest, highest


def _up_to_lung(liver: np.ndarray, work: np.ndarray, lowest: float, highest: float, grid: Geometry) -> np.ndarray:
    """The liver (z, y, x) with the rim that the blur took from it below the lung."""
    lung = eroded((work > LUNG_HU[0]) & (work < LUNG_HU[1]), grid, LUNG_THICK_MM)
    between = dilated(lung, grid, NEAR_LUNG_MM) & dilated(liver, grid, RIM_AT_LUNG_MM)
    return ndimage.binary_propagation(liver, mask=liver | (between & (work > lowest) & (work < highest)))


def _seed_region(blurred: np.ndarray, work: np.ndarray, body: np.ndarray, grid: Geometry) -> np.ndarray:
    """The middle of the largest thick soft tissue on the patient's right. Raises InputError when there is none."""
    soft = body & (blurred > SOFT_HU[0]) & (blurred < SOFT_HU[1])
    thick = eroded(soft, grid, SEED_RADIUS_MM)
    bone = filled_slices(body & (work > BONE_HU))
    trunk = _in_trunk(work, body, bone, grid) if thick.any() else thick
    pieces, _ = ndimage.label(thick)
    middle = middle_of_body(work, body, grid)
    best, most = 0, 0.0
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        piece = pieces[box] == number
        if np.count_nonzero(piece) * grid.voxel_volume < LEAST_THICK_MM3 or not (piece & trunk[box]).any():
            continue
        if bone[box][piece].mean() > MOST_ENCLOSED:
            continue
        x = np.nonzero(piece)[2] + box[2].start
        half = np.ptp(np.flatnonzero(body[box[0]].any(axis=(0, 1)))) / 2
        if np.abs(np.median(x) - middle) > MOST_ASIDE * half:
            continue
        right = float(np.count_nonzero(x < middle)) - float(np.count_nonzero(x >= middle))
        if right > most:
            best, most = number, right
    if not best:
        raise InputError(
            f"No liver was found: no soft tissue is {2 * SEED_RADIUS_MM:g} mm thick on the right of the trunk, over as "
            "large a part as of a liver. Mark the liver with a seed."
        )
    depth = distance_to(pieces != best, grid)
    return depth >= 0.8 * depth.max()


def _in_trunk(work: np.ndarray, body: np.ndarray, bone: np.ndarray, grid: Geometry) -> np.ndarray:
    """Near vertebrae, in front of their backs: muscle of hips and thighs lies elsewhere. Raises InputError.

    bone: filled in each transverse slice.
    """
    spine = find_spine(bone, work, body, grid)
    vertebra = np.zeros(len(bone), bool)
    if spine is not None:
        for z in np.flatnonzero(spine.seen).tolist():
            central = np.abs(spine.across(z, bone.shape[2], grid)) < VERTEBRA_ASIDE_MM
            vertebra[z] = np.count_nonzero(bone[z] & central) * grid.spacing[0] * grid.spacing[1] > VERTEBRA_MM2
    if spine is None or not vertebra.any():
        raise InputError(
            "No liver was found: the image shows no spine beside which it would lie. Choose a CT image of the abdomen, "
            "or mark the liver with a seed."
        )
    near = ndimage.binary_dilation(vertebra, iterations=round(ALONG_MM / grid.spacing[2]))
    trunk = np.zeros(body.shape, bool)
    for z in np.flatnonzero(near).tolist():
        trunk[z] = (spine.behind(z, body.shape[1], grid) < spine.depth_mm[z])[:, None]
    return trunk
