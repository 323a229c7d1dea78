"""Vessels from the eigenvalues of the Hessian."""

from typing import ClassVar

from ...core.operation import operation
from .multiscale import MultiscaleShape


@operation(
    "enhancement.vesselness",
    title="Vessels (Frangi, Sato)",
    gives="image",
    source="Frangi et al., MICCAI 1998; Sato et al., Medical Image Analysis 2(2), 1998",
)
class Vesselness(MultiscaleShape):
    """Bring out tubes: vessels, airways (dark), in a slice any line. The result is 0 outside the mask.

    Scales smaller than half a voxel see differences of neighboring voxels only.
    """

    straight: ClassVar[int] = 1
