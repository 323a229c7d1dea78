"""The aorta full of contrast before the spine, and what else is round, even and without cortex there."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ..common.morphology import eroded
from ..common.slice_by_slice import slices_apart
from .spine import Spine, is_vessel

# Where it touches the spine, an opening of this radius parts them.
BRIDGE_MM = 4.5
# Its middle lies at most so far before the front of the spine (which may be its own), behind it, and aside; it is at
# least so long.
BEFORE_MM, BEHIND_MM, ASIDE_MM, LEAST_LONG_MM = 70.0, 15.0, 60.0, 15.0
# The body of the vertebra is the largest piece with its middle at most so far before that front, behind it, and aside.
NEAR_MM, BODY_MM, MIDLINE_MM = 30.0, 60.0, 8.0


def aorta(bright: np.ndarray, values: np.ndarray, spine: Spine, grid: Geometry) -> np.ndarray:
    """The vessels (bool; z, y, x) that are round in a transverse slice.

    bright: what is as bright as bone, filled; values: HU on a grid of patient_grid.
    """
    result = np.zeros(bright.shape, bool)
    core = eroded(bright, slices_apart(grid), BRIDGE_MM)
    for z in np.flatnonzero(spine.seen).tolist():
        behind = spine.behind(z, bright.shape[1], grid)
        across = spine.across(z, bright.shape[2], grid)
        window = (z, _span((behind >= -BEFORE_MM) & (behind <= BODY_MM)), _span(np.abs(across) <= ASIDE_MM))
        pieces = _opened(bright[window], core[window], grid)
        boxes = ndimage.find_objects(pieces)
        middles = [(_middle(behind[window[1]][box[0]]), _middle(across[window[2]][box[1]])) for box in boxes]
        main = [y > -NEAR_MM and abs(x) < MIDLINE_MM for y, x in middles]
        vertebra = int(np.argmax(np.bincount(pieces.ravel(), minlength=len(boxes) + 1)[1:] * main)) if any(main) else -1
        for number, (box, (y, _)) in enumerate(zip(boxes, middles, strict=True)):
            piece = pieces[box] == number + 1
            is_beside = number != vertebra and y <= BEHIND_MM and not _at_side(box, pieces.shape)
            if is_beside and is_vessel(piece, values[window][box], grid):
                result[window][box] |= piece
    tubes, count = ndimage.label(result)
    long = np.zeros(count + 1, bool)
    for number, box in enumerate(ndimage.find_objects(tubes), 1):
        long[number] = (box[0].stop - box[0].start) * grid.spacing[2] >= LEAST_LONG_MM
    return long[tubes]


def _span(within: np.ndarray) -> slice:
    places = np.flatnonzero(within)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)


def _middle(values: np.ndarray) -> float:
    return float(values[0] + values[-1]) / 2


def _at_side(box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whether a piece goes on outside the window, in front or aside."""
    return bool(box[0].start == 0 or box[1].start == 0 or box[1].stop == shape[1])


def _opened(bright: np.ndarray, core: np.ndarray, grid: Geometry) -> np.ndarray:
    """Pieces (numbers; y, x) of the core, grown back by what the erosion took."""
    pieces, count = ndimage.label(core)
    if not count:
        return pieces
    away, nearest = ndimage.distance_transform_edt(pieces == 0, grid.spacing[1::-1], return_indices=True)
    return np.where(bright & (away <= BRIDGE_MM + grid.spacing[0] / 2), pieces[tuple(nearest)], 0)
