"""Brain mask of an MR image of the head."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry, resample
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from ..core.voxels import inside, isotropic_grid, values_of
from .morphology import closed, dilated, distance_to, eroded, filled, largest

# The work is done on voxels of this side: fine enough for the skull, and alike for all slice thicknesses.
WORKING_MM = 1.5


@operation(
    "segmentation.brain_mask",
    title="Brain mask",
    gives="mask",
    source="Threshold, opening, largest piece and closing as in Dogdas et al., Segmentation of skull and scalp in 3-D "
    "human MRI using mathematical morphology, Hum. Brain Mapp. 26, 2005",
)
class BrainMask:
    """Outline the brain in an MR image of the head (FLAIR, T1, T2) with skull, eyes and neck.

    Tissue as bright as the middle of the head is kept, bridges through eyes, vessels and nerves are cut by opening,
    the largest piece is the brain, and closing brings in ventricles and sulci.
    """

    lowest: Annotated[
        float, Range(0.1, 0.95), "darkest tissue, as share of the brightness in the middle of the head"
    ] = 0.55
    highest: Annotated[float, Range(1.05, 10), "brightest tissue, as multiple of that brightness"] = 2.0
    opening_mm: Annotated[float, Range(0, 20, "mm"), "radius that cuts bridges to other tissue"] = 4.0
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the dents (sulci, ventricles) that are filled"] = 8.0

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        grid, work = on_working_grid(image, values, region)
        return brain_on_grid(self, image, grid, work, progress)


def on_working_grid(image: sitk.Image, values: np.ndarray, region: np.ndarray) -> tuple[Geometry, np.ndarray]:
    """Isotropic grid over the image and the region's values (z, y, x) on it, scaled to 1 at most; 0 elsewhere."""
    source = Geometry.of(image)
    grid = isotropic_grid(source, WORKING_MM)
    selected = np.where(region, values, 0)
    largest_value = float(np.abs(selected).max())
    if not largest_value > 0:
        raise InputError("The image is 0 everywhere (inside the mask), so there is no head to find in it.")
    whole = source.image_of((selected / largest_value).astype(np.float32))
    blur = [np.sqrt(max(WORKING_MM**2 - s**2, 0)) / 2.355 for s in source.spacing]
    for axis, sigma in enumerate(blur):
        if sigma > 0 and source.size[axis] >= 4:
            whole = sitk.RecursiveGaussian(whole, sigma, False, sitk.RecursiveGaussianImageFilter.ZeroOrder, axis)
    return grid, sitk.GetArrayFromImage(resample(_extended(whole), grid))


def brain_on_grid(settings: BrainMask, image: sitk.Image, grid: Geometry, work: np.ndarray, progress=SILENT):
    steps = iter(progress.parts(1, 1, 1, 1, 1, 2, 1))
    foreground = sitk.GetArrayFromImage(sitk.OtsuThreshold(grid.image_of(work), 0, 1)) != 0
    if foreground.all() or not foreground.any() or np.ptp(work) == 0:
        raise InputError("The image has no contrast between head and background, so no brain can be found in it.")
    depth = distance_to(~filled(foreground, grid, next(steps)), grid, next(steps))
    middle = float(np.median(work[(depth > 0.6 * depth.max()) & foreground]))
    tissue = (work > settings.lowest * middle) & (work < settings.highest * middle)
    cores = eroded(tissue, grid, settings.opening_mm, next(steps))
    if not cores.any():
        raise InputError("No tissue is left after opening: choose a smaller opening radius or other brightness limits.")
    core = largest(cores, grid, next(steps))
    brain = dilated(core, grid, settings.opening_mm + WORKING_MM / 2, next(steps)) & tissue
    brain = filled(closed(brain, grid, settings.closing_mm, next(steps)), grid, next(steps))
    smooth = resample(_extended(grid.image_of(brain.astype(np.float32))), Geometry.of(image))
    return sitk.BinaryThreshold(smooth, 0.5, 2.0)


def _extended(image: sitk.Image) -> sitk.Image:
    """The image with its border voxels repeated once, for a finer or coarser grid's centres lie outside its own."""
    one = [1] * image.GetDimension()
    return sitk.ZeroFluxNeumannPad(image, one, one)
