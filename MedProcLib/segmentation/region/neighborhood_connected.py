"""What hangs together with a seed in a range of intensities, over broad connections only."""

from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.connectivity import JOINED
from ..common.morphology import distance_to, eroded
from .growing import grown_regions, near_seeds, refuse_seeds_outside
from .marked import marked, refuse_leaks, tell_ends
from .settings import BRIGHTEST, DARKEST, LARGEST_RADIUS, LARGEST_VOLUME


@operation(
    "segmentation.neighborhood_connected",
    title="Neighborhood connected (region growing)",
    gives="labels",
    source="Ibanez et al., The ITK Software Guide, 2nd ed., 2005 (neighborhood connected)",
)
class NeighborhoodConnected:
    """Grow each seed over voxels whose whole neighborhood lies between two limits, so that it passes no thin bridge.

    Where seeds of several numbers lie in one connected region, each voxel goes to the seed with the shortest way to it
    inside the region.
    """

    lower: DARKEST = 100.0
    upper: BRIGHTEST = 1e9
    radius_mm: Annotated[float, Range(0, 20, "mm"), "radius of the neighborhood that must lie in the range"] = 1.5
    rim: Annotated[bool, "give back the rim that the neighborhood costs, where it lies in the range"] = True
    maximum_radius_mm: LARGEST_RADIUS = 0.0
    maximum_volume_mm3: LARGEST_VOLUME = 0.0
    connectivity: JOINED = "face"

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        if self.lower > self.upper:
            raise InputError("The lower threshold is above the upper one: swap them.")
        scene = marked(image, mask, seeds, self.maximum_radius_mm)
        narrow, grow, rim = progress.parts(1, 2, 1)
        in_range = (scene.values >= self.lower) & (scene.values <= self.upper)
        allowed = in_range & scene.region
        if self.maximum_radius_mm:
            allowed &= near_seeds(scene, self.maximum_radius_mm)
        cores = eroded(in_range, scene.grid, self.radius_mm, narrow) & allowed
        refuse_seeds_outside(
            scene, cores, f"{self.lower:g} to {self.upper:g} in a neighborhood of {self.radius_mm:g} mm"
        )
        labels = grown_regions(scene, dict.fromkeys(scene.numbers, cores), self.connectivity, grow)
        if self.rim and self.radius_mm:
            around = allowed & (labels == 0) & (distance_to(labels > 0, scene.grid, rim) <= self.radius_mm)
            labels = np.where(around, _nearest(labels, tuple(reversed(scene.grid.spacing))), labels)
        refuse_leaks(labels, scene.grid, self.maximum_volume_mm3)
        tell_ends(scene, labels, self.maximum_radius_mm, mask, progress)
        return scene.labels(labels)


def _nearest(labels: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """The label nearest to each voxel."""
    index = ndimage.distance_transform_edt(labels == 0, spacing, return_distances=False, return_indices=True)
    return labels[tuple(index)]
