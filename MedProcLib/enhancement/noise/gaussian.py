"""Gaussian smoothing."""

from typing import Annotated

from scipy import ndimage

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT

# the Gaussian is cut off where it has fallen to exp(-8) of its peak
TRUNCATE = 4.0


@operation(
    "enhancement.gaussian",
    title="Smooth (Gaussian)",
    gives="image",
    source="Lindeberg, Scale-space theory in computer vision, 1994 (sampled kernel, unit sum)",
)
class Gaussian(ImageFilter):
    """Average each voxel with those around it, weighted by a Gaussian of their distance. Mirrored at the border."""

    sd_mm: Annotated[float, Range(0.05, 50, "mm"), "standard deviation of the Gaussian"] = 0.5

    parallel = True

    def margin(self, grid):
        return tuple(int(TRUNCATE * self.sd_mm / s + 0.5) for s in reversed(grid.spacing))

    def apply(self, values, region, place, learned, progress=SILENT):
        radii, sizes = self.margin(place.whole), place.whole.size[::-1]
        smooth = values
        for axis, (radius, spacing) in enumerate(zip(radii, place.spacing, strict=True)):
            progress.check()
            if radius and sizes[axis] > 1:
                smooth = ndimage.gaussian_filter1d(smooth, self.sd_mm / spacing, axis, mode="reflect", radius=radius)
            # the margin along this axis has served
            smooth = smooth[(slice(None),) * axis + (place.wanted[axis],)]
        values[place.wanted] = smooth
        return values
