"""Erosion, dilation, opening, closing and morphological gradient of grey values."""

from typing import Annotated, Literal

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .ball import ball_radii, closed, dilated, eroded, opened

RUN = {"erode": eroded, "dilate": dilated, "open": opened, "close": closed}


@operation(
    "enhancement.grey_morphology",
    title="Erode, dilate, open, close",
    gives="image",
    source="Serra, Image analysis and mathematical morphology, 1982; "
    "Haralick, Sternberg & Zhuang, IEEE PAMI 9(4), 1987",
)
class GreyMorphology(ImageFilter):
    """Least or largest value in a ball, and what follows from them.

    Erode shrinks bright structure, dilate grows it; open removes bright detail that the ball does not fit into, close
    dark detail; the gradient is dilation minus erosion. The ball holds the voxels whose centers lie within its radius:
    where voxels are longer than that, it is a disk. Mirrored at the image's border.
    """

    kind: Annotated[Literal["erode", "dilate", "open", "close", "gradient"], "what to do"] = "open"
    radius_mm: Annotated[float, Range(0.1, 20, "mm"), "radius of the ball"] = 2.0

    parallel = True

    def margin(self, grid):
        steps = 2 if self.kind in ("open", "close") else 1
        return tuple(steps * radius for radius in ball_radii(grid, self.radius_mm))

    def apply(self, values, region, place, learned, progress=SILENT):
        given = (self.radius_mm, place.spacing, place.wanted)
        if self.kind == "gradient":
            first, second = progress.parts(1, 1)
            values[place.wanted] = dilated(values, *given, first) - eroded(values, *given, second)
        else:
            values[place.wanted] = RUN[self.kind](values, *given, progress)
        return values
