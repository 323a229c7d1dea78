"""The trachea in CT: a long round column of air that runs from feet to head, between or above the lungs."""

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_around
from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from ..common.morphology import eroded, main_piece

# The search is done on voxels of this side, upright in the patient whatever the image's grid.
WORKING_MM = 2.0
# The body and the lungs are outlined on every second of them.
STEP = 2
# What is taken as air in turn: a thin wall is lost at the higher ones, noise and partial volume hide air at the lower.
AIR_HU = (-940.0, -880.0, -800.0, -700.0, -600.0)
OUTSIDE_HU = -1024.0
# Cross sections of tracheas of children and adults (diameters of 4 to 32 mm), as a multiple of their width.
AREA_MM2 = (15.0, 800.0)
WIDEST_ASPECT = 2.5
# A filled ellipse has fullness 1.
LEAST_FULLNESS = 0.85
LEAST_LENGTH_MM = 20.0
# Wider and longer ones are not more of a trachea.
ENOUGH_AREA_MM2, ENOUGH_LENGTH_MM = 120.0, 120.0
# How far beside the middle of the body (as a share of its width) is unlikely; images cut at a side move the middle.
OFF_CENTER = 0.2
LEAST_SCORE = 0.05
# Parenchyma, and how much of it makes sure that there is a lung.
LUNG_HU = (-940.0, -600.0)
LUNG_RADIUS_MM, LEAST_LUNG_MM3 = 5.0, 2e4
# The trachea reaches up to the lungs' upper end in the image, but for this.
BELOW_LUNG_TOP_MM = 30.0
BODY_HU, BODY_RADIUS_MM = -300.0, 4.0


def find_trachea(
    values_hu: np.ndarray, grid: Geometry, region: np.ndarray | None = None, progress: Progress = SILENT
) -> np.ndarray:
    """Points (n, 3; LPS mm) on the axis of the trachea, from feet to head; none where no trachea can be made sure of.

    values_hu: z, y, x; region: where to look. There must be lungs, or parts of them, in the image: without them a
    column of air may be bowel.
    """
    sample, outline, search = progress.parts(2, 2, 2)
    best, axis = LEAST_SCORE, np.zeros((0, 3))
    box = box_around(values_hu > BODY_HU if region is None else (values_hu > BODY_HU) & region)
    if box is None:
        return axis
    upright = _upright(grid_of_box(grid, box))
    inside = values_hu if region is None else np.where(region, values_hu, OUTSIDE_HU)
    image = grid.image_of(inside.astype(np.float32, copy=False))
    work = sitk.GetArrayFromImage(resample(image, upright, default_value=OUTSIDE_HU, progress=sample))
    body, lung_top = _body_and_lung_top(work, upright, outline)
    if lung_top is None:
        return axis
    lowest_top = lung_top - BELOW_LUNG_TOP_MM / WORKING_MM
    for number, threshold in enumerate(AIR_HU):
        search(number / len(AIR_HU), "Looking for the trachea")
        for score, centers in _columns((work < threshold) & body):
            if centers[-1, 2] < lowest_top:
                continue
            score *= _centrality(centers, body)
            if score > best:
                best, axis = score, upright.points(centers)
    return axis


def _upright(grid: Geometry) -> Geometry:
    """Grid along the patient's axes (LPS) that covers the image."""
    half = np.abs(np.reshape(grid.direction, (3, 3))) @ (np.asarray(grid.spacing) / 2)
    low, high = grid.corners().min(axis=0) - half, grid.corners().max(axis=0) + half
    size = np.maximum(1, np.ceil((high - low) / WORKING_MM)).astype(int)
    origin = tuple(float(x) for x in low + WORKING_MM / 2)
    return Geometry(tuple(int(n) for n in size), (WORKING_MM,) * 3, origin, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))


def _body_and_lung_top(work: np.ndarray, upright: Geometry, progress: Progress) -> tuple[np.ndarray, float | None]:
    """The body with all between its front and its back, and the lungs' highest slice, None where there are none.

    In between counts as inside, so that lungs which the image cuts open at a side belong to the body.
    """
    coarse = work[::STEP, ::STEP, ::STEP]
    grid = Geometry(coarse.shape[::-1], (STEP * WORKING_MM,) * 3, upright.origin, upright.direction)
    if min(coarse.shape) < 2:
        return np.zeros(work.shape, bool), None
    tissue = main_piece(coarse > BODY_HU, grid, BODY_RADIUS_MM, progress)
    before = np.logical_or.accumulate(tissue, axis=1)
    behind = np.logical_or.accumulate(tissue[:, ::-1], axis=1)[:, ::-1]
    body = before & behind
    lung = eroded((coarse > LUNG_HU[0]) & (coarse < LUNG_HU[1]) & body, grid, LUNG_RADIUS_MM)
    top = None
    if np.count_nonzero(lung) * grid.voxel_volume >= LEAST_LUNG_MM3:
        top = STEP * float(np.flatnonzero(lung.any(axis=(1, 2))).max())
    for axis in range(3):
        body = np.repeat(body, STEP, axis)
    return body[tuple(slice(0, n) for n in work.shape)], top


def _columns(air: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Score (0 to 1) and axis (n, 3; x, y, z index, from feet to head) of each column of round pieces of air."""
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = ndimage.generate_binary_structure(2, 1)
    numbers, count = ndimage.label(air, in_plane)
    if not count:
        return
    z, y, x = np.nonzero(numbers)
    area, fullness, aspect = _shapes(numbers[z, y, x], y, x, count)
    area *= WORKING_MM**2
    good = (area >= AREA_MM2[0]) & (area <= AREA_MM2[1]) & (fullness >= LEAST_FULLNESS) & (aspect <= WIDEST_ASPECT)
    good[0] = False
    column_of, _ = ndimage.label(good[numbers])
    for number, box in enumerate(ndimage.find_objects(column_of), 1):
        length = (box[0].stop - box[0].start) * WORKING_MM
        if length < LEAST_LENGTH_MM:
            continue
        z, y, x = np.nonzero(column_of[box] == number)
        pieces = np.unique(numbers[box][z, y, x])
        n = np.bincount(z)
        centers = np.column_stack([np.bincount(z, x) / n, np.bincount(z, y) / n, np.arange(len(n))])
        steady = 1 / (1 + float(np.std(np.log(area[pieces]))))
        size = min(1.0, float(np.median(area[pieces])) / ENOUGH_AREA_MM2)
        score = min(1.0, length / ENOUGH_LENGTH_MM) * size * steady / float(np.median(aspect[pieces]))
        corner = np.array([box[2].start, box[1].start, box[0].start])
        yield score, centers + corner


def _shapes(piece: np.ndarray, y: np.ndarray, x: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxels, fullness (1 of a filled ellipse, less of other shapes) and aspect of each piece, by number."""
    area = np.bincount(piece, minlength=count + 1).astype(float)
    n = np.maximum(area, 1)
    mean_y, mean_x = (np.bincount(piece, v, count + 1) / n for v in (y, x))
    # a voxel's own extent adds 1/12
    yy, xx = (np.bincount(piece, v * v, count + 1) / n - m**2 + 1 / 12 for v, m in ((y, mean_y), (x, mean_x)))
    xy = np.bincount(piece, x * y, count + 1) / n - mean_x * mean_y
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    longest, shortest = mean + half, np.maximum(mean - half, 1e-9)
    return area, area / (4 * np.pi * np.sqrt(longest * shortest)), np.sqrt(longest / shortest)


def _centrality(centers: np.ndarray, body: np.ndarray) -> float:
    """1 for a column in the middle of the body between left and right, less beside it."""
    widths = body[centers[:, 2].astype(int)].any(axis=1)
    left = widths.argmax(axis=1)
    right = widths.shape[1] - 1 - widths[:, ::-1].argmax(axis=1)
    off = (centers[:, 0] - (left + right) / 2) / np.maximum(right - left, 1)
    return float(np.exp(-((np.median(off) / OFF_CENTER) ** 2) / 2))
