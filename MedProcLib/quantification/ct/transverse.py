"""Whether the slices of an image lie across the body."""

import math

import numpy as np

from ...core.geometry import Geometry

# slices tilted further are no transverse ones
LARGEST_TILT_DEG = 30.0


def is_transverse(grid: Geometry) -> bool:
    """Whether the third axis of a 3D image runs along the body, within 30 degrees."""
    along = np.reshape(grid.direction, (3, 3))[2, 2]
    return bool(abs(along) >= math.cos(math.radians(LARGEST_TILT_DEG)))
