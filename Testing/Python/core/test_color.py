"""Color pictures become gray ones; other images of several values do not."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.color import brightness, is_color


@pytest.mark.parametrize(("type_", "white"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5)])
@pytest.mark.parametrize("values", [3, 4])
def test_brightness_keeps_type_grid_and_white(type_, white, shape, values):
    pixels = np.zeros((*shape, values), type_)
    pixels[..., 3:] = 7
    pixels[..., 0, 1, :3] = white
    pixels[..., 0, 2, 1] = 100
    image = sitk.GetImageFromArray(pixels, isVector=True)
    image.SetSpacing((0.5, 2.0, 3.0)[: len(shape)])
    assert is_color(image)
    gray = brightness(image)
    assert gray.GetSpacing() == image.GetSpacing() and gray.GetNumberOfComponentsPerPixel() == 1
    found = sitk.GetArrayFromImage(gray)
    assert found.dtype == type_ and (found[..., 0, 1] == white).all() and (found[..., 0, 2] == 59).all()
    assert np.count_nonzero(found) == 2 * np.prod(shape[:-2], dtype=int)


@pytest.mark.parametrize("image", [sitk.Image([3, 3], sitk.sitkVectorFloat32, 3), sitk.Image([3, 3], sitk.sitkUInt8)])
def test_fields_of_vectors_and_gray_images_are_no_color(image):
    assert not is_color(image)
