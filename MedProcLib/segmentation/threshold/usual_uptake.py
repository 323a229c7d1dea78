"""Up to where uptake is that of an even tissue around, such as liver or blood: no focus goes on into it."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.ball import voxel_ball
from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended
from ..common.patient_grid import on_patient_grid

# Tissue is looked at on voxels of this side, in balls of this radius: they hold 50 ml, as a lobe of the liver does.
GRID_MM, RADIUS_MM = 7.5, 22.5
# A tissue is even when its robust SD is at most this share of its median: organs in which noise is left, no edges.
EVEN = 0.25
# Voxels that are looked at together.
CHUNK = 20_000


def usual_uptake(
    values: np.ndarray, grid: Geometry, lowest: float, highest: float, sds: float, progress: Progress = SILENT
) -> np.ndarray:
    """The uptake (float32, z, y, x) that even tissue within reach of each voxel has at most; 0 where there is none.

    Of a tissue that is its median and so many SD, as PERCIST takes the liver (Wahl et al., J. Nucl. Med. 50 Suppl. 1,
    2009). lowest, highest (SUV): tissue below the first is not looked at; what reaches the second is no usual tissue.
    """
    known = np.nan_to_num(values, posinf=highest, neginf=0).astype(np.float32)
    coarse, seen = on_patient_grid(grid.image_of(known), GRID_MM, 0.0, progress=progress.part(0, 0.3))
    ball = voxel_ball(RADIUS_MM, coarse.spacing[::-1], seen.shape)
    level = np.zeros(seen.shape, np.float32)
    places = np.argwhere(seen >= lowest)
    reach = np.array(ball.shape) // 2
    padded = np.pad(seen, [(int(r), int(r)) for r in reach])
    offsets = np.argwhere(ball)
    for first in range(0, len(places), CHUNK):
        progress(0.3 + 0.5 * first / len(places), "Looking at even tissue")
        chunk = places[first : first + CHUNK]
        around = padded[tuple(np.moveaxis(chunk[:, None] + offsets, -1, 0))]
        median = np.median(around, axis=1)
        sd = 1.4826 * np.median(np.abs(around - median[:, None]), axis=1)
        top = median + sds * sd
        level[tuple(chunk.T)] = np.where((sd <= EVEN * median) & (top < highest), top, 0)
    # all of an even ball is tissue of its kind, up to its edge
    level = ndimage.grey_dilation(level, footprint=ball)
    return sitk.GetArrayFromImage(resample(extended(coarse.image_of(level)), grid, progress=progress.part(0.8, 1)))
