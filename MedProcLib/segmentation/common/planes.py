"""Slices of an image, by its own axes or by the patient's planes."""

from typing import Literal

import numpy as np

from ...core.geometry import Geometry

WHERE = Literal["3D", "slices", "axial", "coronal", "sagittal"]
# The patient's axis (L, P, S) across each plane.
_ACROSS = {"sagittal": 0, "coronal": 1, "axial": 2}


def slice_axis(grid: Geometry, where: str) -> int | None:
    """The array axis (z, y, x) across slices: the image's third axis, or that nearest to the normal of a plane.

    None for '3D', and for 2D images, which are one slice.
    """
    if where == "3D" or grid.dimension == 2:
        return None
    if where == "slices":
        return 0
    along = np.abs(np.reshape(grid.direction, (3, 3))[_ACROSS[where]])
    return 2 - int(np.argmax(along))
