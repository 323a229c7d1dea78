"""Pictures are read where no scale is needed, and refused where it is."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.files import read_image_file


def written(path, pixels, is_vector=False):
    sitk.WriteImage(sitk.GetImageFromArray(pixels, isVector=is_vector), str(path))
    return path


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_a_picture_has_its_pixels_and_no_scale(tmp_path, ending):
    pixels = np.arange(120, dtype=np.uint8).reshape(10, 12)
    path = written(tmp_path / f"cells.{ending}", pixels)
    found = read_image_file(path, unscaled=True)
    assert found.kind == "picture" and not found.scaled and found.image.GetSpacing() == (1.0, 1.0)
    assert (sitk.GetArrayFromImage(found.image) == pixels).all()
    with pytest.raises(InputError, match="states no pixel spacing"):
        read_image_file(path)


def test_a_color_picture_is_read_in_color(tmp_path):
    pixels = np.full((20, 30, 3), (200, 40, 90), np.uint8)
    found = read_image_file(written(tmp_path / "stain.jpg", pixels, True), unscaled=True)
    assert np.abs(sitk.GetArrayFromImage(found.image).astype(int) - pixels).max() <= 3


def test_a_page_of_several_is_chosen(tmp_path):
    path = written(tmp_path / "pages.tif", np.stack([np.full((5, 6), n, np.uint8) for n in (10, 20, 30)]))
    with pytest.raises(InputError, match="holds 3 pictures; choose one"):
        read_image_file(path, unscaled=True)
    second = read_image_file(f"{path}#2", unscaled=True).image
    assert second.GetDimension() == 2 and (sitk.GetArrayFromImage(second) == 20).all()
    with pytest.raises(InputError, match="there is no number 4"):
        read_image_file(f"{path}#4", unscaled=True)


def test_a_damaged_picture_is_named(tmp_path):
    path = tmp_path / "cells.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100)
    with pytest.raises(InputError, match="cannot be read"):
        read_image_file(path, unscaled=True)
