"""What of soft tissue that hangs together with the liver is heart and great vessels."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress, execute
from ..common.morphology import distance_to
from .body_wall import lung_inside

# A section of the heart has lung on both sides over so much of it, at least this area, and its middle no farther to the
# right of the midline than this; the dome of the liver has it farther.
BETWEEN, LEAST_MM2, RIGHT_MM = 0.6, 1500.0, 15.0
# Depths are flooded in steps of a tenth of a mm.
STEPS_PER_MM = 10


def beyond_heart(
    region: np.ndarray,
    seed: np.ndarray,
    values: np.ndarray,
    body: np.ndarray,
    middle: float,
    grid: Geometry,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Parts of a region (bool; z, y, x) that belong to the heart rather than to the liver around a seed.

    In slices where it is a section of its own between the lungs it is known, around the seed the liver is; below they
    are parted where the tissue between them is narrowest. middle: x index of the midline.
    """
    heart = np.zeros_like(region)
    lung = lung_inside(values, body)
    for z in np.flatnonzero((lung & body).any(axis=(1, 2)) & region.any(axis=(1, 2))).tolist():
        after = np.logical_or.accumulate(lung[z], axis=1) & np.flip(
            np.logical_or.accumulate(np.flip(lung[z], 1), axis=1), 1
        )
        pieces, _ = ndimage.label(region[z])
        for number, box in enumerate(ndimage.find_objects(pieces), 1):
            piece = pieces[box] == number
            x = np.nonzero(piece)[1] + box[1].start
            if (
                x.size * grid.spacing[0] * grid.spacing[1] >= LEAST_MM2
                and (x.mean() - middle) * grid.spacing[0] > -RIGHT_MM
                and after[box][piece].mean() > BETWEEN
                and not (seed[z][box] & piece).any()
            ):
                heart[z][box] |= piece
    if not heart.any():
        return heart
    depth = distance_to(~region, grid)
    marks = np.where(region, 0, 3).astype(np.uint8)
    marks[heart], marks[seed & region] = 2, 1
    flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
    flood.SetMarkWatershedLine(False)
    heights = grid.image_of(np.rint(-STEPS_PER_MM * depth).astype(np.int16))
    return sitk.GetArrayFromImage(execute(flood, heights, grid.image_of(marks), progress=progress)) == 2
