"""A second image of the same patient, at the voxels of the first."""

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, gaussian, values_of
from .working_grid import FWHM_PER_SD

# A voxel is shown where so much of what it is interpolated from is in the image and a number.
LEAST_SHOWN = 0.99


def at_voxels_of(grid: Geometry, second: sitk.Image, progress: Progress = SILENT) -> tuple[np.ndarray, np.ndarray]:
    """Values of the second image at the grid's voxels (float32, z, y, x), and where it shows something.

    It is taken to lie where its file says. Finer voxels than the grid's are blurred to these first; the rest is linear
    interpolation. Raises InputError where the two do not overlap, or one is 2D and the other 3D.
    """
    own = Geometry.of(second)
    if own.dimension != grid.dimension:
        raise InputError(f"The second image is {own.dimension}D, and the image {grid.dimension}D: choose one like it.")
    values, valid = values_of(second)
    if own.same_grid(grid):
        return values.astype(np.float32), valid
    steps = progress.parts(1, 1, 1, 1)
    scale = float(np.abs(values[valid]).max()) or 1.0
    widths = _blur(own, grid)
    share, mean = (
        sitk.GetArrayFromImage(resample(extended(own.image_of(gaussian(part, own, widths, blur))), grid, progress=step))
        for part, blur, step in (
            (valid, steps[0], steps[1]),
            (np.where(valid, values / scale, 0), steps[2], steps[3]),
        )
    )
    shown = share > LEAST_SHOWN
    if not shown.any():
        raise InputError(
            "The second image does not show the part of the patient that the image shows: choose one of the same "
            "examination, or align it first."
        )
    return np.divide(mean * scale, share, out=np.zeros_like(mean), where=shown), shown


def _blur(own: Geometry, grid: Geometry) -> list[float]:
    """SD (mm) along each of the image's axes that makes its voxels as wide as the grid's are in that direction."""
    n = own.dimension
    along = np.reshape(own.direction, (n, n)).T @ (np.reshape(grid.direction, (n, n)) * grid.spacing)
    wide = np.linalg.norm(along, axis=1)
    return [float(np.sqrt(max(w**2 - s**2, 0))) / FWHM_PER_SD for w, s in zip(wide, own.spacing, strict=True)]
