"""Oblique images on axes of the patient."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.progress import SILENT
from ...core.regrid import Regrid
from .interpolation import INTERPOLATORS, REACH, nudge, smallest_value, splinable
from .orientation import nearest_axes


@operation(
    "enhancement.straighten",
    title="Straighten",
    gives="image",
    source="DICOM PS3.3 C.7.6.2.1.1 (patient coordinates); cubic: Unser et al., IEEE TSP 41(2), 1993",
)
class Straighten(Regrid):
    """Resample an oblique image onto axes along the patient's, each the nearest to the one it replaces.

    The grid is as large as it takes to hold the whole image, its spacing is kept, and voxels outside the image get its
    smallest value. The anatomy stays where it is.
    """

    interpolation: Annotated[
        Literal["linear", "cubic", "nearest"], "how values between the voxels are found; nearest keeps the pixel type"
    ] = "linear"

    def learn(self, image, mask, progress=SILENT):
        return smallest_value(image)

    def output_grid(self, grid, learned):
        n = grid.dimension
        patient, senses = nearest_axes(grid)
        direction = np.zeros((n, n))
        for axis, (along, sense) in enumerate(zip(patient, senses, strict=True)):
            direction[along, axis] = sense
        if np.abs(direction - np.reshape(grid.direction, (n, n))).max() < 1e-6:
            return grid
        # how far the image, edges of its voxels included, reaches along the new axes from its center
        oblique = np.reshape(grid.direction, (n, n)) * grid.extent
        reach = np.abs(direction.T @ oblique).sum(axis=1)
        spacing = np.array(grid.spacing)
        size = np.maximum(1, np.ceil(reach / spacing - 1e-3)).astype(int)
        origin = grid.center - direction @ ((size - 1) / 2 * spacing)
        return Geometry(
            tuple(int(k) for k in size),
            grid.spacing,
            tuple(float(x) for x in origin),
            tuple(float(x) for x in direction.ravel()),
        )

    def to_input(self, grid, learned):
        kept = self.output_grid(grid, learned) is grid
        return sitk.TranslationTransform(grid.dimension, [0.0] * grid.dimension if kept else nudge(grid))

    def margin(self, grid, output):
        return (REACH[self.interpolation],) * grid.dimension

    def smoothed(self, image, output, progress=SILENT):
        return splinable(image) if self.interpolation == "cubic" else image

    def interpolator(self):
        return INTERPOLATORS[self.interpolation]

    def outside(self, learned):
        return learned
