"""The response of a filter to a part of the interpolated image (IBSI 2, arXiv 2006.05470)."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, ImageFilter, grid_of_box
from ...core.recipe import Recipe
from .interpolation import Axis


def with_margin(part: Box, recipe: Recipe, axes: Sequence[Axis]) -> Box:
    """The part of the new grid with what the filter's steps depend on around it.

    That is the whole image where a step learns from all of it, or may depend on it.
    """
    sides = tuple(axis.new_spacing for axis in reversed(axes))
    grid = Geometry(
        tuple(axis.new_count for axis in reversed(axes)), sides, (0.0, 0.0, 0.0), tuple(map(float, np.eye(3).ravel()))
    )
    total = np.zeros(3, int)
    for _, step in recipe.enabled_steps:
        margin = step.margin(grid) if isinstance(step, ImageFilter) and not step.learns else None
        if margin is None:
            return tuple(slice(0, axis.new_count) for axis in axes)
        total += margin
    return tuple(
        slice(max(0, p.start - m), min(axis.new_count, p.stop + m))
        for p, m, axis in zip(part, total.tolist(), axes, strict=True)
    )


def response(values: np.ndarray, box: Box, axes: Sequence[Axis], grid: Geometry, recipe: Recipe) -> np.ndarray:
    """The filter's response (float64, z, y, x) to the values in a box of the new grid; grid: the old one.

    Raises InputError for a filter that changes the grid, or gives values that are no numbers.
    """
    first = [float(axis.old_index(np.array(0.0))) for axis in reversed(axes)]
    whole = Geometry(
        tuple(axis.new_count for axis in reversed(axes)),
        tuple(axis.new_spacing for axis in reversed(axes)),
        tuple(float(x) for x in grid.points(np.array([first]))[0]),
        grid.direction,
    )
    made = recipe.run(image=grid_of_box(whole, box).image_of(values))["image"]
    result = sitk.GetArrayFromImage(made).astype(np.float64)
    if result.shape != values.shape:
        raise InputError("parameter 'filter' changes the image's grid; choose filters that keep it.")
    if not np.isfinite(result).all():
        raise InputError("parameter 'filter' gives values that are no numbers in this image.")
    return result
