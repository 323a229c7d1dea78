"""How far each piece of a label map reaches from end to end."""

import numpy as np

from ...core.geometry import Geometry


def piece_lengths(numbers: np.ndarray, count: int, grid: Geometry) -> np.ndarray:
    """Extent (count + 1; mm, a voxel included) of each piece along its principal axis; 0 for number 0.

    numbers: 0 to count (z, y, x or y, x). A curved piece is longer than that; its extent is that of its chord.
    """
    lengths = np.zeros(count + 1)
    index = np.nonzero(numbers)
    piece = numbers[index]
    if not piece.size:
        return lengths
    spacing = np.array(grid.spacing[::-1])
    points = np.column_stack(index) * spacing
    weight = np.maximum(np.bincount(piece, minlength=count + 1), 1)
    axes = range(points.shape[1])
    mean = np.column_stack([np.bincount(piece, points[:, a], count + 1) / weight for a in axes])
    off = points - mean[piece]
    spread = np.zeros((count + 1, len(axes), len(axes)))
    for a in axes:
        for b in axes:
            spread[:, a, b] = np.bincount(piece, off[:, a] * off[:, b], count + 1) / weight
    direction = np.linalg.eigh(spread)[1][:, :, -1]
    along = np.einsum("ij,ij->i", off, direction[piece])
    low, high = np.zeros(count + 1), np.zeros(count + 1)
    np.minimum.at(low, piece, along)
    np.maximum.at(high, piece, along)
    lengths[1:] = (high - low)[1:] + np.linalg.norm(direction * spacing, axis=1)[1:]
    return lengths
