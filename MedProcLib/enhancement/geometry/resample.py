"""Voxels of another size."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.regrid import Regrid
from .interpolation import INTERPOLATORS, REACH, blur_radius, blur_sds, blurred, nudge, smallest_value, splinable
from .lanczos import lanczos, lanczos_reach

# Share of a voxel that may be missing at the border: rounding of the spacing is no reason for one more.
SPARED = 0.01


@operation(
    "enhancement.resample",
    title="Resample",
    gives="image",
    source="Cardoso et al., MICCAI 2015 (blur against aliasing); cubic: Unser et al., IEEE TSP 41(2), 1993; "
    "Lanczos: Duchon, J Appl Meteorology 18(8), 1979",
)
class Resample(Regrid):
    """Give the image voxels of another size: isotropic ones, or slices at another distance.

    The new grid is centered on the old one and covers it; a single slice stays one. Cubic and Lanczos interpolation
    are sharper than linear and overshoot at edges; nearest keeps values and pixel type.
    """

    spacing_mm: Annotated[float, Range(0, 50, "mm"), "side of the voxels; 0: the shortest of the image's"] = 0.0
    slice_spacing_mm: Annotated[
        float, Range(0, 50, "mm"), "distance of slices (the image's third axis); 0: as the side of the voxels"
    ] = 0.0
    interpolation: Annotated[
        Literal["linear", "cubic", "nearest", "Lanczos"], "how values between the voxels are found"
    ] = "linear"
    antialias: Annotated[bool, "blur to the size of larger voxels first, so that fine detail leaves no pattern"] = True

    def learn(self, image, mask, progress=SILENT):
        return smallest_value(image)

    def output_grid(self, grid, learned):
        spacing = np.full(grid.dimension, self.spacing_mm or min(grid.spacing))
        if grid.dimension == 3 and self.slice_spacing_mm:
            spacing[2] = self.slice_spacing_mm
        single = np.equal(grid.size, 1)
        spacing[single] = np.array(grid.spacing)[single]
        size = np.maximum(1, np.ceil(grid.extent / spacing - SPARED)).astype(int)
        first = ((np.array(grid.size) - 1) - (size - 1) * spacing / np.array(grid.spacing)) / 2
        return Geometry(
            tuple(int(n) for n in size),
            tuple(float(s) for s in spacing),
            tuple(float(x) for x in grid.points(first)[0]),
            grid.direction,
        )

    def to_input(self, grid, learned):
        kept = self.output_grid(grid, learned) == grid
        return sitk.TranslationTransform(grid.dimension, [0.0] * grid.dimension if kept else nudge(grid))

    def margin(self, grid, output):
        factors = _factors(grid, output)
        if self.interpolation == "Lanczos":
            reach = [lanczos_reach(factor) + 1 for factor in factors]
        else:
            reach = [REACH[self.interpolation] + blur_radius(sd) for sd in blur_sds(factors)]
        return tuple(reversed(reach))

    def smoothed(self, image, output, progress=SILENT):
        if self.interpolation == "Lanczos":
            return lanczos(image, output, self.antialias, progress)
        if self.antialias:
            image = blurred(image, blur_sds(_factors(Geometry.of(image), output)), progress)
        return splinable(image) if self.interpolation == "cubic" else image

    def interpolator(self):
        # what Lanczos gives lies on the new grid already
        return INTERPOLATORS.get(self.interpolation, sitk.sitkLinear)

    def outside(self, learned):
        return learned


def _factors(grid: Geometry, output: Geometry) -> list[float]:
    """How many times as large the voxels become, x, y, z."""
    return [new / old for new, old in zip(output.spacing, grid.spacing, strict=True)]
