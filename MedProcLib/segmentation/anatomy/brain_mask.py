"""Brain mask of an MR image of the head."""

from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import foreground, inside, values_of
from ..common.morphology import closed, distance_to, filled, main_piece
from ..common.working_grid import mask_on_image, on_working_grid

# The work is done on voxels of this side: fine enough for the skull, and alike for all slice thicknesses.
WORKING_MM = 1.5
# What lies deeper than this share of the head's greatest depth counts as its middle, which is mostly white matter.
MIDDLE = 0.6
# Scalp and skull; where its brightest tenth exceeds FAT times the middle, fat is bright and to be left out.
SCALP_MM, FAT = 15.0, 1.5


@operation(
    "segmentation.brain_mask",
    title="Brain mask",
    gives="mask",
    source="Threshold, opening, largest piece and closing as in Dogdas et al., Segmentation of skull and scalp in 3-D "
    "human MRI using mathematical morphology, Hum. Brain Mapp. 26, 2005",
)
class BrainMask:
    """Outline the brain in an MR image of the head (FLAIR, T1, T2) with skull, eyes and neck.

    Tissue about as bright as the middle of the head is kept, bridges through eyes, vessels and nerves are cut by
    opening, the largest piece is the brain, and closing brings in ventricles and sulci.
    """

    lowest: Annotated[float, Range(0.1, 0.95), "darkest tissue (background 0, middle of the head 1)"] = 0.55
    highest: Annotated[
        float,
        Range(0, 10),
        "brightest tissue (background 0, middle of the head 1); 0: 1.5 if fat is bright, else no limit",
    ] = 0.0
    opening_mm: Annotated[float, Range(0, 20, "mm"), "radius that cuts bridges to other tissue"] = 5.0
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the dents (sulci, ventricles) that are filled"] = 8.0

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        first, second, third = progress.parts(1, 8, 1)
        grid, work, _ = on_working_grid(image, values, inside(mask, valid), WORKING_MM, first)
        return mask_on_image(_brain(self, work, grid, second), grid, image, third)


def _brain(settings: BrainMask, work: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    filling, depth_map, cut, close, fill, smooth = progress.parts(1, 2, 4, 4, 1, 4)
    head = filled(foreground(work, np.isfinite(work)), grid, filling)
    if head.all():
        raise InputError("The image has no background around the head, so no brain can be found in it.")
    depth = distance_to(~head, grid, depth_map)
    # brightness counts from the background, which is not 0 in a standardized image
    work = work - float(np.median(work[~head]))
    middle = float(np.median(work[depth > MIDDLE * depth.max()]))
    highest = settings.highest
    if not highest:
        scalp = work[head & (depth < SCALP_MM)]
        highest = FAT if np.percentile(scalp, 90) > FAT * middle else np.inf
    tissue = (work > settings.lowest * middle) & (work < highest * middle)
    brain = main_piece(tissue, grid, settings.opening_mm, cut)
    brain = filled(closed(brain, grid, settings.closing_mm, close), grid, fill)
    # closing joins what lies near the brain in thin sheets; they go as the bridges went
    return main_piece(brain, grid, settings.opening_mm, smooth)
