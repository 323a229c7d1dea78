"""The outline of a region in a plane, point after point."""

import numpy as np


def ordered_outline(region: np.ndarray) -> np.ndarray:
    """Corners (n, 2) of the pixels' edges around a region (rows, columns), in order; pixel centers are whole numbers.

    The region lies to the right of the way, rows down. Of several pieces and holes, the longest outline.
    """
    padded = np.pad(region, 1)
    inside = padded[1:-1, 1:-1]
    # of each side: the neighbor, and the two corners of the edge there
    sides = (
        (padded[:-2, 1:-1], (0, 0), (0, 1)),
        (padded[1:-1, 2:], (0, 1), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (1, 0)),
        (padded[1:-1, :-2], (1, 0), (0, 0)),
    )
    onward: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for neighbor, start, end in sides:
        for row, column in np.argwhere(inside & ~neighbor).tolist():
            here = row + start[0], column + start[1]
            onward.setdefault(here, []).append((row + end[0], column + end[1]))
    longest: list[tuple[int, int]] = []
    while onward:
        way = [next(iter(onward))]
        while way[-1] in onward:
            ends = onward[way[-1]]
            way.append(ends.pop())
            if not ends:
                del onward[way[-2]]
        if len(way) > len(longest):
            longest = way
    return np.array(longest[:-1], float).reshape(-1, 2) - 0.5
