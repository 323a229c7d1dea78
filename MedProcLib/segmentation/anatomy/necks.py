"""What of a region hangs on by a neck: vessels and organs that touch the one wanted."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress, execute
from ..common.morphology import distance_to

# A bulge is so many times as wide as its neck, that is, has twice its section; an organ that only tapers has none.
BULGE = 2**0.5
# The middle of the organ is looked for within this distance of the seed.
MIDDLE_MM = 15.0
# Depths are flooded in steps of a tenth of a mm.
STEPS_PER_MM = 10


def beyond_necks(
    region: np.ndarray,
    seed: np.ndarray,
    grid: Geometry,
    narrowest_mm: float,
    widest_mm: float,
    step_mm: float = 1.0,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Parts of a region (z, y, x) behind necks of a radius between these (mm), seen from the organ around a seed.

    Where balls of a rising radius no longer pass, what they still fill on the other side is a bulge if a much larger
    ball fits there. The region is parted at the narrowest place between, by a watershed of its depth (Beucher &
    Lantuejoul, Use of watersheds in contour detection, 1979).
    """
    nowhere = np.zeros(region.shape, bool)
    measure, flood = progress.parts(1, 2)
    depth = distance_to(~region, grid, measure)
    near = distance_to(seed, grid) <= MIDDLE_MM
    middle = np.unravel_index(int(np.argmax(np.where(near, depth, -1))), depth.shape)
    core, bulges = depth > narrowest_mm, nowhere.copy()
    for radius in np.arange(narrowest_mm, widest_mm + step_mm / 2, step_mm):
        if depth[middle] < BULGE * radius:
            break
        pieces, count = ndimage.label(core & (depth > radius))
        widest = ndimage.maximum(depth, pieces, np.arange(1, count + 1))
        apart = np.concatenate([[False], np.asarray(widest) >= BULGE * radius])
        apart[pieces[middle]] = False
        if radius > narrowest_mm:  # what was apart at the first radius is no part of the organ anyway
            bulges |= apart[pieces]
        core = pieces == pieces[middle]
    if not bulges.any():
        return nowhere
    marks = np.where(core, 1, np.where(bulges, 2, 0)).astype(np.uint8)
    marks[~region] = 3
    watershed = sitk.MorphologicalWatershedFromMarkersImageFilter()
    watershed.SetMarkWatershedLine(False)
    heights = grid.image_of(np.rint(-STEPS_PER_MM * depth).astype(np.int16))
    return sitk.GetArrayFromImage(execute(watershed, heights, grid.image_of(marks), progress=flood)) == 2
