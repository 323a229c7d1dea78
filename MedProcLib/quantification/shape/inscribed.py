"""The largest ball inside a mask."""

import math

import numpy as np
from scipy import ndimage

# Of a larger mask every second (third, ...) voxel along each axis is looked at.
ENOUGH_VOXELS = 300_000


def inscribed_radius(mask: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Radius (mm) from a voxel center to the nearest one outside, the largest; mask (z, y, x), spacing x, y, z in mm.

    Of a large mask it is a voxel or two too small or large: a measure of how thick it is.
    """
    every = math.ceil((mask.size / ENOUGH_VOXELS) ** (1 / 3))
    coarse = np.pad(mask[::every, ::every, ::every], 1)
    return float(ndimage.distance_transform_edt(coarse, sampling=[side * every for side in spacing[::-1]]).max())
