"""The voxel grid of a stack of DICOM slices from their positions (PS3.3 C.7.6.2); refused where they make none."""

from collections.abc import Sequence

import numpy as np

from .errors import InputError
from .geometry import Geometry

# Positions are written with few decimals: a slice may lie this share of a step, or this many mm, off its place.
STEP_TOLERANCE, STEP_TOLERANCE_MM = 0.05, 0.02
# A stack leans when its slices shift sideways by more than this share of a pixel in all.
LEAN_TOLERANCE = 0.25
SAME_ORIENTATION = 1e-3


def stack_order(positions: np.ndarray, orientation: Sequence[float]) -> np.ndarray:
    """Indices that sort slice positions (n, 3) along the slices' normal."""
    return np.argsort(positions @ _normal(orientation), kind="stable")


def stack_geometry(
    positions: np.ndarray,
    orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    size: tuple[int, int],
    thickness: float,
) -> tuple[Geometry, float]:
    """Grid of sorted slices, and by how many degrees they lean (gantry tilt): 0 within the tolerance.

    positions: (n, 3) LPS mm of the slices' first pixels, sorted; orientation: the six ImageOrientationPatient values;
    pixel_spacing: DICOM's (between rows, between columns) in mm; size: (columns, rows);
    thickness: mm, used for a single slice only.
    The grid of slices that lean is that of upright ones at the first one's place (see gantry_tilt).
    Raises InputError for slices that coincide or are unevenly spaced (a slice is missing).
    """
    rows, columns = np.array(orientation[:3], float), np.array(orientation[3:], float)
    normal = _normal(orientation)
    spacing_y, spacing_x = (float(value) for value in pixel_spacing)
    if not (0 < spacing_x < np.inf and 0 < spacing_y < np.inf and 0 < thickness < np.inf):
        raise InputError(f"the spacing is {spacing_x:g} x {spacing_y:g} x {thickness:g} mm; all must be above 0.")
    step, lean = thickness, 0.0
    if len(positions) > 1:
        heights = positions @ normal
        step = _even_step(heights)
        lean = _lean(positions, normal, heights, min(spacing_x, spacing_y))
    grid = Geometry(
        (size[0], size[1], len(positions)),
        (spacing_x, spacing_y, step),
        tuple(float(value) for value in positions[0]),
        tuple(float(value) for value in np.column_stack((rows, columns, normal)).ravel()),
    )
    return grid, lean


def same_orientation(first: Sequence[float], second: Sequence[float]) -> bool:
    return bool(np.abs(np.subtract(first, second)).max() < SAME_ORIENTATION)


def _normal(orientation: Sequence[float]) -> np.ndarray:
    rows, columns = np.array(orientation[:3], float), np.array(orientation[3:], float)
    normal = np.cross(rows, columns)
    length = np.linalg.norm(normal)
    if not abs(length - 1) < SAME_ORIENTATION:
        raise InputError(f"ImageOrientationPatient {list(orientation)} is not a pair of perpendicular unit vectors.")
    return normal / length


def _even_step(heights: np.ndarray) -> float:
    """The step of sorted heights in mm."""
    steps = np.diff(heights)
    typical = float(np.median(steps))
    if steps.min() <= STEP_TOLERANCE * typical:
        place = int(np.argmin(steps))
        raise InputError(
            f"slices {place + 1} and {place + 2} lie at the same place (several echoes, times or b-values in one "
            "series?): give a folder with one image per place."
        )
    even = np.linspace(heights[0], heights[-1], len(heights))
    if np.abs(heights - even).max() > max(STEP_TOLERANCE * typical, STEP_TOLERANCE_MM):
        place = int(np.argmax(np.abs(steps - typical)))
        raise InputError(
            f"slices are not evenly spaced: {steps[place]:.4g} mm between slices {place + 1} and {place + 2}, "
            f"{typical:.4g} mm elsewhere: add the missing slices, or leave out those before or after the gap."
        )
    return float((heights[-1] - heights[0]) / (len(heights) - 1))


def _lean(positions: np.ndarray, normal: np.ndarray, heights: np.ndarray, pixel: float) -> float:
    """In degrees; 0 where the slices shift by less than the tolerance."""
    sideways = (positions - positions[0]) - np.outer(heights - heights[0], normal)
    shift = float(np.linalg.norm(sideways, axis=1).max())
    rise = float(heights[-1] - heights[0])
    return float(np.degrees(np.arctan2(shift, rise))) if shift > LEAN_TOLERANCE * pixel else 0.0
