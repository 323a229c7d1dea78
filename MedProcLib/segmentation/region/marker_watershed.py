"""Watershed from seeds: the border between two seeds runs along the strongest edge between them."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.operation import operation
from ...core.progress import SILENT, execute
from ..common.connected_to import connected_to
from ..common.connectivity import CONNECTIVITY
from .edges import edge_strength
from .flooding import in_steps
from .marked import marked, with_surroundings
from .settings import EDGE_SCALE, REACH, SURROUNDINGS


@operation(
    "segmentation.marker_watershed",
    title="Watershed from seeds",
    gives="labels",
    source="Meyer & Beucher, Morphological segmentation, J. Vis. Commun. Image Represent. 1(1), 1990; Beare & Lehmann, "
    "The watershed transform in ITK, Insight Journal, 2006",
)
class MarkerWatershed:
    """Flood the image from the seeds; where floods of two numbers meet is the border between them.

    On the edges (gradient) it follows the strongest closed edge; on the intensities it parts bright or dark objects
    that touch. All voxels near the seeds get a label, so mark the surroundings too, or one object alone: then what is
    beyond the reach counts as surroundings.
    """

    on: Annotated[
        Literal["edges", "bright_objects", "dark_objects"], "border along edges, or along the valley between objects"
    ] = "edges"
    scale_mm: EDGE_SCALE = 1.0
    background_seed: SURROUNDINGS = 0
    reach_mm: REACH = 30.0
    connectivity: Annotated[CONNECTIVITY, "floods pass over shared faces, or also over corners"] = "face"

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        first, second, third = progress.parts(1, 2, 3)
        scene = marked(image, mask, seeds, self.reach_mm, self.background_seed)
        scene = with_surroundings(scene, self.background_seed, self.reach_mm, first)
        if self.on == "edges":
            heights, _ = edge_strength(scene.values, scene.region, scene.grid, self.scale_mm, second)
        else:
            heights = -scene.values if self.on == "bright_objects" else scene.values
        flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
        flood.SetMarkWatershedLine(False)
        flood.SetFullyConnected(self.connectivity == "corner")
        ground = sitk.GetImageFromArray(in_steps(heights, scene.region))
        markers = sitk.GetImageFromArray(scene.seeds.astype(np.uint16))
        labels = sitk.GetArrayFromImage(execute(flood, ground, markers, progress=third, message="Flooding"))
        # pieces of the mask without a seed were reached over the wall only
        reached = connected_to(scene.seeds > 0, scene.region, self.connectivity)
        return scene.labels(np.where(reached, labels, 0))
