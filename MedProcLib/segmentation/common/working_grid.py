"""Segment on an isotropic grid and bring the result back, so that it does not depend on slice thickness."""

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, gaussian, isotropic_grid

FWHM_PER_SD = 2.3548


def on_working_grid(
    image: sitk.Image, values: np.ndarray, region: np.ndarray, spacing_mm: float, progress: Progress = SILENT
) -> tuple[Geometry, np.ndarray, float]:
    """Isotropic grid over the image, the region's values (z, y, x) on it, scaled to 1 at most, and that scale.

    Outside the region the values are the smallest of the region. Raises InputError for an image of one value.
    """
    source = Geometry.of(image)
    grid = isotropic_grid(source, spacing_mm)
    chosen = values[region]
    scale = float(np.abs(chosen).max())
    if not np.ptp(chosen) > 0:
        raise InputError("The image is constant (inside the mask), so nothing can be told from the background.")
    whole = (np.where(region, values, chosen.min()) / scale).astype(np.float32)
    # blurred to the coarser voxel first, so that fine detail does not turn into noise
    widths = [
        np.sqrt(max(wanted**2 - side**2, 0)) / FWHM_PER_SD
        for side, wanted in zip(source.spacing, grid.spacing, strict=True)
    ]
    blurred = source.image_of(gaussian(whole, source, widths, progress))
    return grid, sitk.GetArrayFromImage(resample(extended(blurred), grid, progress=progress)), scale


def mask_on_image(region: np.ndarray, grid: Geometry, image: sitk.Image, progress: Progress = SILENT) -> sitk.Image:
    """Mask (0 and 1) on the image's grid of a region on the working grid. Raises InputError when it is empty."""
    smooth = resample(extended(grid.image_of(region.astype(np.float32))), Geometry.of(image), progress=progress)
    mask = sitk.BinaryThreshold(smooth, 0.5, 2.0)
    if not np.any(sitk.GetArrayViewFromImage(mask)):
        raise InputError("Nothing was found: choose a smaller opening radius or other brightness limits.")
    return mask
