"""How far voxels of a mask lie from its border, in steps through faces."""

import numpy as np

from ...bit_mask import BitMask

# Slices that are looked at at a time: steps along rows stay in the cache.
AT_ONCE = 1 << 19


def border_distance(mask: BitMask, by_slice: bool) -> np.ndarray:
    """Steps through faces (by slice: edges) from each voxel of a mask to the nearest outside it.

    Ints as small as hold them, 0 outside. The mask must not reach the array's border. Exact: the distance is the sum of
    those along the axes, so the nearest along one axis after the other is found.
    """
    axes = (1, 2) if by_slice else (0, 1, 2)
    furthest = min((mask.shape[axis] + 1) // 2 for axis in axes)  # the way out along the shortest axis
    kind = np.min_scalar_type(furthest + 1)
    steps = np.empty(mask.shape, kind)
    for plane, inside in zip(steps, mask, strict=True):
        np.multiply(inside, kind.type(furthest), out=plane)
    at_once = max(1, AT_ONCE // max(1, mask.shape[1] * mask.shape[2]))
    if not by_slice:
        _sweep(steps)
    for start in range(0, len(steps), at_once):
        slab = steps[start : start + at_once]
        for axis in (1, 2):
            _sweep(np.moveaxis(slab, axis, 0))
    return steps


def _sweep(lines: np.ndarray) -> None:
    """Lower each value to one more than its neighbor along the first axis, both ways."""
    for line in (lines, lines[::-1]):
        for number in range(1, len(line)):
            np.minimum(line[number], line[number - 1] + line.dtype.type(1), out=line[number])
