"""Competitive growing from seeds, as in GrowCut."""

from typing import Annotated

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .following import Following
from .settings import EDGE_SCALE, LIKENESS, REACH, SURROUNDINGS


@operation(
    "segmentation.grow_from_seeds",
    title="Grow from seeds",
    gives="labels",
    source="Vezhnevets & Konouchine, GrowCut: interactive multi-label N-D image segmentation by cellular automata, "
    "Graphicon 2005; Zhu, Kolesov, Gao, Kikinis & Tannenbaum, An effective interactive medical image segmentation "
    "method using fast GrowCut, MICCAI Workshop on Interactive Methods, 2014 (as a shortest path); Bai & Sapiro, A "
    "geodesic framework for fast interactive image and video segmentation and matting, ICCV 2007 (likelihood)",
)
class GrowFromSeeds:
    """Give each voxel to the seed from which the easiest way leads to it: easy in flat tissue, hard across edges.

    The cost of a way is the square of the edge strength (multiples of the gradient of flat tissue) along it, plus its
    length. An edge is also where intensities like those at one seed give way to such as at another. Mark each object
    and its surroundings with numbers of their own, or one object alone: what is beyond the reach, and not like the
    object, is surroundings then. Above 200 000 voxels the fronts run on a coarser grid first and on the fine one near
    the borders.
    """

    likeness: LIKENESS = 1.0
    locality: Annotated[
        float, Range(0.01, 100), "cost of a mm in flat tissue; higher keeps regions nearer to their seeds"
    ] = 0.5
    scale_mm: EDGE_SCALE = 1.0
    background_seed: SURROUNDINGS = 0
    reach_mm: REACH = 30.0

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        return self.following()(image, seeds, mask, progress)

    def following(self) -> Following:
        """The same on seeds that change: computes only what these reach; see Following."""
        return Following(self)
