"""Stacks whose slices lean, as of a CT taken with a tilted gantry: sheared back, each slice resampled in its plane."""

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .geometry import Geometry, resample

# A slice may lie this share of a pixel beside the line on which the others lie.
OFF_LINE = 0.25


def lean_of(grid: Geometry, positions: np.ndarray) -> np.ndarray:
    """How far slices shift sideways for each mm of height: a vector (3,) LPS within their plane.

    grid: that of the slices if they did not lean; positions: (n, 3) LPS mm of their first pixels, in its order.
    Raises InputError for slices that do not shift evenly.
    """
    rows, columns, normal = np.reshape(grid.direction, (3, 3)).T
    from_first = positions - positions[0]
    heights = from_first @ normal
    sideways = from_first - np.outer(heights, normal)
    lean = heights @ sideways / (heights @ heights)
    off = np.abs((sideways - np.outer(heights, lean)) @ np.column_stack((rows, columns)))
    if (off > OFF_LINE * np.array(grid.spacing[:2])).any():
        raise InputError("its slices are shifted sideways unevenly (two stacks?): give a folder of one stack.")
    return lean


def straightened(image: sitk.Image, lean: np.ndarray) -> sitk.Image:
    """The image of leaning slices, stamped as if they did not lean, on a grid that holds them all in their places.

    Spacing and slices stay; values are interpolated linearly in the plane, and outside the slices is the smallest one.
    """
    grid = Geometry.of(image)
    rows, columns, normal = np.reshape(grid.direction, (3, 3)).T
    origin = np.array(grid.origin)
    # in pixels along rows and columns, of the last slice against the first; rounded digits make no pixel more
    shift = np.array([lean @ rows, lean @ columns]) * (grid.size[2] - 1) * grid.spacing[2] / grid.spacing[:2]
    shift = shift.round(2)
    low, high = np.floor(np.minimum(shift, 0)).astype(int), np.ceil(np.maximum(shift, 0)).astype(int)
    width, height = (int(n) for n in np.array(grid.size[:2]) + high - low)
    whole = Geometry(
        (width, height, grid.size[2]),
        grid.spacing,
        tuple((origin + rows * low[0] * grid.spacing[0] + columns * low[1] * grid.spacing[1]).tolist()),
        grid.direction,
    )
    back = sitk.AffineTransform(3)
    back.SetMatrix((np.eye(3) - np.outer(lean, normal)).ravel().tolist())
    back.SetCenter(grid.origin)
    darkest = float(sitk.GetArrayViewFromImage(image).min())
    return resample(image, whole, back, default_value=darkest)
