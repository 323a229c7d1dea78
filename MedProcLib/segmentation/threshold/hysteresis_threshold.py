"""Two thresholds: a strict one finds, a mild one outlines."""

from typing import Annotated, Literal

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import inside, values_of
from ..common.connected_to import connected_to
from ..common.connectivity import CONNECTIVITY


@operation(
    "segmentation.hysteresis_threshold",
    title="Hysteresis threshold",
    gives="labels",
    source="Canny, A computational approach to edge detection, IEEE PAMI 8(6), 1986",
)
class HysteresisThreshold:
    """Mark connected regions beyond a mild threshold that hold a voxel beyond a strict one, as segment 1.

    Noise that crosses only the mild threshold is left out; of what is found the faint rim belongs to it. Both
    thresholds are included.
    """

    outline: Annotated[float, Range(-1e9, 1e9, "intensity"), "mild threshold: where a region ends"] = 100.0
    find: Annotated[float, Range(-1e9, 1e9, "intensity"), "strict threshold: what a region must reach somewhere"] = (
        200.0
    )
    side: Annotated[Literal["bright", "dark"], "regions above or below the thresholds"] = "bright"
    connectivity: Annotated[CONNECTIVITY, "voxels are joined over a shared face, or already over a corner"] = "corner"

    def __call__(self, image, mask=None, progress=SILENT):
        sign = 1 if self.side == "bright" else -1
        if sign * self.find < sign * self.outline:
            raise InputError("The strict threshold is milder than the other one: swap them.")
        values, valid = values_of(image)
        region = inside(mask, valid)
        found = (sign * values >= sign * self.find) & region
        if not found.any():
            extreme = (values[region].max if sign > 0 else values[region].min)()
            beyond, end, other = ("above", "largest", "lower") if sign > 0 else ("below", "smallest", "higher")
            raise InputError(
                f"Nothing is {beyond} {self.find:g}; the {end} value inside is {extreme:g}: choose a {other} "
                "strict threshold."
            )
        outlined = (sign * values >= sign * self.outline) & region
        return Geometry.of(image).image_of(connected_to(found, outlined, self.connectivity, progress))
