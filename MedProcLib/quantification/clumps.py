"""Boxes that hold all that is labelled in a volume, whose contents do not touch: what is empty is looked at once."""

import numpy as np
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from ..core.boxes import Box

# side of the blocks, in voxels, that are empty or not
BLOCK = 8
# of more clumps one box is made: keeping them apart would cost more than it saves
MOST_CLUMPS = 500


def clumps_of(labels: np.ndarray) -> list[Box]:
    """Disjoint boxes that hold all labels (z, y, x; none negative) above 0; what two boxes hold does not touch."""
    occupied = labels
    for axis in range(3):
        occupied = _largest_of_blocks(occupied, axis)
    numbered, count = ndimage.label(occupied, structure=np.ones((3, 3, 3)))
    found = ndimage.find_objects(numbered if count <= MOST_CLUMPS else (numbered > 0).astype(np.uint8))
    if not found:
        return []
    ends = np.array([[(side.start, side.stop) for side in box] for box in found])
    ends = _disjoint(ends[..., 0], ends[..., 1]) * BLOCK
    return [
        tuple(slice(low, min(high, n)) for low, high, n in zip(*clump, labels.shape, strict=True))
        for clump in ends.transpose(1, 0, 2).tolist()
    ]


def _largest_of_blocks(array: np.ndarray, axis: int) -> np.ndarray:
    """The largest value of each BLOCK voxels along an axis; the last block may be shorter."""
    whole = array.shape[axis] // BLOCK * BLOCK
    lead = (slice(None),) * axis
    parts = []
    if whole:
        blocks = array[(*lead, slice(0, whole))]
        shape = (*array.shape[:axis], whole // BLOCK, BLOCK, *array.shape[axis + 1 :])
        parts.append(blocks.reshape(shape).max(axis=axis + 1))
    if whole < array.shape[axis]:
        parts.append(array[(*lead, slice(whole, None))].max(axis=axis, keepdims=True))
    return np.concatenate(parts, axis=axis) if len(parts) > 1 else parts[0]


def _disjoint(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Low and high ends (2, n, 3) of boxes (n, 3 each), those that overlap replaced by the box around them."""
    while True:
        overlap = np.all((low[:, np.newaxis] < high) & (low < high[:, np.newaxis]), axis=-1)
        count, group = connected_components(overlap, directed=False)
        if count == len(low):
            return np.stack([low, high])
        members = [group == number for number in range(count)]
        low = np.array([low[chosen].min(axis=0) for chosen in members])
        high = np.array([high[chosen].max(axis=0) for chosen in members])
