"""A contour that settles on the zero crossings of the Laplacian."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...enhancement.morphology.ball import dilated
from ...enhancement.structure.derivatives import derivatives, in_blocks
from ..common.morphology import distance_to
from .level_set import Forces
from .moving import Cubes, moved
from .start import Patch, each_object

# A Laplacian is compared with the strongest one within this many SD of the smoothing.
REACH_SD = 2.0
# A Laplacian below this share of the strongest ones is no edge.
LEAST_SHARE = 0.05


@operation(
    "segmentation.laplacian_level_set",
    title="Laplacian level set (refine a contour)",
    gives="labels",
    source="Kimmel & Bruckstein, Regularized Laplacian zero crossings as optimal edge integrators, IJCV 53(3), 2003",
)
class LaplacianLevelSet:
    """Move a rough contour onto the edge nearby, where the second derivative changes its sign.

    It corrects a segment that is about right (an older one, a threshold's, a hand-drawn one): far from an edge nothing
    drives it. Each label is an object of its own; seeds grown by the radius serve when there are no segments.
    Where objects overlap, a voxel goes to the one whose start is nearest.
    """

    start_radius_mm: Annotated[float, Range(0, 100, "mm"), "seeds are grown by this to make the first contour"] = 5.0
    reach_mm: Annotated[float, Range(0.5, 100, "mm"), "the contour goes no farther than this from where it starts"] = (
        5.0
    )
    sd_mm: Annotated[float, Range(0.1, 20, "mm"), "SD of the Gaussian for the derivatives: how far an edge is felt"] = (
        1.5
    )
    object_is: Annotated[
        Literal["automatic", "bright", "dark"], "against its surroundings; automatic: as it is at the start"
    ] = "automatic"
    smoothness_mm: Annotated[float, Range(0, 20, "mm"), "bends of a smaller radius are smoothed"] = 0.5
    iterations: Annotated[int, Range(1, 5000, "iterations"), "most steps, of about half a voxel each"] = 100

    def __call__(self, image, seeds=None, labels=None, mask=None, progress=SILENT):
        def find(patch, share):
            sign = self._sign(patch)

            def forces(cubes: Cubes) -> Forces:
                sd = max(self.sd_mm, cubes.side)
                curve = _laplacian(cubes.values, sd, cubes.side)
                whole = tuple(slice(0, n) for n in curve.shape)
                strength = np.abs(curve)
                least = max(LEAST_SHARE * float(np.percentile(strength, 99.9)), float(np.finfo(np.float32).tiny))
                nearby = dilated(strength, REACH_SD * sd, (cubes.side,) * curve.ndim, whole)
                return Forces(-sign * curve / np.maximum(nearby, least), self.smoothness_mm / cubes.side)

            return moved(patch, forces, self.sd_mm, self.iterations, share)

        return each_object(image, seeds, labels, mask, self.start_radius_mm, self.reach_mm, find, progress)

    def _sign(self, patch: Patch) -> int:
        if self.object_is != "automatic":
            return 1 if self.object_is == "bright" else -1
        around = (distance_to(patch.start, patch.grid) <= self.reach_mm) & ~patch.start
        if not around.any():
            raise InputError("The first contour fills the image, so there is nothing to tell it from: start smaller.")
        return 1 if float(patch.values[patch.start].mean()) >= float(patch.values[around].mean()) else -1


def _laplacian(values: np.ndarray, sd_mm: float, side: float) -> np.ndarray:
    orders = [tuple(2 * (axis == i) for axis in range(values.ndim)) for i in range(values.ndim)]
    result = np.empty_like(values)

    def fill(part):
        result[part] = sum(derivatives(values, orders, sd_mm, (side,) * values.ndim, part))

    in_blocks(fill, tuple(slice(0, n) for n in values.shape))
    return result
