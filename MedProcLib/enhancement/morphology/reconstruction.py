"""Opening and closing by reconstruction."""

from typing import Annotated, Literal

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .ball import dilated, eroded
from .connected import Connected, ConnectedFilter, reconstructed, slice_axis


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
        spacing = list(place.spacing)
        if values.ndim == 3 and self.connected == "each slice":
            # farther than the ball reaches: a disk in each slice
            spacing[slice_axis(place.grid)] = 2 * self.radius_mm + 1
        begin, end = progress.parts(1, 2)
        shrink = eroded if rising else dilated
        marker = shrink(values, self.radius_mm, spacing, tuple(slice(0, n) for n in values.shape), begin)
        if values.ndim == 2 or self.connected == "3D":
            return reconstructed(marker.squeeze(), values.squeeze(), rising, end).reshape(values.shape)
        return _in_slices(marker, values, slice_axis(place.grid), rising, end)


def _in_slices(marker, values, axis, rising, progress):
    markers, limits = (array.swapaxes(0, axis) for array in (marker, values))
    for number, (start, limit) in enumerate(zip(markers, limits, strict=True)):
        progress(number / len(limits))
        start[...] = reconstructed(start.squeeze(), limit.squeeze(), rising).reshape(start.shape)
    return marker
