"""The zone along the surface of segments."""

from typing import Annotated

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.shells import layers


@operation(
    "segmentation.boundary",
    title="Boundary zone",
    gives="labels",
    source="Gradients by erosion and dilation: Beucher, Serra in Image Analysis and Mathematical Morphology, 1982; "
    "distances: Maurer et al., IEEE TPAMI 25(2), 2003",
)
class Boundary:
    """Replace each segment by the zone between two distances from its surface, such as a rim or a ring around a tumor.

    Distances are negative inside: -2 to 2 mm is a rim on both sides, 2 to 5 mm a ring around a gap. Outside, the zone
    takes only background, and between segments each voxel belongs to the nearest. A mask limits it outside.
    """

    from_mm: Annotated[float, Range(-200, 200, "mm"), "where the zone begins; negative is inside the segment"] = -2.0
    to_mm: Annotated[float, Range(-200, 200, "mm"), "where the zone ends; negative is inside the segment"] = 2.0
    segments: Annotated[str, "segments that are replaced, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, mask=None, progress=SILENT):
        if self.from_mm >= self.to_mm:
            raise InputError("The zone ends before it begins, so nothing would be left: swap the two distances.")
        return layers(labels, self.from_mm, self.to_mm, self.segments, mask, progress)
