"""Axes along those of the patient, voxels kept."""

from typing import Annotated, Literal

import SimpleITK as sitk

from ...core.operation import operation
from ...core.regrid import Regrid
from .orientation import reoriented


@operation(
    "enhancement.reorient",
    title="Reorient axes",
    gives="image",
    source="DICOM PS3.3 C.7.6.2.1.1 (patient coordinates); codes as in NIfTI-1",
)
class Reorient(Regrid):
    """Store the voxels along other axes. Each keeps its value and its place in the patient exactly.

    Axes are those nearest to the patient's: an oblique image stays oblique (see Straighten).
    """

    axes: Annotated[
        Literal["LPS", "RAS", "LAS", "RPS", "LPI", "RAI", "RPI", "LAI", "LIP", "LIA", "PIL", "PIR", "ASL", "ASR"],
        "where each axis of the image runs to: Left, Right, Anterior, Posterior, Superior, Inferior",
    ] = "LPS"

    def output_grid(self, grid, learned):
        return reoriented(grid, self.axes)

    def interpolator(self):
        return sitk.sitkNearestNeighbor
