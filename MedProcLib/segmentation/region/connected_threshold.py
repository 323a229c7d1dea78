"""What hangs together with a seed in a range of intensities."""

from ...core.errors import InputError
from ...core.operation import operation
from ...core.progress import SILENT
from ..common.connectivity import JOINED
from .growing import grown_regions, near_seeds, refuse_seeds_outside
from .marked import marked, refuse_leaks, tell_ends
from .settings import BRIGHTEST, DARKEST, LARGEST_RADIUS, LARGEST_VOLUME


@operation(
    "segmentation.connected_threshold",
    title="Connected threshold (region growing)",
    gives="labels",
    source="Adams & Bischof, Seeded region growing, IEEE PAMI 16(6), 1994",
)
class ConnectedThreshold:
    """Grow each seed over the neighbors whose intensity lies between two limits, both included.

    Where seeds of several numbers lie in one connected region, each voxel goes to the seed with the shortest way to it
    inside the region.
    """

    lower: DARKEST = 100.0
    upper: BRIGHTEST = 1e9
    maximum_radius_mm: LARGEST_RADIUS = 0.0
    maximum_volume_mm3: LARGEST_VOLUME = 0.0
    connectivity: JOINED = "face"

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        if self.lower > self.upper:
            raise InputError("The lower threshold is above the upper one: swap them.")
        scene = marked(image, mask, seeds, self.maximum_radius_mm)
        allowed = scene.region & (scene.values >= self.lower) & (scene.values <= self.upper)
        refuse_seeds_outside(scene, allowed, f"{self.lower:g} to {self.upper:g}")
        if self.maximum_radius_mm:
            allowed &= near_seeds(scene, self.maximum_radius_mm)
        ranges = dict.fromkeys(scene.numbers, allowed)
        labels = grown_regions(scene, ranges, self.connectivity, progress)
        refuse_leaks(labels, scene.grid, self.maximum_volume_mm3)
        tell_ends(scene, labels, self.maximum_radius_mm, mask, progress)
        return scene.labels(labels)
