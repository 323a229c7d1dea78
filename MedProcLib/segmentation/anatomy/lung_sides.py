"""Which lung is the right one and which the left, also where they touch."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress, execute
from ..common.morphology import distance_to

RIGHT, LEFT = 1, 2
# Bone of the spine, the width over which it is looked for, in which steps, and how much bone (share) counts as all.
BONE_HU, SPINE_SD_MM, BLOCK_MM, ENOUGH = 180.0, 15.0, 6.0, 0.3
# Hips and thighs alone in view are a pair: so far aside (mm) there is such a share of the bone on the other side, too,
# so near (mm) the mirrored place. The spine lies between them.
ASIDE_MM, PAIR_SHARE, PAIR_MM = 50.0, 0.7, 20.0
# A piece belongs to both sides when at least so much of it (of its volume, and in mm3) lies on either side.
BOTH_SHARE, BOTH_MM3 = 0.12, 3e4
# Lungs that touch are eroded by rising radii until a piece on either side is so much of what is left.
STEP_MM, MOST_MM, PIECE_SHARE = 2.0, 16.0, 0.15


def middle_of_body(values: np.ndarray, body: np.ndarray, grid: Geometry) -> float:
    """x index of the spine: where the most transverse slices have bone behind, rather near the middle of the body.

    Hips, thighs and kidneys full of contrast are as bright, in fewer slices; bowel full of it lies in front. Without
    bone the middle of the body. values: HU on a grid of patient_grid.
    """
    bone = (values > BONE_HU) & (_back_half(body) if body.ndim == 3 else body)
    if values.ndim == 2 or np.count_nonzero(bone) * grid.voxel_volume <= 1e3:
        return float(np.argwhere(body)[:, -1].mean()) if body.any() else (values.shape[-1] - 1) / 2
    side = max(1, round(BLOCK_MM / grid.spacing[0]))
    blocks = np.add.reduceat(bone, np.arange(0, bone.shape[1], side), axis=1, dtype=np.float32)
    blocks = np.add.reduceat(blocks, np.arange(0, bone.shape[2], side), axis=2) / side**2
    sd = SPINE_SD_MM / side / grid.spacing[0]
    share = ndimage.gaussian_filter(blocks, (0, sd, sd), mode="constant")
    # the root, so that many slices count more than much bone; of each its best, as a spine is bent to the back
    slices = np.sqrt(np.clip(share, 0, ENOUGH)).max(axis=1).sum(axis=0)
    x = (np.arange(slices.size) + 0.5) * side - 0.5
    width = body.sum(axis=(0, 1), dtype=np.float64)
    middle = np.average(np.arange(len(width)), weights=width)
    spread = np.sqrt(np.average((np.arange(len(width)) - middle) ** 2, weights=width)) or 1.0
    likely = slices / (1 + ((x - middle) / (2 * spread)) ** 2)
    best = int(np.argmax(likely))
    mirrored = slices * (np.abs(x - (2 * middle - x[best])) * grid.spacing[0] < PAIR_MM)
    other = int(np.argmax(mirrored))
    if abs(x[best] - middle) * grid.spacing[0] > ASIDE_MM and mirrored[other] > PAIR_SHARE * slices[best]:
        return float(x[best] + x[other]) / 2
    return float(x[best])


def _back_half(body: np.ndarray) -> np.ndarray:
    """What of each transverse slice (z, y, x) lies behind the middle between its front and its back."""
    rows = np.asarray(body.any(axis=2))
    last = rows.shape[1] - 1
    middle = (np.argmax(rows, axis=1) + last - np.argmax(rows[:, ::-1], axis=1)) / 2
    return body & (np.arange(last + 1) > middle[:, None])[:, :, None]


def sides_of(
    lungs: np.ndarray, values: np.ndarray, middle: float, grid: Geometry, progress: Progress = SILENT
) -> np.ndarray:
    """1 in the right, 2 in the left lung (uint8, z, y, x).

    lungs: their air on a grid of patient_grid (where x runs to the patient's left); middle: x index of the midline.
    Lungs that touch are parted where the tissue between them is densest, by a watershed from their eroded insides
    (Hu et al., IEEE TMI 20(6), 2001 part them at the brightest path).
    """
    result = np.zeros(lungs.shape, np.uint8)
    pieces, count = ndimage.label(lungs)
    boxes = ndimage.find_objects(pieces)
    for number, (box, part) in enumerate(zip(boxes, progress.parts(*[1.0] * max(1, count)), strict=False), 1):
        part(0.0, "Parting the lungs")
        piece = pieces[box] == number
        per_x = piece.sum(axis=tuple(range(piece.ndim - 1)))
        x = np.arange(len(per_x)) + box[-1].start
        right, all_of_it = float(per_x[x < middle].sum()), float(per_x.sum())
        least = min(right, all_of_it - right)
        if least >= max(BOTH_SHARE * all_of_it, BOTH_MM3 / grid.voxel_volume):
            sides = _parted(piece, values[box], middle - box[-1].start, grid_of_box(grid, box), part)
        else:
            sides = piece * np.uint8(RIGHT if right > all_of_it / 2 else LEFT)
        result[box][piece] = sides[piece]
    return result


def _parted(piece: np.ndarray, values: np.ndarray, middle: float, grid: Geometry, progress: Progress) -> np.ndarray:
    depth = distance_to(np.pad(~piece, 1, constant_values=True), _wider(grid))[(slice(1, -1),) * piece.ndim]
    marks = _marks(depth, middle)
    if marks is None:
        x = np.arange(piece.shape[-1])
        return np.where(x < middle, RIGHT, LEFT).astype(np.uint8) * piece
    marks[~piece] = LEFT + 1
    flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
    flood.SetMarkWatershedLine(False)
    flood.SetFullyConnected(False)
    image = grid.image_of(values.astype(np.int16))
    parted = sitk.GetArrayFromImage(
        execute(flood, image, grid.image_of(marks), progress=progress, message="Parting the lungs")
    )
    return np.where(parted <= LEFT, parted, 0).astype(np.uint8)


def _marks(depth: np.ndarray, middle: float) -> np.ndarray | None:
    """Insides of the right and of the left lung, eroded just so far that they do not touch; None if they always do."""
    for radius in np.arange(STEP_MM, MOST_MM + STEP_MM, STEP_MM):
        cores, count = ndimage.label(depth > radius)
        if not count:
            return None
        sizes = np.bincount(cores.ravel(), minlength=count + 1)[1:]
        centers = np.array(ndimage.center_of_mass(cores > 0, cores, np.arange(1, count + 1)))[:, -1]
        big = sizes >= PIECE_SHARE * sizes.sum()
        if (big & (centers < middle)).any() and (big & (centers >= middle)).any():
            side = np.concatenate([[0], np.where(centers < middle, RIGHT, LEFT)])
            return side[cores].astype(np.uint8)
    return None


def _wider(grid: Geometry) -> Geometry:
    return Geometry(tuple(n + 2 for n in grid.size), grid.spacing, grid.origin, grid.direction)
