"""A 2D grid as a volume of a single slice."""

import numpy as np

from ...core.geometry import Geometry


def with_slice(grid: Geometry) -> Geometry:
    """The same 2D grid in 3D, one slice at 0 across it."""
    direction = np.eye(3)
    direction[:2, :2] = np.reshape(grid.direction, (2, 2))
    return Geometry(
        (*grid.size, 1),
        (*grid.spacing, min(grid.spacing)),
        (*grid.origin, 0.0),
        tuple(float(d) for d in direction.ravel()),
    )
