"""The mirror image."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.operation import operation
from ...core.regrid import Regrid
from .orientation import axis_nearest_to

AXES = {"left-right": 0, "anterior-posterior": 1, "superior-inferior": 2}


@operation(
    "enhancement.flip",
    title="Flip (mirror)",
    gives="image",
    source="DICOM PS3.3 C.7.6.2.1.1 (patient coordinates)",
)
class Flip(Regrid):
    """Mirror the anatomy about the center of the image. WARNING: what was left in the patient is then shown right.

    For comparing sides, and for images that were stored mirrored; never to correct how a view shows an image. Along the
    axis of the voxels that is nearest to the one chosen, so that values are kept exactly.
    """

    axis: Annotated[Literal["left-right", "anterior-posterior", "superior-inferior"], "which sides change places"] = (
        "left-right"
    )

    def output_grid(self, grid, learned):
        axis_nearest_to(grid, AXES[self.axis])
        return grid

    def to_input(self, grid, learned):
        n = grid.dimension
        normal = np.reshape(grid.direction, (n, n))[:, axis_nearest_to(grid, AXES[self.axis])]
        transform = sitk.AffineTransform(n)
        transform.SetCenter([float(x) for x in grid.center])
        transform.SetMatrix((np.eye(n) - 2 * np.outer(normal, normal)).ravel().tolist())
        return transform

    def interpolator(self):
        return sitk.sitkNearestNeighbor
