"""Hollow segments."""

from typing import Annotated, Literal

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.shells import layers


@operation(
    "segmentation.hollow",
    title="Hollow",
    gives="labels",
    source="Serra, Image Analysis and Mathematical Morphology, 1982; distances: Maurer et al., IEEE TPAMI 25(2), 2003",
)
class Hollow:
    """Replace each segment by a shell along its surface, as for a wall or a model to be printed.

    The shell lies inside the surface, outside it, or half and half. Outside it takes only background, and between
    segments each voxel belongs to the nearest.
    """

    thickness_mm: Annotated[float, Range(0.01, 100, "mm"), "thickness of the shell, at least a voxel's side"] = 3.0
    side: Annotated[Literal["inside", "outside", "middle"], "where the shell lies to the surface"] = "inside"
    segments: Annotated[str, "segments that are hollowed, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, progress=SILENT):
        inner = {"inside": 1.0, "middle": 0.5, "outside": 0.0}[self.side] * self.thickness_mm
        return layers(labels, -inner, self.thickness_mm - inner, self.segments, progress=progress)
