"""Plates from the eigenvalues of the Hessian."""

from typing import ClassVar

from ...core.operation import operation
from .multiscale import MultiscaleShape


@operation(
    "enhancement.plateness",
    title="Plates (objectness, Sato)",
    gives="image",
    source="Antiga, Generalizing vesselness, Insight Journal, 2007; Sato et al., IEEE TVCG 6(2), 2000",
)
class Plateness(MultiscaleShape):
    """Bring out sheets: cortical bone, fissures, membranes. In a slice, where a sheet is a line, any line.

    The result is 0 outside the mask. The largest answer is to sheets twice as thick as the scale.
    """

    straight: ClassVar[int] = 2
