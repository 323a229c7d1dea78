"""Which seed reaches each voxel first, when fronts run from all seeds at a speed that differs from place to place.

The fronts are those of the eikonal equation (Sethian, Level Set Methods and Fast Marching Methods, 1999), so distances
are the same in all directions.
"""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.progress import Progress, execute


def front(
    cost: np.ndarray,
    seeds: np.ndarray,
    starts: np.ndarray | None,
    spacing: tuple[float, ...],
    stop: float,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Cost (float32) of the way of each voxel from the seeds, infinite where none leads, and the number of its seed.

    starts: cost at which fronts leave the seeds, 0 when None; others as march() has them, two axes at least. What is
    found depends on nothing but the cost and number of neighbors that are reached sooner.
    """
    passable = np.isfinite(cost)
    # fronts start at the seeds beside a voxel that they may enter
    begin = np.argwhere(ndimage.binary_dilation(passable & (seeds == 0)) & (seeds > 0))
    if not len(begin):
        time = np.where(seeds > 0, 0 if starts is None else starts, np.inf).astype(np.float32)
        return time, seeds.copy()
    speed = np.divide(1, cost, out=np.zeros(cost.shape, np.float32), where=passable, casting="same_kind")
    image = sitk.GetImageFromArray(speed)
    image.SetSpacing(tuple(reversed(spacing)))
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
