"""Color pictures (ultrasound, microscopy, photographs) as gray ones."""

import numpy as np
import SimpleITK as sitk

from .geometry import Geometry

# luma of ITU-R BT.601-7, 2.5.1
WEIGHTS = (0.299, 0.587, 0.114)
COLOR_TYPES = {sitk.sitkVectorUInt8, sitk.sitkVectorUInt16}
NOTE = "a color picture: its brightness (ITU-R BT.601) is used"


def is_color(image: sitk.Image) -> bool:
    """Whether an image holds red, green and blue, with or without opacity: 3 or 4 unsigned values a pixel."""
    return image.GetPixelID() in COLOR_TYPES and image.GetNumberOfComponentsPerPixel() in (3, 4)


def brightness(image: sitk.Image) -> sitk.Image:
    """The gray image of a color one, of the same type and grid; opacity is left out. Slice by slice, to save memory."""
    values = sitk.GetArrayViewFromImage(image)
    gray = np.empty(values.shape[:-1], values.dtype)
    for plane, target in zip(values, gray, strict=True):
        np.rint(plane[..., :3] @ np.asarray(WEIGHTS), out=target, casting="unsafe")
    return Geometry.of(image).image_of(gray)
