"""Edges as thin lines."""

import math
from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import mode_and_sd
from .derivatives import in_blocks
from .gradient_magnitude import gradient, magnitude

# Gradients of which the thresholds are taken: more would not make them better.
ENOUGH_GRADIENTS = 4_000_000


@operation(
    "enhancement.canny",
    title="Edges (Canny)",
    gives="image",
    source="Canny, IEEE PAMI 8(6), 1986; noise from the gradients' distribution: Voorhees and Poggio, ICCV 1987",
)
class Canny(ImageFilter):
    """Mark with 1 the voxels where the image changes most across an edge; 0 elsewhere and outside the mask.

    A weak edge counts where it is connected to a strong one, however far away: a preview needs the whole image.
    """

    sd_mm: Annotated[float, Range(0.1, 20, "mm"), "standard deviation of the Gaussian: smaller edges are lost"] = 1.0
    threshold: Annotated[
        Literal["percentile", "noise"], "whether strong edges are the steepest ones or those well above the noise"
    ] = "percentile"
    percentile: Annotated[float, Range(1, 99.9, "%"), "of voxels that are less steep than a strong edge"] = 90.0
    noise_multiple: Annotated[float, Range(0.5, 200, "SD"), "least gradient of a strong edge, in noise levels"] = 8.0
    weak_share: Annotated[float, Range(1, 100, "%"), "least gradient of a weak edge, of that of a strong one"] = 40.0

    mask_limits = False
    why_global = "edges are followed through the whole image"

    def margin(self, grid):
        return None

    def learn(self, values, region, grid, progress=SILENT):
        """The least gradient of a strong edge."""
        spacing = tuple(reversed(grid.spacing))
        every = max(1, math.ceil(values.size / ENOUGH_GRADIENTS))

        def sample(part):
            if not region[part].any():
                return np.empty(0, values.dtype)
            return magnitude(gradient(values, self.sd_mm, spacing, part))[region[part]][::every]

        steepness = np.concatenate(in_blocks(sample, tuple(slice(0, n) for n in values.shape), progress))
        if self.threshold == "percentile":
            least = float(np.percentile(steepness, self.percentile))
        else:
            least = self.noise_multiple * _noise(steepness, sum(n > 1 for n in values.shape))
        if max(least, float(steepness.max())) <= 1e-6 * float(np.abs(values).max()):
            raise InputError(
                "There are no edges: the image is constant (in the mask), or much smaller than the smoothing in mm."
            )
        return least

    def apply(self, values, region, place, learned, progress=SILENT):
        # 0 none, 1 weak, 2 strong
        level = np.zeros(values.shape, np.uint8)

        def fill(part):
            if region[part].any():
                level[part] = _crests(values, self.sd_mm, place.spacing, part, learned, self.weak_share / 100)

        in_blocks(fill, place.wanted, progress.part(0, 0.8))
        level *= region
        # the values are not needed any more: their memory holds the numbers of the edges
        numbers = values.view(np.int32) if values.dtype == np.float32 else np.empty(values.shape, np.int32)
        count = ndimage.label(level, np.ones((3,) * values.ndim), output=numbers)
        progress(0.9)
        strong = np.zeros(count + 1, bool)
        for plane, edges in zip(level, numbers, strict=True):
            strong[edges[plane == 2]] = True
        strong[0] = False
        for number, edges in enumerate(numbers):
            values[number] = strong[edges]
        return values


def _noise(steepness: np.ndarray, axes: int) -> float:
    """Standard deviation of the gradient's components where there is nothing but noise.

    There the magnitude has a chi distribution, whose most frequent value this is times sqrt(axes - 1).
    """
    steep = steepness[steepness > 1e-6 * float(steepness.max())]
    return mode_and_sd(steep)[0] / max(1.0, math.sqrt(axes - 1)) if steep.size else 0.0


def _crests(values, sd_mm, spacing, part, strong, weak_share) -> np.ndarray:
    """Where the gradient is largest along its own direction: 1 above the weak threshold, 2 above the strong one."""
    around = tuple(slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(part, values.shape, strict=True))
    parts = gradient(values, sd_mm, spacing, around)
    steepness = magnitude(parts)
    inner = tuple(slice(s.start - a.start, s.stop - a.start) for s, a in zip(part, around, strict=True))
    level = np.zeros(steepness[inner].shape, np.uint8)
    found = np.nonzero((steepness[inner] >= weak_share * strong) & (steepness[inner] > 0))
    if found[0].size == 0:
        return level
    at = np.stack([f + i.start for f, i in zip(found, inner, strict=True)])
    here = steepness[tuple(at)]
    # a step along the gradient (mm) in voxels, to the surface of the box of neighboring voxels
    step = np.stack([p[tuple(at)] / s for p, s in zip(parts, spacing, strict=True)])
    step /= np.abs(step).max(axis=0)
    ahead, behind = (ndimage.map_coordinates(steepness, at + sign * step, order=1, mode="nearest") for sign in (1, -1))
    crest = (here > ahead) & (here >= behind)
    level[tuple(f[crest] for f in found)] = 1 + (here[crest] >= strong)
    return level
