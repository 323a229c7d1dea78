"""Least and largest value in a ball around each voxel: erosion and dilation by a flat structuring element."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.geometry import Geometry
from ...core.image_filter import Box
from ...core.progress import SILENT, Progress

# a voxel whose center lies on the ball's surface belongs to it
ROUNDING = 1e-6


def ball_radii(grid: Geometry, radius_mm: float) -> tuple[int, ...]:
    """How many voxels a ball reaches along each axis, z, y, x; 0 along an axis of one voxel."""
    return tuple(
        0 if n == 1 else min(n, int(radius_mm / s + ROUNDING))
        for n, s in zip(reversed(grid.size), reversed(grid.spacing), strict=True)
    )


def grown(box: Box, margin: Sequence[int], shape: Sequence[int]) -> Box:
    """The box with this margin, as far as the array reaches."""
    return tuple(slice(max(0, b.start - m), min(n, b.stop + m)) for b, m, n in zip(box, margin, shape, strict=True))


def within(box: Box, outer: Box) -> Box:
    """The box as a part of one that holds it."""
    return tuple(slice(b.start - o.start, b.stop - o.start) for b, o in zip(box, outer, strict=True))


def eroded(values: np.ndarray, radius_mm: float, spacing: Sequence[float], box: Box, progress: Progress = SILENT):
    """The least value within the radius (mm) of each voxel of a box of the array (z, y, x or y, x).

    The ball holds the voxels whose centers lie within the radius. What lies outside the array does not count, which is
    the same as mirroring at its border.
    """
    return _extreme(values, radius_mm, spacing, box, np.minimum, progress)


def dilated(values: np.ndarray, radius_mm: float, spacing: Sequence[float], box: Box, progress: Progress = SILENT):
    """The largest value within the radius (mm) of each voxel of a box of the array; see eroded."""
    return _extreme(values, radius_mm, spacing, box, np.maximum, progress)


def opened(values: np.ndarray, radius_mm: float, spacing: Sequence[float], box: Box, progress: Progress = SILENT):
    """Erosion, then dilation: bright detail that the ball does not fit into is gone. Depends on two radii around."""
    return _twice(eroded, dilated, values, radius_mm, spacing, box, progress)


def closed(values: np.ndarray, radius_mm: float, spacing: Sequence[float], box: Box, progress: Progress = SILENT):
    """Dilation, then erosion: dark detail that the ball does not fit into is gone. Depends on two radii around."""
    return _twice(dilated, eroded, values, radius_mm, spacing, box, progress)


def _twice(first: Callable, second: Callable, values, radius_mm, spacing, box, progress) -> np.ndarray:
    reach = [int(radius_mm / s + ROUNDING) for s in spacing]
    around = grown(box, reach, values.shape)
    halves = progress.parts(1, 1)
    made = first(values, radius_mm, spacing, around, halves[0])
    return second(made, radius_mm, spacing, within(box, around), halves[1])


def _extreme(
    values: np.ndarray, radius_mm: float, spacing: Sequence[float], box: Box, extreme: Any, progress: Progress
) -> np.ndarray:
    """The ball as a stack of rows along x, whose extremes come from those of rows of 1, 2, 4, ... voxels."""
    if values.ndim == 2:
        flat = (slice(0, 1), *box)
        return _extreme(values[None], radius_mm, [2 * radius_mm + 1, *spacing], flat, extreme, progress)[0]
    # few planes, long rows: each plane's temporaries stay in the cache
    axes = sorted(range(3), key=lambda axis: box[axis].stop - box[axis].start)
    spacing = [spacing[axis] for axis in axes]
    reach = [min(int(radius_mm / s + ROUNDING), values.shape[axis] - 1) for s, axis in zip(spacing, axes, strict=True)]
    inner = [box[axis] for axis in axes]
    padded = _around(values.transpose(axes), inner, reach, np.inf if extreme is np.minimum else -np.inf)
    result = np.empty([b.stop - b.start for b in inner], values.dtype)
    for number in range(len(result)):
        progress(number / len(result))
        for step in range(reach[0] + 1):
            near = padded[number + reach[0] + step]
            if step:
                # a ball is alike on both sides
                near = extreme(near, padded[number + reach[0] - step])
            left = radius_mm**2 * (1 + ROUNDING) - (step * spacing[0]) ** 2
            _take_disk(result[number], near, max(left, 0.0), spacing[1:], reach[1:], extreme, step == 0)
    restored = np.empty([b.stop - b.start for b in box], values.dtype)
    restored.transpose(axes)[...] = result
    return restored


def _around(values: np.ndarray, box: Sequence[slice], reach: Sequence[int], outside: float) -> np.ndarray:
    """The box of the array with its surroundings, contiguous, `outside` where the array does not reach."""
    padded = np.full([b.stop - b.start + 2 * r for b, r in zip(box, reach, strict=True)], outside, values.dtype)
    source = tuple(
        slice(max(0, b.start - r), min(n, b.stop + r)) for b, r, n in zip(box, reach, values.shape, strict=True)
    )
    target = tuple(
        slice(s.start - b.start + r, s.stop - b.start + r) for s, b, r in zip(source, box, reach, strict=True)
    )
    padded[target] = values[source]
    return padded


def _take_disk(
    result: np.ndarray,
    plane: np.ndarray,
    squared_mm: float,
    spacing: Sequence[float],
    reach: Sequence[int],
    extreme: Any,
    first: bool,
) -> None:
    """Take the extremes in a disk of the plane, which is larger by the reach on all sides, into the result."""
    height, width = result.shape
    halves = {}
    for row in range(reach[0] + 1):
        left = squared_mm - (row * spacing[0]) ** 2
        if left >= 0:
            halves[row] = min(int(np.sqrt(left) / spacing[1] + ROUNDING), reach[1])
    pyramid = [plane]
    rows: np.ndarray = plane
    for row, half in halves.items():
        if row == 0 or half != halves[row - 1]:
            length = 2 * half + 1
            level = length.bit_length() - 1
            while len(pyramid) <= level:
                size = 2 ** (len(pyramid) - 1)
                pyramid.append(extreme(pyramid[-1][:, :-size], pyramid[-1][:, size:]))
            start, other = reach[1] - half, reach[1] + half + 1 - 2**level
            rows = extreme(pyramid[level][:, start : start + width], pyramid[level][:, other : other + width])
        for shift in {row, -row}:
            part = rows[reach[0] + shift : reach[0] + shift + height]
            if first and row == 0:
                result[...] = part
            else:
                extreme(result, part, out=result)
