"""Which seed reaches each voxel first, when fronts run from all seeds at a speed that differs from place to place.

The fronts are those of the eikonal equation (Sethian, Level Set Methods and Fast Marching Methods, 1999), so distances
are the same in all directions. On large images they run on a coarse grid first, and again on the fine one only near the
borders of what they found.
"""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.progress import SILENT, Progress, execute
from .blocks import block_factors, block_seeds, blocks_of, expanded, interpolated

# Voxels of a front that runs at once: about a second.
AT_ONCE = 200_000


def march(
    cost: np.ndarray,
    seeds: np.ndarray,
    spacing: tuple[float, ...],
    stop: float = np.inf,
    progress: Progress = SILENT,
    at_once: int = AT_ONCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Cost of the cheapest way from a seed (infinite where none leads), and the number of that seed (0 there).

    cost: per mm, positive, infinite where no way leads (float32 saves time); seeds: whole numbers, 0 for none; spacing:
    mm, in the order of the array's axes; stop: ways of a higher cost are not followed; at_once: more voxels go by
    way of a coarse grid.
    """
    shape = cost.shape
    flat = tuple(n for n in shape if n > 1) or (1,)
    sides = tuple(s for s, n in zip(spacing, shape, strict=True) if n > 1) or (1.0,)
    if len(flat) == 1:
        # fast marching needs two axes
        flat, sides = (1, *flat), (1.0, *sides)
    arguments = cost.reshape(flat), seeds.reshape(flat), sides, stop, progress
    factors = block_factors(flat, sides, at_once)
    if max(factors) == 1:
        time, label = _front(arguments[0], arguments[1], None, sides, stop, progress)
    else:
        time, label = _coarse_to_fine(*arguments, factors, at_once)
    return time.reshape(shape), label.reshape(shape)


def _front(
    cost: np.ndarray,
    seeds: np.ndarray,
    starts: np.ndarray | None,
    spacing: tuple[float, ...],
    stop: float,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Fast marching from the seeds, which begin at the cost `starts` (0 when None)."""
    speed = np.divide(1, cost, out=np.zeros(cost.shape, np.float32), where=np.isfinite(cost), casting="same_kind")
    image = sitk.GetImageFromArray(speed)
    image.SetSpacing(tuple(reversed(spacing)))
    begin = np.argwhere(_rim(seeds))
    marching = sitk.FastMarchingImageFilter()
    marching.SetTrialPoints(begin[:, ::-1].tolist())
    if starts is not None:
        marching.SetInitialTrialValues(starts[tuple(begin.T)].astype(float).tolist())
    if np.isfinite(stop):
        marching.SetStoppingValue(float(stop))
    time = sitk.GetArrayFromImage(execute(marching, image, progress=progress, message="Growing"))
    time[time > min(stop, 1e30)] = np.inf
    time[seeds > 0] = 0 if starts is None else starts[seeds > 0]
    return time, _owners(time, seeds, progress)


def _rim(seeds: np.ndarray) -> np.ndarray:
    """Seeds with a neighbor (over a face) of another number: fronts start there."""
    rim = np.zeros(seeds.shape, bool)
    for axis in range(seeds.ndim):
        ahead = _cut(seeds, axis, 1, None) != _cut(seeds, axis, None, -1)
        _cut(rim, axis, 1, None)[...] |= ahead
        _cut(rim, axis, None, -1)[...] |= ahead
    rim &= seeds > 0
    return rim if rim.any() else seeds > 0


def _owners(time: np.ndarray, seeds: np.ndarray, progress: Progress) -> np.ndarray:
    """The seed from which the front came to each voxel: that of the neighbor that it reached first, and so on."""
    padded = np.pad(time, 1, constant_values=np.inf).ravel()
    outer = tuple(n + 2 for n in time.shape)
    place = np.ravel_multi_index(tuple(i + 1 for i in np.nonzero(np.isfinite(time) & (seeds == 0))), outer)
    earliest, source = padded[place], place.copy()
    for axis in range(time.ndim):
        stride = int(np.prod(outer[axis + 1 :]))
        for step in (-stride, stride):
            beside = padded[place + step]
            sooner = beside < earliest
            earliest[sooner] = beside[sooner]
            source[sooner] = place[sooner] + step
    owner = np.arange(padded.size, dtype=np.int32)
    owner[place] = source
    while True:
        progress.check()
        further = owner[owner[place]]
        if np.array_equal(further, owner[place]):
            break
        owner[place] = further
    numbers = np.pad(seeds, 1).ravel()
    numbers[place] = numbers[owner[place]]
    return numbers.reshape(outer)[(slice(1, -1),) * time.ndim]


def _coarse_to_fine(
    cost: np.ndarray,
    seeds: np.ndarray,
    spacing: tuple[float, ...],
    stop: float,
    progress: Progress,
    factors: tuple[int, ...],
    at_once: int,
) -> tuple[np.ndarray, np.ndarray]:
    first, second = progress.parts(1, 1)
    sides = tuple(s * f for s, f in zip(spacing, factors, strict=True))
    coarse_seeds, mixed = block_seeds(seeds, factors)
    time, label = _front(_block_costs(cost, factors), coarse_seeds, None, sides, stop, first)
    # -1 is a label too: nothing came there
    area = np.where(np.isfinite(time), label, -1)
    footprint = np.ones((3,) * area.ndim, bool)
    near_border = ndimage.maximum_filter(area, footprint=footprint) != ndimage.minimum_filter(area, footprint=footprint)
    near_border |= ndimage.binary_dilation(mixed, footprint)
    band = expanded(near_border, factors, cost.shape) & np.isfinite(cost)
    fine_label = np.where(np.isfinite(cost), np.maximum(expanded(area, factors, cost.shape), 0), 0)
    fine_time = np.where(fine_label > 0, interpolated(time, factors, cost.shape), np.inf)
    settled = (fine_label > 0) & ~band
    fine_seeds = np.where(seeds > 0, seeds, np.where(settled, fine_label, 0)).astype(seeds.dtype)
    starts = np.where(seeds > 0, 0, fine_time)
    band_time, band_label = _front(np.where(band, cost, np.inf), fine_seeds, starts, spacing, stop, second)
    return band_time, band_label


def _block_costs(cost: np.ndarray, factors: tuple[int, ...]) -> np.ndarray:
    """Mean cost of the passable voxels of each block; infinite where fewer than half are passable."""
    blocks = blocks_of(cost, factors, np.inf)
    open_voxels = np.isfinite(blocks)
    count = open_voxels.sum(axis=-1)
    total = np.sum(blocks, axis=-1, where=open_voxels)
    return np.where(2 * count >= blocks.shape[-1], total / np.maximum(count, 1), np.inf)


def _cut(values: np.ndarray, axis: int, start: int | None, stop: int | None) -> np.ndarray:
    return values[(slice(None),) * axis + (slice(start, stop),)]
