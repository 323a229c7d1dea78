"""Geodesic active contours."""

from typing import Annotated

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .edge_potential import edge_potential
from .level_set import Forces
from .moving import Cubes, moved
from .start import each_object


@operation(
    "segmentation.geodesic_active_contour",
    title="Geodesic active contour",
    gives="labels",
    source="Caselles, Kimmel & Sapiro, Geodesic active contours, IJCV 22(1), 1997; Cohen & Cohen, IEEE PAMI 15(11), "
    "1993 (potential by the distance to edges)",
)
class GeodesicActiveContour:
    """Let a contour grow from seeds (or a segment) until edges stop it, and draw it onto them.

    What counts as an edge is learned from the gradients where it starts; weak edges stop it where strong ones do, and
    smoothness lets it pass no gap that is narrow. Each seed label is an object of its own, which starts from its seeds
    grown by the radius, or from its segment if segments are given. Where objects overlap, a voxel goes to the one
    whose start is nearest. Leaks end at the reach. In soft tissue, whose edges are weak, more smoothness (a fifth of
    the object's radius and more) keeps it in.
    """

    start_radius_mm: Annotated[float, Range(0, 100, "mm"), "seeds are grown by this to make the first contour"] = 3.0
    reach_mm: Annotated[float, Range(1, 300, "mm"), "the contour goes no farther than this from where it starts"] = 30.0
    sd_mm: Annotated[float, Range(0.1, 20, "mm"), "SD of the Gaussian for the gradient: smaller edges are lost"] = 1.0
    edge_sd: Annotated[
        float, Range(0, 100, "SD"), "least gradient of an edge above those at the start, in their robust SD"
    ] = 4.0
    edge_step: Annotated[
        float,
        Range(0, 1e6, "intensity"),
        "step of intensity that is an edge for sure; 0: by the gradients at the start",
    ] = 0.0
    propagation: Annotated[float, Range(-1, 1), "drive outward; negative: inward, from a contour around the object"] = (
        1.0
    )
    smoothness_mm: Annotated[float, Range(0, 20, "mm"), "bends of a smaller radius are smoothed, gaps closed"] = 2.0
    advection: Annotated[float, Range(0, 10), "pull onto the edges nearby"] = 1.0
    iterations: Annotated[int, Range(1, 5000, "iterations"), "most steps, of about half a voxel each"] = 300

    def __call__(self, image, seeds=None, labels=None, mask=None, progress=SILENT):
        def forces(cubes: Cubes) -> Forces:
            potential = edge_potential(
                cubes.values,
                cubes.side,
                cubes.start,
                max(self.sd_mm, 0.5 * cubes.side),
                self.edge_sd,
                self.edge_step / cubes.scale,
            )
            return Forces(
                self.propagation * potential, self.smoothness_mm / cubes.side * potential, self.advection * potential
            )

        def find(patch, share):
            return moved(patch, forces, self.sd_mm, self.iterations, share)

        return each_object(image, seeds, labels, mask, self.start_radius_mm, self.reach_mm, find, progress)
