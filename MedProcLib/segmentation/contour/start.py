"""Contours that begin with what the user marked, each object by itself, on a part of the image around it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of, inside_of, union_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from ..common.morphology import distance_to

# A point is grown by so many voxels at least (of the mean side), where it is grown at all: a contour around fewer is
# held by the noise of any one of them.
LEAST_VOXELS = 1.5
NO_START = "There is nothing to start from: give seeds (points, painted strokes) or a segment as the first contour."


@dataclass(frozen=True)
class Patch:
    """The surroundings of one object. Arrays are z, y, x.

    values: intensities; start: the first region, not empty; allowed: where the object may be, at least at the start.
    """

    grid: Geometry
    values: np.ndarray
    start: np.ndarray
    allowed: np.ndarray


def each_object(
    image: sitk.Image,
    seeds: sitk.Image | None,
    labels: sitk.Image | None,
    mask: sitk.Image | None,
    radius_mm: float,
    reach_mm: float,
    find: Callable[[Patch, Progress], np.ndarray],
    progress: Progress = SILENT,
) -> sitk.Image:
    """Label map with what `find` makes (where the object is, on the patch) of each object's first region.

    First regions are the labels; without labels the seeds, grown by the radius, in wide voxels by more. An object
    stays within the reach of its first region, and in the mask. Where objects overlap, a voxel goes to the one
    whose first region is nearest, then to that of the smaller number. Raises InputError without a first region, and
    when no object is found.
    """
    given = labels if labels is not None else seeds
    if given is None:
        raise InputError(NO_START)
    whole = Geometry.of(image)
    growth = 0.0 if labels is not None or not radius_mm else max(radius_mm, _least_radius(whole))
    boxes = boxes_of(sitk.GetArrayViewFromImage(given))
    if not boxes:
        raise InputError(NO_START)
    if min(boxes) < 0 or max(boxes) > np.iinfo(np.uint16).max:
        raise InputError("Labels must lie between 0 and 65535: number the segments anew.")
    progress.check()
    # no object can lie beyond its reach, so of a large image a part is enough
    place = _grown(union_of(boxes), growth + reach_mm, whole)
    index = tuple(reversed(place))
    values, valid = values_of(image[index])
    where = inside(None if mask is None else mask[index], valid)
    marks, grid = sitk.GetArrayViewFromImage(given)[place], grid_of_box(whole, place)
    painted = np.zeros(tuple(reversed(whole.size)), np.uint8 if max(boxes) < 256 else np.uint16)
    result = painted[place]
    nearest = np.full(values.shape, np.inf, np.float32) if len(boxes) > 1 else None
    outside = True
    for (value, tight), share in zip(boxes.items(), progress.parts(*[1.0] * len(boxes)), strict=True):
        share.check()
        box = _grown(inside_of(place, tight), growth + reach_mm, grid)
        patch = _patch(grid_of_box(grid, box), values[box], marks[box] == value, where[box], growth, reach_mm)
        if not patch.start.any():
            continue
        outside = False
        found = find(patch, share.labelled(f"Object {value}") if len(boxes) > 1 else share) & patch.allowed
        if nearest is None:
            result[box][found] = value
            continue
        away = distance_to(patch.start, patch.grid)
        wins = found & (away < nearest[box])
        result[box][wins] = value
        nearest[box][wins] = away[wins]
    if outside:
        raise InputError("The first contour lies outside the mask (or where the image holds no number): move it.")
    if not result.any():
        raise InputError(
            "The contour shrank to nothing: start with a larger region, or choose less smoothness, a wider range or, "
            "if the object is large, a larger reach."
        )
    return whole.image_of(painted)


def _least_radius(grid: Geometry) -> float:
    sides = [side for side, n in zip(grid.spacing, grid.size, strict=True) if n > 1]
    return LEAST_VOXELS * float(np.prod(sides)) ** (1 / len(sides)) if sides else 0.0


def _grown(box: Box, by_mm: float, grid: Geometry) -> Box:
    return tuple(
        slice(max(0, b.start - int(by_mm / s) - 2), min(n, b.stop + int(by_mm / s) + 2))
        for b, s, n in zip(box, reversed(grid.spacing), reversed(grid.size), strict=True)
    )


def _patch(
    grid: Geometry, values: np.ndarray, marked: np.ndarray, where: np.ndarray, growth: float, reach_mm: float
) -> Patch:
    away = distance_to(marked, grid)
    return Patch(grid, values, (away <= growth) & where, (away <= growth + reach_mm) & where)
