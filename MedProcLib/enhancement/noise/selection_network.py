"""The middle of many arrays, voxel by voxel, by comparing and exchanging whole arrays."""

import functools
from collections.abc import Sequence

import numpy as np


def middle(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The element-wise median of an odd number of arrays of one shape and type, which are not modified."""
    wires = list(arrays)
    own = [False] * len(wires)
    free: list[np.ndarray] = []
    for low, high, needs_low, needs_high in median_network(len(wires)):
        a, b = wires[low], wires[high]
        if needs_low:
            wires[low] = np.minimum(a, b, out=free.pop() if free else None)
        if needs_high:
            wires[high] = np.maximum(a, b, out=free.pop() if free else None)
        # what is not needed further on is never read again
        free += [array for array, mine in ((a, own[low]), (b, own[high])) if mine]
        own[low], own[high] = needs_low, needs_high
    return wires[len(wires) // 2]


@functools.lru_cache(8)
def median_network(count: int) -> tuple[tuple[int, int, bool, bool], ...]:
    """Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2M) as far as the median needs it.

    Each element compares wires (low, high), of which the smaller value, the larger or both go on.
    """
    needed = {count // 2}
    kept = []
    for low, high in reversed(_merge_exchange(count)):
        if low in needed or high in needed:
            kept.append((low, high, low in needed, high in needed))
            needed |= {low, high}
    return tuple(reversed(kept))


def _merge_exchange(count: int) -> list[tuple[int, int]]:
    pairs = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(count - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    return pairs
