"""Local binary patterns of a plane image: which neighbors on a circle are at least as bright as the pixel."""

import numpy as np
from scipy import ndimage


def local_binary_patterns(
    values: np.ndarray, radius_mm: float = 1.0, neighbors: int = 8, spacing: tuple[float, float] = (1.0, 1.0)
) -> np.ndarray:
    """Codes (rows, columns) of values, rotation invariant and uniform: 0 to neighbors + 1.

    How many neighbors are at least as bright, where they follow one another (at most two changes on the way round),
    neighbors + 1 elsewhere. The circle has its radius in mm, neighbors between pixels are interpolated linearly, and
    those outside the image are 0. Source: Ojala et al., IEEE PAMI 24(7), 2002.
    """
    angle = 2 * np.pi * np.arange(neighbors) / neighbors
    rows, columns = np.indices(values.shape).astype(float)
    bits = np.empty((neighbors, *values.shape), bool)
    for number, each in enumerate(angle):
        # rounded so that neighbors on a pixel's center are that pixel
        down, right = np.round((-radius_mm * np.sin(each) / spacing[0], radius_mm * np.cos(each) / spacing[1]), 5)
        place = [rows + down, columns + right]
        near = ndimage.map_coordinates(values.astype(float), place, order=1, mode="grid-constant", cval=0.0)
        bits[number] = near >= values
    changes = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
    return np.where(changes <= 2, bits.sum(axis=0), neighbors + 1)


def pattern_histogram(codes: np.ndarray, region: np.ndarray, neighbors: int = 8) -> np.ndarray:
    """Shares (neighbors + 2,) of the codes in a region (bool); 0 for an empty one."""
    counts = np.bincount(codes[region], minlength=neighbors + 2).astype(float)
    return counts / max(counts.sum(), 1.0)
