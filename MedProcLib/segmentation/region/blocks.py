"""Blocks of voxels as the voxels of a coarser grid, and back."""

import numpy as np

from ...core.image_filter import Box


def block_factors(shape: tuple[int, ...], spacing: tuple[float, ...], at_once: int) -> tuple[int, ...]:
    """Whole factors per axis that leave so few voxels, the finest axes first."""
    factors = [1] * len(shape)
    while np.prod([-(-n // f) for n, f in zip(shape, factors, strict=True)]) > at_once:
        finest = min(
            (axis for axis in range(len(shape)) if shape[axis] > 4 * factors[axis]),
            key=lambda axis: spacing[axis] * factors[axis],
            default=None,
        )
        if finest is None:
            break
        factors[finest] += 1
    return tuple(factors)


def blocks_of(values: np.ndarray, factors: tuple[int, ...], fill: float) -> np.ndarray:
    """Blocks along the last axis; those at the upper ends are filled up."""
    missing = [(0, -n % f) for n, f in zip(values.shape, factors, strict=True)]
    padded = np.pad(values, missing, constant_values=fill)
    split = padded.reshape([k for n, f in zip(padded.shape, factors, strict=True) for k in (n // f, f)])
    order = [*range(0, split.ndim, 2), *range(1, split.ndim, 2)]
    return split.transpose(order).reshape(*split.shape[::2], -1)


def block_seeds(seeds: np.ndarray, factors: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A seed of each block, and where seeds of several numbers lie in one."""
    blocks = blocks_of(seeds, factors, 0)
    highest = blocks.max(axis=-1)
    lowest = np.where(blocks > 0, blocks, np.iinfo(blocks.dtype).max).min(axis=-1)
    return highest, (highest > 0) & (lowest != highest)


def block_box(box: Box, factors: tuple[int, ...]) -> Box:
    """The blocks that a box of voxels touches."""
    return tuple(slice(part.start // f, -(-part.stop // f)) for part, f in zip(box, factors, strict=True))


def voxel_box(box: Box, factors: tuple[int, ...], shape: tuple[int, ...]) -> Box:
    """The voxels of a box of blocks."""
    return tuple(slice(part.start * f, min(part.stop * f, n)) for part, f, n in zip(box, factors, shape, strict=True))


def expanded(values: np.ndarray, factors: tuple[int, ...], box: Box) -> np.ndarray:
    """Each block's value in all its voxels, in a box of voxels."""
    for axis, (factor, part) in enumerate(zip(factors, box, strict=True)):
        values = np.take(values, np.arange(part.start, part.stop) // factor, axis)
    return values


def interpolated(values: np.ndarray, factors: tuple[int, ...], box: Box) -> np.ndarray:
    """Values between the centers of blocks, linearly along each axis, in a box of voxels.

    Wrong beside blocks of infinite value.
    """
    result = np.where(np.isfinite(values), values, 0)
    for axis, (factor, part) in enumerate(zip(factors, box, strict=True)):
        at = np.clip((np.arange(part.start, part.stop) + 0.5) / factor - 0.5, 0, values.shape[axis] - 1)
        low = at.astype(int)
        high = np.minimum(low + 1, values.shape[axis] - 1)
        share = (at - low).astype(values.dtype).reshape([-1 if a == axis else 1 for a in range(result.ndim)])
        result = np.take(result, low, axis) * (1 - share) + np.take(result, high, axis) * share
    return result
