"""Where tissue changed between two aligned studies, judged by the noise and by what misregistration would make."""

from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from ..core.geometry import Geometry, require_same_grid
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from ..core.statistics import mode_and_sd
from ..segmentation.components import connected_components
from .intensity import blurred, shared

GAINED, LOST = 1, 2


@operation(
    "comparison.detect_change",
    title="Detect change",
    gives=("difference", "change"),
    dimensions=(3,),
    source="Difference in units of its expected SD as in Bosc et al., NeuroImage 20, 2003, with the misregistration "
    "term of Hajnal et al., J. Comput. Assist. Tomogr. 19, 1995; hysteresis: Canny, IEEE PAMI 8(6), 1986",
)
class DetectChange:
    """Find gained (brighter) and lost (darker) tissue between two aligned, intensity-matched studies.

    The difference, other minus first, is smoothed and divided by the SD expected of it at each voxel: noise, and the
    gradient both images share times the misregistration, both estimated from the images. Connected voxels beyond the
    low threshold with one beyond the high threshold are change, where the brighter study is bright enough.
    """

    low: Annotated[float, Range(0, 100, "SD"), "voxels that differ more than this belong to a change"] = 3.5
    high: Annotated[float, Range(0, 100, "SD"), "a change has at least one voxel that differs more than this"] = 5.0
    smoothing_mm: Annotated[float, Range(0, 10, "mm"), "SD of the smoothing of both images"] = 1.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e6, "mm3"), "drop changes smaller than this"] = 15.0
    contrast: Annotated[
        Literal["bright", "any"], "change of bright outliers only (lesions in FLAIR), or of any tissue"
    ] = "bright"
    brightness: Annotated[
        float, Range(-10, 20, "SD"), "how far above the tissue's mode bright outliers are in one of the studies"
    ] = 2.0

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        require_same_grid(fixed, moving, "the first and the other image")
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid = Geometry.of(fixed)
        first, other = (blurred(v, grid, self.smoothing_mm) for v in (first, other))
        progress(0.3, "Comparing")
        score = (other - first) / expected_sd(first, other, region, grid)
        score[~region] = 0
        progress(0.6, "Finding change")
        eligible = region
        if self.contrast == "bright":
            brighter = np.maximum(first, other)
            mode, sd = mode_and_sd(np.concatenate([first[region], other[region]]))
            eligible = region & (brighter > mode + self.brightness * sd)
        change = np.zeros(score.shape, np.uint8)
        for label, signed in ((GAINED, score), (LOST, -score)):
            change[self._hysteresis(signed, eligible, grid)] = label
        return grid.image_of(score.astype(np.float32)), grid.image_of(change)

    def _hysteresis(self, score: np.ndarray, eligible: np.ndarray, grid: Geometry) -> np.ndarray:
        beyond = eligible & (score > self.low)
        numbers, counts = connected_components(grid.image_of(beyond), "corner")
        keep = counts * grid.voxel_volume >= self.minimum_volume_mm3
        keep &= np.bincount(numbers[beyond & (score > self.high)], minlength=counts.size) > 0
        keep[0] = False
        return keep[numbers]


def expected_sd(first: np.ndarray, other: np.ndarray, region: np.ndarray, grid: Geometry) -> np.ndarray:
    """SD (z, y, x) that the difference has at each voxel without any change.

    sqrt(noise² + (misregistration x gradient)²); the gradient is the smaller of both images', because an edge that
    only one of them has is change, not misregistration. Both constants come from the images: robust SD of the
    difference as a function of the gradient.
    """
    gradient = np.minimum(*(_gradient(v, grid) for v in (first, other)))
    size, edges = np.abs(other - first)[region], gradient[region]
    steps = np.percentile(edges, np.linspace(0, 95, 20))
    group = np.digitize(edges, steps)
    noise2, squared = [], []
    for number in range(1, 20):
        here = group == number
        if here.sum() > 30:
            noise2.append((1.4826 * np.median(size[here])) ** 2)
            squared.append(float(np.mean(edges[here] ** 2)))
    floor = max(1e-12, (1e-6 * float(np.ptp(first[region]))) ** 2)
    if len(squared) < 2:
        return np.full(first.shape, np.sqrt(max((1.4826 * np.median(size)) ** 2, floor)))
    slope, intercept = np.polyfit(squared, noise2, 1)
    return np.sqrt(max(intercept, min(noise2), floor) + max(slope, 0.0) * gradient**2)


def _gradient(values: np.ndarray, grid: Geometry) -> np.ndarray:
    squares = np.zeros(values.shape, np.float32)
    for axis, spacing in enumerate(reversed(grid.spacing)):
        if values.shape[axis] > 1:
            squares += ndimage.correlate1d(values, [-0.5 / spacing, 0, 0.5 / spacing], axis, mode="nearest") ** 2
    return np.sqrt(squares)
