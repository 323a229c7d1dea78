"""Smooth invertible deformations as exponentials of velocity fields, on a voxel grid of 2 or 3 dimensions."""

import numpy as np
import scipy.sparse
from scipy import ndimage

# one step of the exponential moves nothing further than this, in voxels
LONGEST_STEP = 0.25
MOST_SQUARINGS = 12


def exponential(velocity: np.ndarray) -> np.ndarray:
    """Displacement (dimension, *shape) in voxels after following a stationary velocity (same shape) for unit time.

    The exponential of the negative velocity is its inverse. Source: Arsigny et al., MICCAI 2006 (scaling, squaring).
    """
    longest = float(np.sqrt((velocity**2).sum(axis=0)).max())
    squarings = int(np.clip(np.ceil(np.log2(max(longest, 1e-9) / LONGEST_STEP)), 0, MOST_SQUARINGS))
    displacement = velocity / 2**squarings
    for _ in range(squarings):
        displacement = displacement + warped(displacement, displacement)
    return displacement


def warped(field: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """A field of vectors (n, *shape) taken at x + displacement(x) (dimension, *shape), in voxels."""
    flat = field.reshape(len(field), -1).T
    return np.ascontiguousarray((interpolation(displacement) @ flat).T).reshape(field.shape)


def interpolation(displacement: np.ndarray) -> scipy.sparse.csr_array:
    """Matrix (voxels, voxels) that takes values (voxels, channels) at displaced places, linearly; border repeated.

    One matrix serves all channels: several times faster than interpolating each.
    """
    shape = displacement.shape[1:]
    count = int(np.prod(shape))
    base = np.zeros(count, np.int32)
    lows, parts = [], []
    for axis, size in enumerate(shape):
        along = np.arange(size, dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(len(shape))])
        place = np.clip(displacement[axis] + along, 0, size - 1).ravel()
        low = np.minimum(place.astype(np.int32), max(size - 2, 0))
        base = base * size + low
        lows.append(low)
        parts.append((place - low).astype(np.float32))
    steps = [int(np.prod(shape[axis + 1 :])) if shape[axis] > 1 else 0 for axis in range(len(shape))]
    corners = 2 ** len(shape)
    columns, weights = np.empty((count, corners), np.int32), np.empty((count, corners), np.float32)
    for corner in range(corners):
        offset, weight = 0, np.ones(count, np.float32)
        for axis, part in enumerate(parts):
            far = corner >> axis & 1
            offset += steps[axis] * far
            weight *= part if far else 1 - part
        columns[:, corner] = base + offset
        weights[:, corner] = weight
    starts = np.arange(0, count * corners + 1, corners, dtype=np.int32)
    return scipy.sparse.csr_array((weights.ravel(), columns.ravel(), starts), shape=(count, count))


def enlarged(field: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Vectors (n, *coarse) between the voxels of a grid (n, *shape) over the same box; the values stay as they are."""
    sizes = zip(shape, field.shape[1:], strict=True)
    places = [(np.arange(n, dtype=np.float32) + 0.5) * (coarse / n) - 0.5 for n, coarse in sizes]
    grid = np.meshgrid(*places, indexing="ij")
    return np.stack([ndimage.map_coordinates(c, grid, order=1, mode="nearest", output=np.float32) for c in field])


def halved(values: np.ndarray, dimension: int) -> np.ndarray:
    """Means over blocks of two voxels along each of the last axes (even numbers of voxels)."""
    for axis in range(values.ndim - dimension, values.ndim):
        shape = values.shape
        values = values.reshape(*shape[:axis], shape[axis] // 2, 2, *shape[axis + 1 :]).mean(axis=axis + 1)
    return values
