"""Top-hat and bottom-hat: bright and dark detail that is narrower than a ball."""

from typing import Annotated, Literal

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..morphology.ball import ball_radii, closed, opened


@operation(
    "enhancement.top_hat",
    title="Top-hat and bottom-hat",
    gives="image",
    source="Meyer, Contrast feature extraction, in: Quantitative analysis of microstructures, 1978; "
    "Soille, Morphological image analysis, 2nd edition, 2003, section 4.5",
)
class TopHat(ImageFilter):
    """Bright detail (image minus its opening) or dark detail (closing minus image) that a ball does not fit into.

    Shading, which is wider, is left out. Enhance adds the bright and subtracts the dark detail. The ball holds the
    voxels whose centers lie within its radius: where voxels are longer than that, it is a disk.
    """

    kind: Annotated[
        Literal["enhance", "bright", "dark"], "image with its detail enhanced, or the bright or dark detail alone"
    ] = "enhance"
    radius_mm: Annotated[float, Range(0.1, 20, "mm"), "radius of the ball: half the width of the detail"] = 2.0
    amount: Annotated[float, Range(0, 5), "of the detail that is added, when enhancing"] = 1.0

    parallel = True

    def margin(self, grid):
        return tuple(2 * radius for radius in ball_radii(grid, self.radius_mm))

    def apply(self, values, region, place, learned, progress=SILENT):
        given = (self.radius_mm, place.spacing, place.wanted)
        inner = values[place.wanted]
        first, second = progress.parts(1, 1)
        if self.kind == "bright":
            detail = inner - opened(values, *given, progress)
        elif self.kind == "dark":
            detail = closed(values, *given, progress) - inner
        else:
            # (image - opening) - (closing - image), added to the image
            detail = 2 * inner - opened(values, *given, first) - closed(values, *given, second)
            detail *= values.dtype.type(self.amount)
            detail += inner
        values[place.wanted] = detail
        return values
