"""Histograms of oriented gradients (HOG) of a plane image."""

import numpy as np

from ...core.errors import InputError

EPSILON = 1e-5
LARGEST_SHARE = 0.2


def oriented_gradients(
    values: np.ndarray,
    cell: tuple[int, int] = (8, 8),
    block: tuple[int, int] = (3, 3),
    orientations: int = 9,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """(blocks down, blocks right, cells down, cells right, orientations) of values (rows, columns).

    cell: pixels of a cell; block: cells of a block, which move by one cell; orientations: bins of 0 to 180 degrees.
    Each block is scaled to unit length, clipped at 0.2 and scaled again (L2-Hys). Raises InputError when no block fits.
    Source: Dalal and Triggs, CVPR 2005.
    """
    size, bins = gradient_orientations(values, orientations, spacing)
    down, right = values.shape[0] // cell[0], values.shape[1] // cell[1]
    if down < block[0] or right < block[1]:
        raise InputError(
            f"An image of {values.shape[0]} x {values.shape[1]} pixels holds no block of {block[0]} x {block[1]} cells "
            f"of {cell[0]} x {cell[1]}: choose smaller cells."
        )
    cells = np.zeros((down, right, orientations))
    places = np.indices(values.shape)
    rows, columns = places[0] // cell[0], places[1] // cell[1]
    whole = (rows < down) & (columns < right)
    np.add.at(cells, (rows[whole], columns[whole], bins[whole]), size[whole] / (cell[0] * cell[1]))
    blocks = np.lib.stride_tricks.sliding_window_view(cells, block, axis=(0, 1))
    blocks = np.moveaxis(blocks, 2, 4)
    blocks = blocks / np.sqrt((blocks**2).sum(axis=(2, 3, 4), keepdims=True) + EPSILON**2)
    blocks = np.minimum(blocks, LARGEST_SHARE)
    return blocks / np.sqrt((blocks**2).sum(axis=(2, 3, 4), keepdims=True) + EPSILON**2)


def orientation_histogram(
    values: np.ndarray, region: np.ndarray, orientations: int = 9, spacing: tuple[float, float] = (1.0, 1.0)
) -> np.ndarray:
    """Shares (orientations,) of the gradient of a region (bool) by its direction from 0 to 180 degrees.

    0 is along the rows. All 0 where there is no gradient.
    """
    size, bins = gradient_orientations(values, orientations, spacing)
    votes = np.bincount(bins[region], size[region], orientations)
    total = votes.sum()
    return votes / total if total > 0 else votes


def gradient_orientations(
    values: np.ndarray, orientations: int, spacing: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Size of the gradient (per mm) and bin of its direction of each pixel; 0 in the outermost rows and columns."""
    values = values.astype(float)
    down, right = np.zeros(values.shape), np.zeros(values.shape)
    down[1:-1] = (values[2:] - values[:-2]) / spacing[0]
    right[:, 1:-1] = (values[:, 2:] - values[:, :-2]) / spacing[1]
    angle = np.rad2deg(np.arctan2(down, right)) % 180
    bins = np.minimum((angle / (180 / orientations)).astype(int), orientations - 1)
    return np.hypot(down, right), bins
