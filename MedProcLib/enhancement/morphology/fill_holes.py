"""Filling of dark holes, or leveling of bright peaks, that are closed all around."""

from typing import Annotated, Literal

import numpy as np

from ...core.operation import operation
from ...core.progress import SILENT
from .connected import Connected, ConnectedFilter, reconstructed


@operation(
    "enhancement.fill_holes",
    title="Fill holes",
    gives="image",
    source="Soille, Morphological image analysis, 2nd edition, 2003, section 6.3.7; Vincent, IEEE TIP 2(2), 1993",
)
class FillHoles(ConnectedFilter):
    """Fill each dark hole up to its rim: to the level at which it would overflow to the image's border.

    A hole of any size is filled: a vessel's lumen, a cyst, the air in a bowel loop. Connected in 3D it is global by
    nature: its preview takes as long as the whole image.
    """

    kind: Annotated[Literal["dark holes", "bright peaks"], "fill holes, or level peaks likewise"] = "dark holes"
    connected: Connected = "each slice"

    def apply(self, values, region, place, learned, progress=SILENT):
        dark = self.kind == "dark holes"
        return self.by_parts(values, place.grid, lambda part, share: _filled(part, dark, share), progress)


def _filled(part: np.ndarray, dark: bool, progress) -> np.ndarray:
    marker = np.full_like(part, part.max() if dark else part.min())
    for axis in range(part.ndim):
        for end in (0, -1):
            border = (slice(None),) * axis + (end,)
            marker[border] = part[border]
    return reconstructed(marker, part, not dark, progress)
