"""What the planes of the grid tell of the error of counting voxels: how much of a body ends between two of them."""

import math
from typing import NamedTuple

import numpy as np


class Planes(NamedTuple):
    """Errors (standard deviations, mm3) along each of three axes (3,), in rising order, and how few faces make them.

    faces: if what each plane shows of the surface lay as a whole anywhere within a voxel, as a face along the grid
    does; sections: by the areas of the sections, as Cavalieri's estimator has them; single: 1 where one face makes all
    of `faces`, 1 / n of n alike.
    """

    faces: np.ndarray
    sections: np.ndarray
    single: float


def planes_of(mask: np.ndarray, spacing: tuple[float, float, float]) -> Planes:
    """Of a mask bool (z, y, x), not empty; spacing: x, y, z in mm.

    Variance by the sections' areas a(k), one step apart, that may jump from plane to plane: (3 g0 - 4 g1 + g2) / 12,
    where gi is the sum of a(k) a(k + i) (Gundersen and Jensen, J Microsc 147, 1987). Of a box along the grid both are
    the truth: each of two faces lies anywhere within a voxel.
    """
    voxel = math.prod(spacing)
    faces, sections, fourth = [], [], 0.0
    for axis in range(3):
        planes = np.moveaxis(mask, axis, 0)
        nothing = np.zeros_like(planes[:1])
        steps = np.diff(np.concatenate([nothing, planes, nothing]).view(np.int8), axis=0)
        shown = np.array([np.count_nonzero(steps == step, axis=(1, 2)) for step in (1, -1)], float)
        faces.append(float((shown**2).sum()))
        fourth += float((shown**4).sum())
        areas = np.count_nonzero(planes, axis=(1, 2)).astype(float)
        products = [float(areas[step:] @ areas[: len(areas) - step]) if step < len(areas) else 0.0 for step in range(3)]
        sections.append(max(3 * products[0] - 4 * products[1] + products[2], 0.0))
    errors = [voxel * np.sqrt(np.sort(squares) / 12) for squares in (faces, sections)]
    return Planes(errors[0], errors[1], fourth / sum(faces) ** 2)
