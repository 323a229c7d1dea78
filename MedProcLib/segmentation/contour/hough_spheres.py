"""Spheres by the Hough transform."""

from typing import Annotated, Literal

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import inside, values_of
from .round_objects import Search, candidates_of, painted, require_found, round_objects


@operation(
    "segmentation.hough_spheres",
    title="Spheres (Hough transform)",
    gives=("labels", "candidates"),
    source="Kimme, Ballard & Sklansky, Finding circles by an array of accumulators, CACM 18(2), 1975 (edges vote along "
    "their gradients), in 3D; Canny, IEEE PAMI 8(6), 1986 (edges)",
    dimensions=(3,),
)
class HoughSpheres:
    """Find spheres whose radius lies in a range, such as nodules, markers and joint heads, best first.

    Edges vote for the centers that they point to; each sphere is then fitted to its edges to a part of a voxel. The
    score is the share of its surface that lies on edges. Each sphere becomes a segment; where they overlap the smaller
    is seen.
    """

    least_radius_mm: Annotated[float, Range(0.1, 500, "mm"), "radius of the smallest sphere"] = 3.0
    largest_radius_mm: Annotated[float, Range(0.1, 500, "mm"), "radius of the largest sphere"] = 15.0
    object_is: Annotated[Literal["bright", "dark", "any"], "against its surroundings"] = "bright"
    least_score: Annotated[float, Range(0.05, 1), "share of a sphere's surface that must be seen as an edge"] = 0.6
    most: Annotated[int, Range(0, 10000), "no more spheres than this, the best; 0: all"] = 0
    sd_mm: Annotated[float, Range(0.1, 20, "mm"), "SD of the Gaussian: smaller edges are lost"] = 1.0
    noise_multiple: Annotated[float, Range(0.5, 200, "SD"), "least gradient of an edge, in noise levels"] = 5.0

    def __call__(self, image, mask=None, progress=SILENT):
        search = Search.of(self)
        if min(image.GetSize()) == 1:
            raise InputError("A single slice shows no spheres: look for circles instead.")
        values, valid = values_of(image)
        grid = Geometry.of(image)
        where = inside(mask, valid)
        spheres, larger = round_objects(values, where, grid.spacing[::-1], search, progress)
        require_found(spheres, larger, search, "sphere", "surface", progress)
        found = [(one, (0, 1, 2)) for one in spheres]
        labels = painted(found, grid)
        labels[~where] = 0
        return grid.image_of(labels), candidates_of(found, grid, "sphere")
