"""How noise of the places that bring two studies to one scale moves their boundary."""

import numpy as np

from ...core.geometry import Geometry

Pair = tuple[np.ndarray, np.ndarray]


def ratio_error(values: np.ndarray, region: np.ndarray, block_mm: float, grid: Geometry) -> float:
    """Standard error of the sum of values over a region (z, y, x) whose size is known: of a ratio estimate over
    clusters, blocks of this side (Cochran, Sampling Techniques, 6.3). NaN when the region is in fewer than two.
    """
    sides = [max(1, round(block_mm / s)) for s in reversed(grid.spacing)]
    place = [axis // side for axis, side in zip(np.nonzero(region), sides, strict=True)]
    blocks = np.ravel_multi_index(place, [n // side + 1 for n, side in zip(region.shape, sides, strict=True)])
    counts, sums = np.bincount(blocks), np.bincount(blocks, weights=values[region])
    used = counts > 0
    n = np.count_nonzero(used)
    if n < 2:
        return float("nan")
    residual = sums[used] - sums.sum() / counts.sum() * counts[used]
    return float(np.sqrt(n / (n - 1) * np.sum(residual**2)))


def shifted_scales(values: Pair, places: list[np.ndarray], block_mm: float, grid: Geometry) -> list[Pair]:
    """Both studies as they would be, were the difference of their means in one of the places (masks, one or two) larger
    by its standard error; one pair for each place, half of it in each study.
    """
    difference = values[1] - values[0]
    middles = [float(np.mean([v[place].mean(dtype=np.float64) for v in values])) for place in places]
    pairs = []
    for number, place in enumerate(places):
        size = np.count_nonzero(place)
        error = ratio_error(difference, place, block_mm, grid) / size
        if not np.isfinite(error):  # all of it in one block
            error = float(difference[place].std(dtype=np.float64)) / size**0.5
        held = middles[1 - number] if len(places) > 1 else 0.0
        per_unit = error / 2 / (middles[number] - held)
        first, other = (
            (v + sign * per_unit * (v - held)).astype(v.dtype) for sign, v in zip((-1, 1), values, strict=True)
        )
        pairs.append((first, other))
    return pairs
