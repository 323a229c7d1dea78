"""An organ of even density, grown around a place in it and cut off from its neighbors at their necks."""

import numpy as np
from scipy import ndimage

from ...core.boxes import box_of, grown
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.morphology import closed, dilated, distance_to

# How far the edge of an organ is lost by the blur of the values.
RIM_MM = 2.5
# A core farther than this, and its radius, from the seed is that of another organ.
BESIDE_MM = 4.0


def grown_organ(
    even: np.ndarray,
    seed: np.ndarray,
    grid: Geometry,
    least_mm3: float,
    most_mm3: float,
    radii_mm: tuple[float, ...],
    closing_mm: float,
    progress: Progress = SILENT,
) -> np.ndarray:
    """The part of an even region (z, y, x) around a seed, with what it encloses; nowhere True where there is none.

    It is cut off from its neighbors by the smallest of the radii (mm) at which it is not larger than it may be;
    what is smaller than it may be is a knot of it or of a neighbor, and no organ.
    """
    first, second, third = progress.parts(2, 2, 2)
    depth = distance_to(~even, grid, first)
    around, sides = box_of(seed), tuple(reversed(grid.spacing))
    for radius in radii_mm:
        pieces, _ = ndimage.label(depth > radius)
        # the seed may lie beside a core: the nearest one is meant that an organ can be grown back from
        box = grown(around, grid, radius + BESIDE_MM)
        organ = np.zeros(even.shape, bool)
        for number in _nearest(pieces[box], seed[box], sides, radius + BESIDE_MM):
            core = pieces == number
            organ = dilated(core, grid, radius + max(grid.spacing) / 2, second) & even
            if np.count_nonzero(organ) * grid.voxel_volume >= least_mm3:
                break
        else:
            break
        if np.count_nonzero(organ) * grid.voxel_volume <= most_mm3:
            whole = closed(organ, grid, closing_mm, third)
            box = grown(box_of(whole), grid, 0.0)  # what it encloses lies in there
            whole[box] = ndimage.binary_fill_holes(whole[box])
            return whole
    return np.zeros(even.shape, bool)


def _nearest(pieces: np.ndarray, seed: np.ndarray, sides_mm: tuple[float, ...], reach_mm: float) -> list[int]:
    """Numbers of the pieces within reach of a seed (all z, y, x), the nearest first."""
    numbers = np.unique(pieces[pieces > 0])
    if not numbers.size:
        return []
    away = np.asarray(ndimage.minimum(ndimage.distance_transform_edt(~seed, sides_mm), pieces, numbers))
    return [int(n) for n in numbers[np.argsort(away, kind="stable")][: np.count_nonzero(away <= reach_mm)]]


def with_rim(organ: np.ndarray, values: np.ndarray, lowest_hu: float, highest_hu: float, grid: Geometry) -> np.ndarray:
    """The organ with the rim that the blur took from it, where values (less blurred) are still its own."""
    return organ | (dilated(organ, grid, RIM_MM) & (values > lowest_hu) & (values < highest_hu))
