"""Where the spine lies in each transverse slice of a CT, as a landmark for what is around it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from .lung_sides import middle_of_body

# Bone of the spine lies so near the midline, and there is at least so much of it in a slice.
ASIDE_MM, LEAST_MM2 = 40.0, 150.0
# The front is that of the bone within this distance of the midline.
FRONT_ASIDE_MM = 12.0
# Farther apart than this along the body are other bones, such as the pubis.
GAP_MM = 24.0
# Disks and arches in the slices between: the midline and the front are those of the slices around.
ALONG_MM, FRONT_PERCENTILE = 22.0, 30.0
# Bodies of vertebrae are so deep; where the spine is thinner (sacrum, coccyx), half of what it has.
BODY_MM, LEAST_BODY_MM = 30.0, 6.0
# The aorta full of contrast: so wide, not longer than so many times its width, with such a share of its box (a circle
# has 0.79); its rim is at most so much denser than its inside (-49 to 21 HU were seen), that of vertebrae more (28 up).
# Teeth are brighter than this.
VESSEL_MM, MOST_OVAL, ROUND, RIM_HU, MOST_HU = (12.0, 45.0), 1.5, 0.68, 20.0, 900.0
# A spine lies so near the middle of the body (share of the width).
OFF_MIDDLE = 0.15


@dataclass(frozen=True)
class Spine:
    """For each slice: x index of the midline, y index of the front, depth (mm) of the vertebral body, seen or not.

    Slices where it is not seen hold what is nearest along the body.
    """

    middle: np.ndarray
    front: np.ndarray
    depth_mm: np.ndarray
    seen: np.ndarray

    def across(self, z: int, size: int, grid: Geometry) -> np.ndarray:
        """Distance (mm; x,) to the midline of a slice, positive towards higher indices."""
        return (np.arange(size) - self.middle[z]) * grid.spacing[0]

    def behind(self, z: int, size: int, grid: Geometry) -> np.ndarray:
        """Distance (mm; y,) behind the front of the spine in a slice."""
        return (np.arange(size) - self.front[z]) * grid.spacing[1]


def find_spine(bone: np.ndarray, values: np.ndarray, body: np.ndarray, grid: Geometry) -> Spine | None:
    """The spine by the bone (z, y, x; filled) near the midline in the back half of the body; None where there is none.

    values: HU on a grid of patient_grid, where x runs to the patient's left and y to the back.
    """
    middle = middle_of_body(values, body, grid)
    across = np.flatnonzero(body.any(axis=(0, 1)))
    if abs(middle - across.mean()) > OFF_MIDDLE * np.ptp(across):
        middle = float(across.mean())  # the bone of a hip or a thigh
    found = np.full((3, len(body)), np.nan)
    for z in range(len(body)):
        found[:, z] = _in_slice(bone[z], values[z], body[z], middle, grid)
    seen = longest_row(np.isfinite(found[0]), int(GAP_MM / grid.spacing[2]))
    if not seen.any():
        return None
    found[:, ~seen] = np.nan
    half = round(ALONG_MM / grid.spacing[2])
    percentiles = (50.0, FRONT_PERCENTILE, 50.0)
    middles, fronts, backs = (_along(row, half, percent) for row, percent in zip(found, percentiles, strict=True))
    depth = np.clip((backs - fronts) * grid.spacing[1] / 2, LEAST_BODY_MM, BODY_MM)
    return Spine(middles, fronts, depth, seen)


def _in_slice(
    bone: np.ndarray, values: np.ndarray, body: np.ndarray, middle: float, grid: Geometry
) -> tuple[float, float, float]:
    """Midline (x), front and back (y) of the spine in a slice, NaN where it is not seen."""
    nothing = (np.nan,) * 3
    sx, sy = grid.spacing[:2]
    rows = np.flatnonzero(body[:, int(middle)])
    if not rows.size:
        return nothing
    low, high = max(0, int(middle - ASIDE_MM / sx)), int(middle + ASIDE_MM / sx) + 1
    pieces, count = ndimage.label(bone[:, low:high])
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        # sternum and pubis lie in front
        keep[number] = box[0].start + box[0].stop - 1 > rows[0] + rows[-1]
    keep[_vessels(pieces, np.flatnonzero(keep).tolist(), values[:, low:high], grid)] = False
    spine = keep[pieces]
    if np.count_nonzero(spine) * sx * sy < LEAST_MM2:
        return nothing
    x = float(np.median(np.nonzero(spine)[1]))
    width = int(FRONT_ASIDE_MM / sx)
    per_row = spine[:, max(0, round(x) - width) : round(x) + width + 1].sum(axis=1)
    filled = np.flatnonzero(per_row >= max(1, width // 2))
    if not filled.size:
        return low + x, np.nan, np.nan
    return low + x, float(filled[0]), float(np.flatnonzero(per_row)[-1])


def _vessels(pieces: np.ndarray, numbers: list[int], values: np.ndarray, grid: Geometry) -> list[int]:
    """Which of the pieces that begin in front of the largest one are round and have no cortex, as the aorta."""
    boxes = ndimage.find_objects(pieces)
    sizes = np.bincount(pieces.ravel())
    main = max(numbers, key=lambda number: sizes[number], default=0)
    found = []
    for number in numbers:
        box = boxes[number - 1]
        if box[0].start < boxes[main - 1][0].start and is_vessel(pieces[box] == number, values[box], grid):
            found.append(number)
    return found


def is_vessel(piece: np.ndarray, values: np.ndarray, grid: Geometry) -> bool:
    """Whether a bright piece (bool; y, x; its box) is as wide as the aorta, round, and has no cortex."""
    small, large = sorted(n * mm for n, mm in zip(piece.shape, grid.spacing[1::-1], strict=True))
    if small < VESSEL_MM[0] or large > VESSEL_MM[1] or large > MOST_OVAL * small or piece.mean() < ROUND:
        return False
    # the outermost voxels hold a bit of both
    whole = ndimage.binary_erosion(piece)
    core = ndimage.binary_erosion(whole)
    if not core.any():
        return False
    level = float(values[core].mean())
    return bool(level < MOST_HU and values[whole & ~core].mean() < level + RIM_HU)


def longest_row(seen: np.ndarray, gap: int) -> np.ndarray:
    """Of the slices seen, the longest row without a gap of more slices."""
    joined = ndimage.binary_closing(np.pad(seen, gap + 1), np.ones(gap + 1))[gap + 1 : len(seen) + gap + 1]
    rows, count = ndimage.label(joined)
    if not count:
        return seen
    sizes = np.bincount(rows[seen], minlength=count + 1)
    return seen & (rows == np.argmax(sizes))


def _along(values: np.ndarray, half: int, percent: float) -> np.ndarray:
    """Each value as a percentile of those around it, NaN left out and filled from the nearest."""
    result = np.full(len(values), np.nan)
    for place in range(len(values)):
        near = values[max(0, place - half) : place + half + 1]
        near = near[np.isfinite(near)]
        if near.size:
            result[place] = np.percentile(near, percent)
    known = np.flatnonzero(np.isfinite(result))
    return np.interp(np.arange(len(values)), known, result[known]) if known.size else np.zeros(len(values))
