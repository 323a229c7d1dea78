"""Planes as radiologists look at them, laid through an image grid of any orientation."""

import itertools
from dataclasses import dataclass

import numpy as np

from ..core.geometry import Geometry

NAMES = ("Sagittal", "Coronal", "Axial")
# per plane (its normal's anatomical axis): the anatomical axes to the right and down, with their sign in LPS
_CONVENTION = {0: ((1, 1), (2, -1)), 1: ((0, 1), (2, -1)), 2: ((0, 1), (1, 1))}
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
# a direction is named by each axis it follows by more than this (cosine)
_NAMED = 0.26


@dataclass(frozen=True)
class View:
    """A plane with its directions on the screen, unit vectors in LPS: the patient's right is on the left."""

    name: str
    right: np.ndarray
    down: np.ndarray
    normal: np.ndarray
    grid: Geometry

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Orientation letters at the left, right, top and bottom edge."""
        return tuple(direction_letters(v) for v in (-self.right, self.right, -self.down, self.down))  # type: ignore

    def picture(self, center: np.ndarray, width_mm: float, height_mm: float, pixel_mm: float) -> Geometry:
        """Grid (width, height, 1) of square pixels in this plane around an LPS point; row 0 is the top."""
        return self.slab(center, (width_mm, height_mm, pixel_mm), pixel_mm)

    def slab(self, center: np.ndarray, sides_mm: tuple[float, float, float], voxel_mm: float) -> Geometry:
        """Grid of cubes, x to the right, y down, z along the normal, around an LPS point."""
        size = [max(1, round(side / voxel_mm)) for side in sides_mm]
        axes = np.column_stack([self.right, self.down, self.normal])
        origin = np.asarray(center) - axes @ ((np.array(size) - 1) / 2 * voxel_mm)
        return Geometry(tuple(size), (voxel_mm,) * 3, tuple(map(float, origin)), tuple(map(float, axes.ravel())))


def views(grid: Geometry) -> tuple[View, View, View]:
    """The sagittal, coronal and axial view along the axes of a grid, each named by what it is nearest to."""
    return tuple(_view(grid, plane) for plane in range(3))  # type: ignore[return-value]


def slice_view(grid: Geometry) -> View:
    """The view of the grid's own slices (its first two axes)."""
    return _view(grid, _anatomical_axes(grid)[2])


def direction_letters(vector: np.ndarray) -> str:
    """Letters of an LPS direction, the main one first: 'R', 'A', 'LP', ..."""
    order = np.argsort(-np.abs(vector), kind="stable")
    return "".join(_LETTERS[a][int(vector[a] > 0)] for a in order if abs(vector[a]) > _NAMED) or "?"


def _view(grid: Geometry, plane: int) -> View:
    anatomical, columns = _anatomical_axes(grid), np.reshape(grid.direction, (3, 3))

    def towards(axis: int, sign: int) -> np.ndarray:
        column = columns[:, anatomical.index(axis)]
        return column if column[axis] * sign >= 0 else -column

    (right, right_sign), (down, down_sign) = _CONVENTION[plane]
    return View(NAMES[plane], towards(right, right_sign), towards(down, down_sign), towards(plane, 1), grid)


def _anatomical_axes(grid: Geometry) -> tuple[int, ...]:
    """For each grid axis the anatomical axis (0 left, 1 back, 2 head) it is nearest to, each once."""
    columns = np.abs(np.reshape(grid.direction, (3, 3)))
    return max(itertools.permutations(range(3)), key=lambda axes: sum(columns[a, i] for i, a in enumerate(axes)))
