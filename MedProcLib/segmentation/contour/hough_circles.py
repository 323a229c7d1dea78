"""Circles by the Hough transform."""

from typing import Annotated, Literal

import numpy as np

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from .round_objects import Round, Search, candidates_of, painted, require_found, round_objects


@operation(
    "segmentation.hough_circles",
    title="Circles (Hough transform)",
    gives=("labels", "candidates"),
    source="Kimme, Ballard & Sklansky, Finding circles by an array of accumulators, CACM 18(2), 1975 (edges vote along "
    "their gradients); Canny, IEEE PAMI 8(6), 1986 (edges)",
)
class HoughCircles:
    """Find circles whose radius lies in a range, such as vessels cut across, cells and markers, best first.

    Edges vote for the centers that they point to; each circle is then fitted to its edges to a part of a voxel. The
    score is the share of its outline that lies on edges. Each disk becomes a segment; where they overlap the smaller is
    seen. In a volume every slice (across its third axis) is searched by itself: one object gives a disk in each.
    """

    least_radius_mm: Annotated[float, Range(0.01, 500, "mm"), "radius of the smallest circle"] = 3.0
    largest_radius_mm: Annotated[float, Range(0.01, 500, "mm"), "radius of the largest circle"] = 15.0
    object_is: Annotated[Literal["bright", "dark", "any"], "against its surroundings"] = "bright"
    least_score: Annotated[float, Range(0.05, 1), "share of a circle's outline that must be seen as an edge"] = 0.7
    most: Annotated[int, Range(0, 10000), "no more circles than this, the best; 0: all"] = 0
    sd_mm: Annotated[float, Range(0.01, 20, "mm"), "SD of the Gaussian: smaller edges are lost"] = 1.0
    noise_multiple: Annotated[float, Range(0.5, 200, "SD"), "least gradient of an edge, in noise levels"] = 5.0

    def __call__(self, image, mask=None, progress=SILENT):
        search = Search.of(self)
        values, valid = values_of(image)
        where, grid = inside(mask, valid), Geometry.of(image)
        found, larger = self._found(search, values, where, grid, progress)
        require_found(found, larger, search, "circle", "outline", progress)
        labels = painted(found, grid)
        labels[~where] = 0
        return grid.image_of(labels), candidates_of(found, grid, "circle")

    def _found(
        self, search: Search, values: np.ndarray, where: np.ndarray, grid: Geometry, progress: Progress
    ) -> tuple[list[tuple[Round, tuple[int, ...]]], bool]:
        """Circles with the array axes that they extend along, best first; and whether there are larger ones."""
        spacing = grid.spacing[::-1]
        if values.ndim == 2 or min(values.shape) == 1:
            axes = tuple(axis for axis, n in enumerate(values.shape) if n > 1)
            if len(axes) < 2:
                return [], False
            circles, larger = round_objects(values, where, spacing, search, progress)
            return [(one, axes) for one in circles], larger
        found: list[tuple[Round, tuple[int, ...]]] = []
        any_larger = False
        for z, share in enumerate(progress.parts(*[1.0] * len(values))):
            share.check()
            if not where[z].any():
                continue
            circles, larger = round_objects(values[z], where[z], spacing[1:], search, share)
            any_larger |= larger
            for one in circles:
                center = np.array([z * spacing[0], *one.center])
                found.append((Round(center, one.radius, one.score), (1, 2)))
        found.sort(key=lambda pair: -pair[0].score)
        return found[: self.most or None], any_larger
