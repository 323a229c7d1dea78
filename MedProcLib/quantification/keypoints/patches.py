"""The surroundings of key points, sampled in any turned coordinates."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry


def patch_offsets(count: int, dimension: int) -> np.ndarray:
    """(count ** dimension, dimension) of a regular grid of steps around 0, the first axis fastest."""
    steps = np.arange(count) - (count - 1) / 2
    mesh = np.meshgrid(*[steps] * dimension, indexing="ij")
    return np.stack([m.ravel() for m in reversed(mesh)], axis=1)


def sampled(
    values: np.ndarray, grid: Geometry, points: np.ndarray, frames: np.ndarray, steps: np.ndarray, count: int
) -> np.ndarray:
    """Values (n, count, ...; last axis the frame's first) on a regular grid of steps (mm, (n,)) around points (LPS).

    frames: (n, dimension, dimension), columns in LPS. Outside the image the values are those of its border.
    """
    dimension = points.shape[1]
    offsets = patch_offsets(count, dimension)
    places = points[:, np.newaxis] + np.einsum("nij,kj->nki", frames, offsets) * steps[:, np.newaxis, np.newaxis]
    indices = grid.indices(places.reshape(-1, dimension))
    found = ndimage.map_coordinates(values, indices[:, ::-1].T, order=1, mode="nearest")
    return found.reshape(len(points), *[count] * dimension)


def gradients(patches: np.ndarray) -> np.ndarray:
    """(n, samples, dimension) gradients of patches, in the patches' coordinates (first component first axis)."""
    dimension = patches.ndim - 1
    parts = np.gradient(patches, axis=tuple(range(1, patches.ndim)))
    parts = [parts] if dimension == 1 else list(parts)
    return np.stack([part.reshape(len(patches), -1) for part in reversed(parts)], axis=2)
