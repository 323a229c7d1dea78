"""What the surroundings of a key point look like in its own coordinates, as a vector."""

import numpy as np

from .patches import gradients, patch_offsets

# 2D: 4 x 4 cells of 8 directions, each cell 3 scales wide; 3D: 2 x 2 x 2 cells of 8 directions, each 4 scales wide
COUNT_2D, CELLS_2D, CELL_SCALES_2D, DIRECTIONS_2D = 16, 4, 3.0, 8
COUNT_3D, CELLS_3D, CELL_SCALES_3D = 12, 2, 4.0
STEP_2D = CELLS_2D * CELL_SCALES_2D / COUNT_2D
STEP_3D = CELLS_3D * CELL_SCALES_3D / COUNT_3D
LARGEST_SHARE = 0.2
_OCTANTS = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]) / 3**0.5


def descriptors_2d(patches: np.ndarray) -> np.ndarray:
    """(n, 128) of patches (n, y, x) sampled in the points' frames.

    Histograms of the gradient's direction in 4 x 4 cells, shared out between neighboring cells and directions, of unit
    length with no entry above 0.2. Source: Lowe, IJCV 60(2), 2004, section 6.
    """
    slopes = gradients(patches)
    offsets = patch_offsets(COUNT_2D, 2)
    weight = np.exp(-(offsets**2).sum(axis=1) / (2 * (COUNT_2D / 2) ** 2))
    size = np.hypot(slopes[..., 0], slopes[..., 1]) * weight
    place = (np.arctan2(slopes[..., 1], slopes[..., 0]) / (2 * np.pi) * DIRECTIONS_2D) % DIRECTIONS_2D
    low = np.floor(place).astype(int) % DIRECTIONS_2D
    part = place - np.floor(place)
    shares = np.zeros((*size.shape, DIRECTIONS_2D))
    finding, sample = np.indices(size.shape)
    shares[finding, sample, low] += size * (1 - part)
    shares[finding, sample, (low + 1) % DIRECTIONS_2D] += size * part
    made = _in_cells(shares, offsets, COUNT_2D, CELLS_2D)
    made = np.minimum(_unit(made), LARGEST_SHARE)
    return _unit(made)


def descriptors_3d(patches: np.ndarray) -> np.ndarray:
    """(n, 64) of patches (n, z, y, x) sampled in the points' frames.

    How much of the gradient points to each of eight corners in 2 x 2 x 2 cells, as ranks of the entries, which monotone
    changes of contrast leave as they are. Source: Toews and Wells, Med Image Anal 17(3), 2013, section 3.3.
    """
    slopes = gradients(patches)
    offsets = patch_offsets(COUNT_3D, 3)
    weight = np.exp(-(offsets**2).sum(axis=1) / (2 * (COUNT_3D / 3) ** 2))
    toward = np.maximum(slopes @ _OCTANTS.T, 0) ** 2
    size = np.linalg.norm(slopes, axis=2, keepdims=True)
    shares = np.divide(toward, size, out=np.zeros_like(toward), where=size > 0) * weight[:, np.newaxis]
    from scipy import stats  # takes 0.2 s to import, and Slicer imports modules when it starts

    ranks = stats.rankdata(_in_cells(shares, offsets, COUNT_3D, CELLS_3D), axis=1)
    return _unit(ranks - ranks.mean(axis=1, keepdims=True))


def _in_cells(shares: np.ndarray, offsets: np.ndarray, count: int, cells: int) -> np.ndarray:
    """(n, cells ** dimension * directions): each sample shared between the cells whose centers are nearest."""
    place = (offsets / count + 0.5) * cells - 0.5
    centers = np.arange(cells)
    belongs = np.maximum(0, 1 - np.abs(place[:, :, np.newaxis] - centers))  # (samples, dimension, cells)
    weights = belongs[:, 0]
    for axis in range(1, offsets.shape[1]):
        weights = (weights[:, :, np.newaxis] * belongs[:, axis, np.newaxis, :]).reshape(len(offsets), -1)
    return np.einsum("nsd,sc->ncd", shares, weights, optimize=True).reshape(len(shares), -1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
