"""What hangs together with a seed and has intensities like its own."""

import math
from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.boxes import box_of, grown
from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import largest_value
from ..common.connected_to import connected_to
from ..common.connectivity import JOINED, steps
from .growing import grown_regions, near_seeds
from .marked import Marked, marked, refuse_leaks, tell_ends
from .settings import LARGEST_RADIUS, LARGEST_VOLUME


@operation(
    "segmentation.confidence_connected",
    title="Confidence connected (region growing)",
    gives="labels",
    source="Ibanez et al., The ITK Software Guide, 2nd ed., 2005 (confidence connected); Adams & Bischof, IEEE PAMI "
    "16(6), 1994",
)
class ConfidenceConnected:
    """Grow each seed over intensities that are like its own: within some standard deviations (SD) of their mean.

    Mean and SD are those around the seed, and with iterations then those of what was found: that follows uneven things,
    and leaks more often. Where regions of several numbers meet, each voxel goes to the seed with the shortest way to it
    inside them.
    """

    multiplier: Annotated[float, Range(0.1, 10, "SD"), "how far from the mean an intensity may lie"] = 2.0
    iterations: Annotated[int, Range(0, 20), "how often mean and SD are measured again in what was found"] = 0
    radius_mm: Annotated[
        float,
        Range(0, 50, "mm"),
        "half the side (a voxel at least) of the box around a seed that is measured first; 0: none",
    ] = 2.0
    maximum_radius_mm: LARGEST_RADIUS = 30.0
    maximum_volume_mm3: LARGEST_VOLUME = 0.0
    connectivity: JOINED = "face"

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        scene = marked(image, mask, seeds, self.maximum_radius_mm)
        allowed = scene.region
        if self.maximum_radius_mm:
            allowed = allowed & near_seeds(scene, self.maximum_radius_mm)
        learn, grow = progress.parts(2, 1)
        shares = learn.parts(*[1.0] * len(scene.numbers))
        ranges = {
            number: _alike(self, scene, number, allowed, share)
            for number, share in zip(scene.numbers, shares, strict=True)
        }
        labels = grown_regions(scene, ranges, self.connectivity, grow)
        refuse_leaks(labels, scene.grid, self.maximum_volume_mm3)
        tell_ends(scene, labels, self.maximum_radius_mm, mask, progress)
        return scene.labels(labels)


def _alike(
    settings: ConfidenceConnected, scene: Marked, number: int, allowed: np.ndarray, progress: Progress
) -> np.ndarray:
    """Where the image is like the seed of this number, after the last iteration."""
    seeds = scene.seeds == number
    measured = scene.values[_around(seeds, scene, settings.radius_mm) & scene.region]
    for iteration in range(settings.iterations + 1):
        progress(iteration / (settings.iterations + 1), f"Growing seed {number}")
        mean, sd = _mean_and_sd(measured)
        if not sd > 0 and measured.size < 2:
            raise InputError(f"One voxel at seed {number} has no spread to measure: choose a larger radius.")
        # the seed's own values belong to it, as far out as they lie
        own = scene.values[seeds]
        low = min(mean - settings.multiplier * sd, float(own.min()))
        high = max(mean + settings.multiplier * sd, float(own.max()))
        alike = allowed & (scene.values >= low) & (scene.values <= high)
        if _stays_points(seeds, alike, scene, settings.connectivity):
            raise InputError(
                f"Nothing beside seed {number} is like it: move it to where its surroundings are like what is wanted."
            )
        if iteration == settings.iterations:
            break
        measured = scene.values[connected_to(seeds, alike, settings.connectivity)]
    return alike


def _stays_points(seeds: np.ndarray, alike: np.ndarray, scene: Marked, connectivity: str) -> bool:
    """Whether the seeds are single voxels, none painted, and nothing beside them is like them."""
    box = box_of(seeds)
    around, joined = grown(box, scene.grid, 0), steps(connectivity, seeds.ndim)
    own = seeds[around]
    beside = ndimage.binary_dilation(own, joined) & alike[around] & ~own
    return not beside.any() and ndimage.label(own, joined)[1] == np.count_nonzero(own)


def _mean_and_sd(values: np.ndarray) -> tuple[float, float]:
    """Of values (n,) however large: they are divided by a power of two, which is exact, so that squares are finite."""
    unit = math.ldexp(1.0, math.frexp(largest_value(values))[1] - 1) if values.size else 1.0
    scaled = values.astype(np.float64) / unit
    return unit * float(np.mean(scaled)), unit * float(np.std(scaled))


def _around(seeds: np.ndarray, scene: Marked, radius_mm: float) -> np.ndarray:
    """The boxes of this half side around all the seeds."""
    reach = [max(1, round(radius_mm / spacing)) if radius_mm else 0 for spacing in reversed(scene.grid.spacing)]
    sides = [2 * voxels + 1 for voxels in reach]
    return ndimage.maximum_filter(seeds, sides, mode="constant")
