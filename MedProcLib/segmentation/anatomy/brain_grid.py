"""The brain on an isotropic grid along the patient's axes, and what was found there back on the image's voxels."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, gaussian
from ..common.label_boxes import box_around
from ..common.patient_grid import patient_grid

FWHM_PER_SD = 2.3548
# Around the brain, so much is kept.
MARGIN_MM = 6.0


@dataclass(frozen=True)
class BrainGrid:
    """grid: isotropic, along L, P and S (3D); values, brain: of the image and of the mask on it (z, y, x)."""

    grid: Geometry
    values: np.ndarray
    brain: np.ndarray

    @property
    def center(self) -> np.ndarray:
        """LPS position (mm) of the brain's center of mass."""
        return self.grid.points(np.argwhere(self.brain).mean(axis=0)[::-1])[0]

    def offsets(self, index: np.ndarray) -> np.ndarray:
        """LPS mm (n, dimension) from the brain's center of mass of voxels (n, dimension) in z, y, x order."""
        return self.grid.points(index[:, ::-1]) - self.center


def on_brain_grid(
    image: sitk.Image, values: np.ndarray, region: np.ndarray, spacing_mm: float, progress: Progress = SILENT
) -> BrainGrid:
    """An image's values (z, y, x) in a region, which is the brain, on voxels of this side.

    Voxels that the image does not reach are outside the brain. What lies outside the region enters nowhere: a voxel
    of the grid is the mean of what it covers of the region.
    """
    source = Geometry.of(image)
    box = box_around(region)
    assert box is not None
    ends = np.meshgrid(*[(s.start - 0.5, s.stop - 0.5) for s in reversed(box)], indexing="ij")
    corners = source.points(np.reshape(ends, (source.dimension, -1)).T)
    grid = patient_grid(source, spacing_mm, (corners.min(axis=0) - MARGIN_MM, corners.max(axis=0) + MARGIN_MM))
    # blurred to the coarser voxel first, so that fine detail does not turn into noise
    widths = [np.sqrt(max(spacing_mm**2 - side**2, 0)) / FWHM_PER_SD for side in source.spacing]
    first, second, third, fourth = progress.parts(1, 1, 1, 1)
    scale = float(np.abs(values[region]).max()) or 1.0
    weight = source.image_of(gaussian(region, source, widths, first))
    total = source.image_of(gaussian(np.where(region, values / scale, 0), source, widths, second))
    share, mean = (
        sitk.GetArrayFromImage(resample(extended(part), grid, progress=step))
        for part, step in ((weight, third), (total, fourth))
    )
    brain = share > 0.5
    return BrainGrid(grid, np.divide(mean, share, out=np.zeros_like(mean), where=brain), brain)
