"""Blocks of voxels as the voxels of a coarser grid, and back."""

import numpy as np


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


def expanded(values: np.ndarray, factors: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Each block's value in all its voxels."""
    for axis, factor in enumerate(factors):
        values = np.repeat(values, factor, axis)
    return values[tuple(slice(0, n) for n in shape)]


def interpolated(values: np.ndarray, factors: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Values between the centers of blocks, linearly along each axis; wrong beside blocks of infinite value."""
    result = np.where(np.isfinite(values), values, 0)
    for axis, (factor, size) in enumerate(zip(factors, shape, strict=True)):
        at = np.clip((np.arange(size) + 0.5) / factor - 0.5, 0, result.shape[axis] - 1)
        low = at.astype(int)
        high = np.minimum(low + 1, result.shape[axis] - 1)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(result.ndim)])
        result = np.take(result, low, axis) * (1 - share) + np.take(result, high, axis) * share
    return result
