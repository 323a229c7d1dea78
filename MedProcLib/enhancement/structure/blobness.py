"""Blobs from the eigenvalues of the Hessian."""

from typing import Annotated, ClassVar

from ...core.operation import operation
from ...core.parameters import Range
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

    largest_sd_mm: Annotated[float, Range(0.1, 30, "mm"), "coarsest scale (the finest one alone if below it)"] = 2.0
