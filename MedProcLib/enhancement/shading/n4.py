"""N4 bias correction, computed on a coarse grid, where the field is as smooth as on the full one."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .coarse_field import CoarseField, Coarsening, mean_inside
from .n4_iteration import SplineFit, sharpened

# N4 takes logarithms: the image is scaled so that its mask has this mean, and darker voxels than 1 are left out.
WORKING_MEAN = 1000.0


@operation(
    "enhancement.n4",
    title="Bias correction (N4)",
    gives="image",
    source="Tustison et al., N4ITK: improved N3 bias correction, IEEE TMI 29(6), 2010",
)
class N4(ImageFilter):
    """Divide out the smooth brightness variation of an MR image that comes from the coils.

    The field is estimated in the mask (in the foreground by Otsu's threshold when there is none) on a coarser image
    and divided out at full resolution. Its mean in the mask is 1, so the intensity scale is kept. Values of 0 or less
    do not take part in the estimation.
    """

    working_spacing_mm: Annotated[
        float, Range(2, 20, "mm"), "voxel side of the coarse image the field is fitted on"
    ] = 4.0
    field_detail_mm: Annotated[float, Range(20, 500, "mm"), "smallest extent over which the field may vary"] = 25.0
    iterations: Annotated[int, Range(1, 500, "iterations"), "most iterations at each of the fitting levels"] = 50
    convergence: Annotated[float, Range(1e-7, 0.1), "stop a level when the field changes less than this"] = 1e-3
    output: Annotated[Literal["corrected", "field"], "the corrected image, or the field it was divided by"] = (
        "corrected"
    )

    mask_limits = False
    learns_in_foreground = True
    parallel = True
    learning_share = 0.9

    learns_from = ("working_spacing_mm", "field_detail_mm", "iterations", "convergence")

    def learn(self, values, region, grid, progress=SILENT):
        coarsening = Coarsening.to_spacing(grid, self.working_spacing_mm)
        field = CoarseField.through(_log_field(self, values, region, coarsening, progress), coarsening)
        return field.plus(-np.log(mean_inside(field, values, region, lambda log, _: np.exp(log))))

    def apply(self, values, region, place, learned, progress=SILENT):
        field = learned.on(place.box)
        np.exp(field, out=field)
        return field if self.output == "field" else values / field


def _log_field(
    settings: N4, values: np.ndarray, region: np.ndarray, coarsening: Coarsening, progress: Progress
) -> np.ndarray:
    """Logarithm of the field on the coarse voxels, z, y, x order. Raises InputError."""
    if sum(size > 1 for size in coarsening.count) < 2:
        raise InputError("Bias correction needs an image that is larger than the working spacing along two axes.")
    coarse, inside = coarsening.samples(values), coarsening.samples(region)
    if not inside.any():
        raise InputError("The mask is finer than the working spacing; choose a smaller working spacing.")
    inside = inside & (coarse > 0)
    if not inside.any():
        raise InputError("Bias correction needs positive intensities; add an offset or choose another mask.")
    scaled = (coarse * (WORKING_MEAN / float(coarse[inside].mean(dtype=np.float64)))).astype(np.float32)
    inside &= scaled > 1
    if np.ptp(scaled[inside]) < 1e-3:
        raise InputError("Bias correction needs an image with contrast; inside the mask this one is constant.")
    return _fitted(settings, scaled, inside, coarsening.spacing, progress)


def _fitted(
    settings: N4, values: np.ndarray, inside: np.ndarray, spacing: tuple[float, ...], progress: Progress
) -> np.ndarray:
    """Logarithm of the bias field. Levels, iterations and the measure of convergence are those of the filter."""
    levels, spans = _levels(values.shape, spacing, settings.field_detail_mm)
    logs = np.log(values[inside].astype(np.float64))
    total = np.zeros(values.shape)
    for level, part in enumerate(progress.parts(*[1.0] * levels)):
        fit = SplineFit(inside, [n * 2**level for n in spans])
        for iteration in range(settings.iterations):
            part(iteration / settings.iterations, f"Fitting the bias field, level {level + 1} of {levels}")
            shaded = logs - total[inside]
            if np.ptp(shaded) == 0:
                return total
            change = fit(shaded - sharpened(shaded))
            total += change
            ratio = np.exp(change[inside])
            if ratio.std() < settings.convergence * ratio.mean():
                break
    return total


def _levels(shape: tuple[int, ...], spacing: tuple[float, ...], detail_mm: float) -> tuple[int, list[int]]:
    """Number of fitting levels and spline spans per axis of the first, so that the spans of the last are detail_mm.

    Each level halves the spans.
    """
    extent = [size * side for size, side in zip(shape, spacing, strict=True)]
    levels = int(np.clip(1 + np.floor(np.log2(max(max(extent) / detail_mm, 1)) + 1e-6), 1, 4))
    return levels, [max(1, round(side / (detail_mm * 2 ** (levels - 1)) + 1e-6)) for side in extent]
