"""Edge-preserving smoothing by curvature diffusion."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, execute
from ...core.voxels import filtered_image, inside, values_of


@operation(
    "enhancement.curvature_diffusion",
    title="Smooth (curvature diffusion)",
    gives="image",
    source="Whitaker & Xue, Variable-conductance, level-set curvature for image denoising, ICIP 2001",
)
class CurvatureDiffusion:
    """Smooth along contours of equal brightness, less where they are steep: noise and small detail go, edges stay.

    Mirrored at the image's border. With a mask, all is smoothed but only voxels inside it change.
    """

    scale_mm: Annotated[
        float, Range(0.1, 10, "mm"), "smooth as long as a Gaussian of this standard deviation takes to spread"
    ] = 1.0
    conductance: Annotated[float, Range(0.1, 100), "steepness, relative to the mean, that is still smoothed over"] = 3.0

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        # the filter squares its values: scaled to 1 they cannot overflow
        scale = float(np.abs(values[valid]).max())
        if scale == 0 or np.ptp(values[valid]) == 0:
            return filtered_image(image, values, valid)
        step, count = time_steps(image, self.scale_mm)
        diffusion = sitk.CurvatureAnisotropicDiffusionImageFilter()
        diffusion.SetTimeStep(step)
        diffusion.SetNumberOfIterations(count)
        diffusion.SetConductanceParameter(self.conductance)
        scaled = Geometry.of(image).image_of((values / scale).astype(np.float32))
        smooth = sitk.GetArrayFromImage(execute(diffusion, scaled, progress=progress, message="Smoothing"))
        return filtered_image(image, np.where(region, smooth.astype(values.dtype) * scale, values), valid)


def time_steps(image: sitk.Image, scale_mm: float) -> tuple[float, int]:
    """Length (mm²) and number of equal steps that make the diffusion time scale²/2 and are stable on these voxels.

    A step is stable up to side²/2^(d+1) in d dimensions; the filter itself allows side/2^(d+1), in mm.
    """
    side = min(image.GetSpacing())
    longest = min(side**2, side) / 2 ** (image.GetDimension() + 1)
    time = scale_mm**2 / 2
    count = max(1, int(np.ceil(time / longest)))
    return time / count, count
