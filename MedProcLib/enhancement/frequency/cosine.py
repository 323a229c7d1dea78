"""Filtering by frequency with the discrete cosine transform: that of the mirrored image, in the image's own memory."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import fft

from ...core.progress import SILENT, Progress

WORKERS = 2
# Coefficients multiplied at a time.
CHUNK_VOXELS = 2_000_000


def to_cosines(values: np.ndarray, progress: Progress = SILENT) -> np.ndarray:
    """Orthonormal cosine transform along all axes; overwrites the values. White noise keeps its variance."""
    for axis in range(values.ndim):
        progress.check()
        if values.shape[axis] > 1:
            values = fft.dct(values, 2, axis=axis, norm="ortho", overwrite_x=True, workers=WORKERS)
    return values


def from_cosines(values: np.ndarray, progress: Progress = SILENT) -> np.ndarray:
    """The inverse; overwrites the coefficients."""
    for axis in range(values.ndim):
        progress.check()
        if values.shape[axis] > 1:
            values = fft.idct(values, 2, axis=axis, norm="ortho", overwrite_x=True, workers=WORKERS)
    return values


def frequencies(shape: tuple[int, ...], spacing: tuple[float, ...]) -> Iterator[tuple[slice, np.ndarray]]:
    """Frequency (cycles/mm) of the coefficients, in parts along the first axis."""
    squares = [(np.arange(n) / (2 * n * s)) ** 2 for n, s in zip(shape, spacing, strict=True)]
    plane = max(1, int(np.prod(shape[1:])))
    thickness = max(1, CHUNK_VOXELS // plane)
    others = sum(np.meshgrid(*squares[1:], indexing="ij", sparse=True)) if len(shape) > 1 else 0.0
    for start in range(0, shape[0], thickness):
        part = slice(start, min(start + thickness, shape[0]))
        first = squares[0][part].reshape(-1, *[1] * (len(shape) - 1))
        yield part, np.sqrt(first + others)


def filtered_by_frequency(
    values: np.ndarray,
    spacing: tuple[float, ...],
    response: Callable[[np.ndarray], np.ndarray],
    progress: Progress = SILENT,
) -> np.ndarray:
    """The values (overwritten) with each frequency (cycles/mm) multiplied by the response, mirrored at the border.

    The same as convolution of the mirrored image with the symmetric kernel that has this frequency response, so nothing
    wraps around and no border rings.
    """
    coefficients = to_cosines(values, progress)
    for part, frequency in frequencies(values.shape, spacing):
        progress.check()
        coefficients[part] *= response(frequency)
    return from_cosines(coefficients, progress)
