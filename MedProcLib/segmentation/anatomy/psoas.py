"""The psoas muscles in CT, followed from slice to slice beside the spine."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.morphology import dilated, eroded
from ..common.slice_by_slice import slices_apart
from .spine import Spine

# Where a psoas is looked for: distance from the midline, and from behind the front of the spine.
ASIDE_MM, BEHIND_MM = (12.0, 75.0), (-15.0, 45.0)
# Its middle, there; its area, the radius of what fits in, and how much of its edge borders on what is no lean tissue.
MIDDLE_ASIDE_MM, MIDDLE_BEHIND_MM, AREA_CM2 = (20.0, 60.0), (0.0, 38.0), (3.0, 28.0)
LEAST_RADIUS_MM, LARGEST_RADIUS_MM, FREE_EDGE = 7.0, 18.0, 0.6
NECK_MM, AT_SPINE_MM, SPINE_ASIDE_MM = 5.0, 5.0, 40.0
# In the next slice: it moves by so much, what hangs on by a neck narrower than this share of it is cut off, its density
# (after a blur) stays within so many HU, and it grows only slowly, down and up.
MOVES_MM, NECK_SHARE, EVEN_HU, BLUR_MM, GROWS_DOWN, GROWS_UP, MOST_GROWTH = 2.1, 0.45, 30.0, 3.0, 1.1, 1.03, 1.4
REMEMBERED, INERTIA, LEAST_CM2, MARGIN_MM = 6, 0.7, 1.0, 20.0


@dataclass(frozen=True)
class _Start:
    score: float
    z: int
    region: np.ndarray
    area: float


def psoas_muscles(
    values: np.ndarray,
    soft: np.ndarray,
    lean: np.ndarray,
    bone: np.ndarray,
    spine: Spine,
    loin: np.ndarray,
    grid: Geometry,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Both psoas (z, y, x), empty where none stands out from what is around it.

    Each is found where it is roundest and best parted from others beside a vertebra, and followed up and down.
    values: HU; lean: has the density of muscle; soft: what of it may be psoas, as it lies in the cavity; loin: in which
    slices (bool) it is looked for first.
    """
    result = np.zeros_like(soft)
    cores = _opened(soft & _beside(spine, loin, soft.shape, grid), slices_apart(grid), NECK_MM)
    for side, part in zip((-1, 1), progress.parts(1, 1), strict=True):
        start = _start(side, cores, lean, bone, spine, grid, part)
        if start is None:
            continue
        level = float(np.median(values[start.z][start.region]))
        result[start.z] |= start.region
        for step in (-1, 1):
            _follow(start, step, level, values, soft, result, grid)
    return result


def _opened(region: np.ndarray, grid: Geometry, radius_mm: float) -> np.ndarray:
    core = eroded(region, grid, radius_mm)
    return dilated(core, grid, radius_mm + grid.spacing[0] / 2) & region if core.any() else core


def _beside(spine: Spine, loin: np.ndarray, shape: tuple[int, ...], grid: Geometry) -> np.ndarray:
    result = np.zeros(shape, bool)
    for z in np.flatnonzero(loin).tolist():
        aside, behind = np.abs(spine.across(z, shape[2], grid)), spine.behind(z, shape[1], grid)
        result[z] = _within(aside, ASIDE_MM)[None] & _within(behind, BEHIND_MM)[:, None]
    return result


def _within(value, limits: tuple[float, float]):
    return (value > limits[0]) & (value < limits[1])


def _start(
    side: int, cores: np.ndarray, lean: np.ndarray, bone: np.ndarray, spine: Spine, grid: Geometry, progress: Progress
) -> _Start | None:
    """Where the psoas of a side (-1: lower x) is best seen."""
    sx, sy = grid.spacing[:2]
    best = None
    for z in np.flatnonzero(cores.any(axis=(1, 2))).tolist():
        progress.check()
        across = spine.across(z, lean.shape[2], grid)
        plane = cores[z] & (side * across > 0)[None]
        vertebra = bone[z] & (np.abs(across) < SPINE_ASIDE_MM)[None]
        if not plane.any() or not vertebra.any():
            continue
        touching = ndimage.distance_transform_edt(~vertebra, (sy, sx)) <= AT_SPINE_MM
        pieces, count = ndimage.label(plane)
        for number in range(1, count + 1):
            piece = pieces == number
            area = np.count_nonzero(piece) * sx * sy / 100
            y, x = (float(part.mean()) for part in np.nonzero(piece))
            aside, behind = side * (x - spine.middle[z]) * sx, (y - spine.front[z]) * sy
            placed = _within(aside, MIDDLE_ASIDE_MM) and _within(behind, MIDDLE_BEHIND_MM)
            if not (placed and _within(area, AREA_CM2) and (piece & touching).any()):
                continue
            edge = ndimage.binary_dilation(piece) & ~piece
            free, radius = float(np.mean(~lean[z][edge])), _radius(piece, (sy, sx))
            score = free * min(radius, LARGEST_RADIUS_MM)
            if radius >= LEAST_RADIUS_MM and free >= FREE_EDGE and (best is None or score > best.score):
                best = _Start(score, z, piece, area)
    return best


def _radius(region: np.ndarray, spacing: tuple[float, float]) -> float:
    return float(ndimage.distance_transform_edt(np.pad(region, 1), spacing).max())


def _follow(
    start: _Start, step: int, level: float, values: np.ndarray, soft: np.ndarray, result: np.ndarray, grid: Geometry
) -> None:
    """From the start up (step 1) or down (-1), slice by slice, into the result."""
    sx, sy, sz = grid.spacing
    margin = [int(MARGIN_MM / mm) + 1 for mm in (sy, sx)]
    before, areas, moves = start.region, [start.area], [np.zeros(2)]
    z = start.z + step
    while 0 <= z < len(soft):
        rows, columns = (np.flatnonzero(before.any(axis=axis)) for axis in (1, 0))
        box = tuple(
            slice(max(0, part[0] - m), part[-1] + m + 1) for part, m in zip((rows, columns), margin, strict=True)
        )
        expected = ndimage.shift(
            before[box].astype(np.float32), INERTIA * np.mean(moves[-REMEMBERED:], axis=0), order=1
        )
        expected = expected > 0.5
        growth = GROWS_DOWN if step < 0 else GROWS_UP
        most = min(growth * float(np.median(areas[-REMEMBERED:])), MOST_GROWTH * start.area)
        even = np.abs(ndimage.gaussian_filter(values[z][box], (BLUR_MM / sy, BLUR_MM / sx)) - level) < EVEN_HU
        region = _next(expected, soft[z][box] & even, max(MOVES_MM, 1.2 * sz), most * 100 / (sx * sy), (sy, sx))
        area = np.count_nonzero(region) * sx * sy / 100
        if area < LEAST_CM2:
            return
        here = np.zeros_like(before)
        here[box] = region
        moves.append(np.argwhere(here).mean(axis=0) - np.argwhere(before).mean(axis=0))
        areas.append(area)
        result[z] |= here
        before, z = here, z + step


def _next(
    expected: np.ndarray, soft: np.ndarray, moves_mm: float, most_pixels: float, spacing: tuple[float, float]
) -> np.ndarray:
    """What a muscle that was expected in a slice is there."""
    nothing = np.zeros_like(expected)
    if not expected.any():
        return nothing
    depth = ndimage.distance_transform_edt(np.pad(expected, 1), spacing)[1:-1, 1:-1]
    away = ndimage.distance_transform_edt(~expected, spacing) - depth
    allowed = np.pad(soft & (away <= moves_mm), 1)
    neck = max(2.0, NECK_SHARE * float(depth.max()))
    core = ndimage.distance_transform_edt(allowed, spacing) > neck
    if not core.any():
        return nothing
    opened = ((ndimage.distance_transform_edt(~core, spacing) <= neck + max(spacing) / 2) & allowed)[1:-1, 1:-1]
    pieces, count = ndimage.label(opened)
    overlap = np.bincount(pieces[expected], minlength=count + 1)
    overlap[0] = 0
    if not overlap.any():
        return nothing
    piece = pieces == np.argmax(overlap)
    if np.count_nonzero(piece) > most_pixels:
        piece &= away < np.sort(away[piece])[int(most_pixels)]
    return piece
