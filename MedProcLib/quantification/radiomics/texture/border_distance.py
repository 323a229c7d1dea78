"""How far voxels of a mask lie from its border, in steps through faces."""

from collections.abc import Iterator, Sequence

import numpy as np

from ...bit_mask import BitMask


def border_distances(mask: BitMask, slabs: Sequence[slice], by_slice: bool) -> Iterator[np.ndarray]:
    """Steps through faces (by slice: edges) from each voxel of a mask to the nearest outside it, slab by slab.

    slabs: of slices, which make up the mask in order; of the others a slice each is held. Ints as small as hold the
    steps, 0 outside. The mask must not reach the array's border. Exact: the distance is the sum of those along the
    axes, so the nearest along one axis after the other is found.
    """
    axes = (1, 2) if by_slice else (0, 1, 2)
    furthest = min((mask.shape[axis] + 1) // 2 for axis in axes)  # the way out along the shortest axis
    kind = np.min_scalar_type(furthest + 1).type
    outside = np.zeros((1, *mask.shape[1:]), kind)
    # the slice after each slab, the last slab's first: how far its voxels are from those outside behind them
    after = [outside]
    for slab in () if by_slice else reversed(slabs[1:]):
        steps = np.concatenate([mask[slab] * kind(furthest), after[-1]])
        _sweep(steps[::-1])
        after.append(steps[:1].copy())
    before = outside
    for slab in slabs:
        steps = mask[slab] * kind(furthest)
        if not by_slice:
            steps = np.concatenate([before, steps, after.pop()])
            _both_ways(steps)
            steps = steps[1:-1]
            before = steps[-1:].copy()
        for axis in (1, 2):
            _both_ways(np.moveaxis(steps, axis, 0))
        yield steps


def _both_ways(lines: np.ndarray) -> None:
    _sweep(lines)
    _sweep(lines[::-1])


def _sweep(lines: np.ndarray) -> None:
    """Lower each value to one more than the one before it along the first axis."""
    for number in range(1, len(lines)):
        np.minimum(lines[number], lines[number - 1] + lines.dtype.type(1), out=lines[number])
