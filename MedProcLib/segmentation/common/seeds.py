"""Places that a user marked, as a label map of seeds on an image's grid."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.listing import listed


def seeds_from_points(
    grid: Geometry, points: np.ndarray, values: Sequence[int] | None = None, names: Sequence[str] = ()
) -> sitk.Image:
    """Label map (uint8, or uint16 for more than 255 objects) with the voxel at each point set.

    points: LPS mm (n, dimension); values: the object that each marks, 1 for all by default; names: what the user calls
    the points, for messages. A later point wins over an earlier one in the same voxel.
    Raises InputError without points, and for points outside the image, naming them.
    """
    points = np.reshape(np.asarray(points, float), (-1, grid.dimension))
    if not len(points):
        raise InputError("There is no seed: mark what is wanted with a point, or paint a little of it.")
    numbers = list(values) if values is not None else [1] * len(points)
    if min(numbers) < 1 or max(numbers) > np.iinfo(np.uint16).max:
        raise InputError(f"Seeds are numbered from 1 to 65535, not {min(numbers)} to {max(numbers)}.")
    index = np.rint(grid.indices(points)).astype(int)
    outside = np.flatnonzero(((index < 0) | (index >= grid.size)).any(axis=1))
    if outside.size:
        called = [names[i] if names else f"{i + 1} at {_place(points[i])}" for i in outside.tolist()]
        raise InputError(f"Seed {listed(called, 3)} lies outside the image: move it into the image.")
    seeds = np.zeros(tuple(reversed(grid.size)), np.uint8 if max(numbers) < 256 else np.uint16)
    seeds[tuple(index[:, ::-1].T)] = numbers
    return grid.image_of(seeds)


def _place(point: np.ndarray) -> str:
    return f"({', '.join(f'{x:.1f}' for x in point)}) mm LPS"
