"""The voxels of a ball, as a neighborhood to look at around any voxel."""

import numpy as np

# Centers that lie on the sphere but for rounding are in it (share of the radius, and of its square).
ROUNDING = 1e-6


def voxel_ball(radius_mm: float, sides_mm: tuple[float, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Voxels (bool, z, y, x or y, x) whose centers lie within the radius of the middle one.

    sides_mm: of the voxels, z, y, x; shape: of the image, further than which no ball reaches: flat across one slice.
    """
    reach = [min(int(radius_mm / side + ROUNDING), count - 1) for side, count in zip(sides_mm, shape, strict=True)]
    offsets = np.ogrid[tuple(slice(-r, r + 1) for r in reach)]
    squared = np.asarray(sum((offset * side) ** 2 for offset, side in zip(offsets, sides_mm, strict=True)))
    return squared <= radius_mm**2 * (1 + ROUNDING)
