"""Opening and closing by reconstruction."""

from typing import Annotated, Any, Literal

import numpy as np

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .ball import dilated, eroded
from .connected import Connected, ConnectedFilter, reconstructed, slice_axis

# Voxels that are eroded at a time.
CHUNK_VOXELS = 2_000_000


@operation(
    "enhancement.reconstruction",
    title="Open or close by reconstruction",
    gives="image",
    source="Vincent, IEEE TIP 2(2), 1993; Salembier & Serra, IEEE TIP 4(8), 1995",
)
class Reconstruction(ConnectedFilter):
    """Remove bright (open) or dark (close) structure that a ball does not fit into; all else keeps its exact shape.

    The eroded image is dilated again under the image until nothing changes. The ball holds the voxels whose centers lie
    within its radius. Connected in 3D it is global by nature: its preview takes as long as the whole image.
    """

    kind: Annotated[Literal["open", "close"], "open removes bright structure, close dark structure"] = "open"
    radius_mm: Annotated[float, Range(0.1, 20, "mm"), "radius of the ball"] = 2.0
    connected: Connected = "3D"

    def apply(self, values, region, place, learned, progress=SILENT):
        rising = self.kind == "open"
        shrink = eroded if rising else dilated

        def run(part, share):
            begin, end = share.parts(1, 2)
            return reconstructed(_in_chunks(shrink, part, self.radius_mm, spacing, begin), part, rising, end)

        across = slice_axis(place.grid) if self.connected == "each slice" and values.ndim == 3 else -1
        spacing = [
            s for axis, (s, n) in enumerate(zip(place.spacing, values.shape, strict=True)) if n > 1 and axis != across
        ]
        return self.by_parts(values, place.grid, run, progress)


def _in_chunks(shrink: Any, part: np.ndarray, radius_mm: float, spacing: list[float], progress: Progress) -> np.ndarray:
    """The erosion or dilation, a few planes at a time, since it needs several copies."""
    made = np.empty_like(part)
    if part.ndim < 2:
        whole = tuple(slice(0, n) for n in (1, part.size))
        made[...] = shrink(part.reshape(1, -1), radius_mm, [1.0, *(spacing or [1.0])], whole, progress).reshape(
            part.shape
        )
        return made
    planes = max(1, CHUNK_VOXELS // part[0].size)
    for start in range(0, len(part), planes):
        progress(start / len(part))
        box = (slice(start, min(start + planes, len(part))), *(slice(0, n) for n in part.shape[1:]))
        made[box] = shrink(part, radius_mm, spacing, box)
    return made
