"""Competitive growing from seeds, as in GrowCut."""

from typing import Annotated

import numpy as np

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .edges import edge_strength
from .marching import march
from .marked import marked, with_surroundings


@operation(
    "segmentation.grow_from_seeds",
    title="Grow from seeds",
    gives="labels",
    source="Vezhnevets & Konouchine, GrowCut: interactive multi-label N-D image segmentation by cellular automata, "
    "Graphicon 2005; Zhu, Kolesov, Gao, Kikinis & Tannenbaum, An effective interactive medical image segmentation "
    "method using fast GrowCut, MICCAI Workshop on Interactive Methods, 2014 (as a shortest path)",
)
class GrowFromSeeds:
    """Give each voxel to the seed from which the easiest way leads to it: easy in flat tissue, hard across edges.

    The cost of a way is the square of the edge strength (multiples of the gradient of flat tissue) along it, plus its
    length. Mark each object and its surroundings with numbers of their own; of one object alone, what is beyond the
    reach counts as surroundings. Above 200 000 voxels the fronts run on a coarser grid first and on the fine one near
    the borders.
    """

    locality: Annotated[
        float, Range(0.01, 100), "cost of a mm in flat tissue; higher keeps regions nearer to their seeds"
    ] = 0.5
    scale_mm: Annotated[float, Range(0.1, 20, "mm"), "SD of the Gaussian that edges are looked for at"] = 1.0
    background_seed: Annotated[
        int, Range(0, 65535), "number of the seeds that mark surroundings, which become no segment; 0 for none"
    ] = 0
    reach_mm: Annotated[float, Range(0, 1000, "mm"), "work this far around the seeds; 0 is the whole image"] = 30.0

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        first, second, third = progress.parts(1, 2, 4)
        scene = marked(image, mask, seeds, self.reach_mm)
        scene = with_surroundings(scene, self.background_seed, self.reach_mm, first)
        strength, _ = edge_strength(scene.values, scene.region, scene.grid, self.scale_mm, second)
        cost = np.where(scene.region, self.locality + strength**2, np.inf).astype(np.float32)
        _, labels = march(cost, scene.seeds, tuple(reversed(scene.grid.spacing)), progress=third)
        return scene.labels(labels)
