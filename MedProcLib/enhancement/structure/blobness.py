"""Blobs from the eigenvalues of the Hessian."""

from typing import ClassVar

from ...core.operation import operation
from .multiscale import MultiscaleShape


@operation(
    "enhancement.blobness",
    title="Blobs (objectness, Sato)",
    gives="image",
    source="Antiga, Generalizing vesselness, Insight Journal, 2007; Sato et al., IEEE TVCG 6(2), 2000",
)
class Blobness(MultiscaleShape):
    """Bring out balls: nodules, lymph nodes, microbleeds (dark). The result is 0 outside the mask."""

    straight: ClassVar[int] = 0
