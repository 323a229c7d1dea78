"""N4 bias correction, computed on a coarse grid, where the field is as smooth as on the full one."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT, execute
from ..core.voxels import filtered_image, foreground, inside, shrink_factors, values_of

# N4 takes logarithms: the image is scaled so that its mask has this mean, and darker voxels than 1 are left out.
WORKING_MEAN = 1000.0


@operation(
    "enhancement.n4",
    title="Bias correction (N4)",
    gives="image",
    source="Tustison et al., N4ITK: improved N3 bias correction, IEEE TMI 29(6), 2010",
)
class N4:
    """Divide out the smooth brightness variation of an MR image that comes from the coils.

    The field is estimated in the mask (in the foreground by Otsu's threshold when there is none) on a coarser image
    and divided out at full resolution. Its mean in the mask is 1, so the intensity scale is kept. Values of 0 or less
    do not take part in the estimation.
    """

    working_spacing_mm: Annotated[
        float, Range(0.5, 20, "mm"), "voxel side of the coarse image the field is fitted on"
    ] = 4.0
    field_detail_mm: Annotated[float, Range(20, 500, "mm"), "smallest extent over which the field may vary"] = 25.0
    iterations: Annotated[int, Range(1, 500, "iterations"), "most iterations at each of the fitting levels"] = 50
    convergence: Annotated[float, Range(1e-7, 0.1), "stop a level when the field changes less than this"] = 1e-3

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        field = bias_field(self, image, values, region, mask is None, progress)
        return filtered_image(image, values / field, valid)


def bias_field(
    settings: N4, image: sitk.Image, values: np.ndarray, region: np.ndarray, find_foreground: bool, progress=SILENT
) -> np.ndarray:
    """Field in z, y, x order (mean 1 in the region) by which the image is to be divided. Raises InputError."""
    region = region & (values > 0)
    if not region.any():
        raise InputError("Bias correction needs positive intensities; add an offset or choose another mask.")
    mean = float(values[region].mean(dtype=np.float64))
    scaled = (values * (WORKING_MEAN / mean)).astype(np.float32)
    if np.ptp(scaled[region]) < 1e-3:
        raise InputError("Bias correction needs an image with contrast; inside the mask this one is constant.")
    if find_foreground:
        region = foreground(scaled, region)
    region = region & (scaled > 1)

    grid = Geometry.of(image)
    flat = grid.dimension == 3 and 1 in grid.size
    full, inside_full = grid.image_of(scaled), grid.image_of(region)
    if flat:
        full, inside_full = _without_flat_axis(full), _without_flat_axis(inside_full)
    factors = shrink_factors(full, settings.working_spacing_mm)
    coarse, coarse_mask = sitk.Shrink(full, factors), sitk.Shrink(inside_full, factors)
    if not np.any(sitk.GetArrayViewFromImage(coarse_mask)):
        raise InputError("The mask is finer than the working spacing; choose a smaller working spacing.")

    levels, points = _levels(full, settings.field_detail_mm)
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetMaximumNumberOfIterations([settings.iterations] * levels)
    corrector.SetConvergenceThreshold(settings.convergence)
    corrector.SetNumberOfControlPoints(points)
    execute(corrector, coarse, coarse_mask, progress=progress.part(0, 0.8), message="Fitting the bias field")
    field = np.exp(sitk.GetArrayFromImage(corrector.GetLogBiasFieldAsImage(full)))
    field = field.reshape(values.shape)
    progress(1.0, "Dividing by the bias field")
    return field / field[region].mean(dtype=np.float64)


def _levels(image: sitk.Image, detail_mm: float) -> tuple[int, list[int]]:
    """Fitting levels and control points per axis of the first one, so that the last has knots about detail_mm apart.

    Each level halves the distance of the knots; a cubic spline has 3 more control points than spans.
    """
    extent = np.asarray(image.GetSize()) * np.asarray(image.GetSpacing())
    levels = int(np.clip(1 + np.floor(np.log2(max(extent.max() / detail_mm, 1))), 1, 4))
    spans = np.maximum(1, np.round(extent / (detail_mm * 2 ** (levels - 1)))).astype(int)
    return levels, [int(n) + 3 for n in spans]


def _without_flat_axis(image: sitk.Image) -> sitk.Image:
    """The one slice of a single-slice volume as a 2D image (N4 cannot fit a spline over one voxel)."""
    size = list(image.GetSize())
    size[size.index(1)] = 0
    return sitk.Extract(image, size, [0] * 3, sitk.ExtractImageFilter.DIRECTIONCOLLAPSETOIDENTITY)
