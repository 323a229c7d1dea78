"""Put a second image of the patient where it belongs beside the first, for steps that look at both."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from .register import register
from .result import Verdict


@operation(
    "comparison.align_second",
    title="Align second image",
    gives="second",
    source="Reuter, Rosas, Fischl, NeuroImage 2010; Roche et al., MICCAI 1998 (correlation ratio)",
)
class AlignSecond:
    """Find how a second image lies to the image (rigid), and put it there; its voxels stay as they are.

    For steps that look at two images of one patient, such as T1 and FLAIR of one examination between which the head
    moved. What is refused says why: then the images show other parts or other patients. Without a second image nothing
    is done. Images of two dimensions are taken to lie where their files say.
    """

    metric: Annotated[
        Literal["correlation_ratio", "mutual_information"], "likeness of the images: one modality, or CT with MR or PET"
    ] = "correlation_ratio"
    least_mm: Annotated[
        float, Range(0, 10, "mm"), "a second image that lies nowhere further than this from there is left as it is"
    ] = 0.3

    def __call__(self, image, second=None, progress=SILENT):
        if second is None or image.GetDimension() == 2:
            return second
        if second.GetDimension() != 3:
            raise InputError("The second image is 2D, and the image 3D: choose another volume.")
        found = register(image, second, metric=self.metric, progress=progress)
        if found.verdict is Verdict.FAILED:
            raise InputError("The second image cannot be aligned with the image: " + " ".join(found.reasons))
        corners = Geometry.of(image).corners()
        moved = np.array([found.transform.TransformPoint(point.tolist()) for point in corners])
        if np.linalg.norm(moved - corners, axis=1).max() <= self.least_mm:
            return second
        return _placed(second, found.transform)


def _placed(second: sitk.Image, transform: sitk.Transform) -> sitk.Image:
    """The image with its grid moved. transform: rigid, from points of the first image to points of this one."""
    inverse = transform.GetInverse()
    grid = Geometry.of(second)
    axes = np.reshape(grid.direction, (3, 3))
    origin = inverse.TransformPoint(grid.origin)
    ends = [inverse.TransformPoint((np.array(grid.origin) + axis).tolist()) for axis in axes.T]
    turned = (np.array(ends) - origin).T
    # a turn to the last digit: ITK refuses others
    left, _, right = np.linalg.svd(turned)
    result = sitk.Image(second)
    result.SetOrigin(origin)
    result.SetDirection((left @ right).ravel().tolist())
    return result
