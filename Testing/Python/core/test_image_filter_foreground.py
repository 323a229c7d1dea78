"""Without a mask, a filter that asks for it learns from the foreground, whether or not voxels hold no number."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core import image_filter
from MedProcLib.core.image_filter import ImageFilter, learned_of


class RegionOf(ImageFilter):
    learns_in_foreground = True

    def learn(self, values, region, grid, progress=None):
        return region.copy()


@pytest.fixture
def image():
    values = np.random.default_rng(0).normal(10, 1, (12, 14, 16)).astype(np.float32)
    values[3:9, 4:10, 5:12] += 90
    values[4, 5, 6] = np.nan
    return sitk.GetImageFromArray(values)


@pytest.mark.parametrize("enough", [4_000_000, 400])
def test_the_foreground_is_learned_from(image, monkeypatch, enough):
    monkeypatch.setattr(image_filter, "ENOUGH_VOXELS", enough)
    bright = sitk.GetArrayFromImage(image) > 50
    np.testing.assert_array_equal(learned_of(RegionOf(), image, None), bright)
    assert not bright[4, 5, 6] and bright.sum() == 6 * 6 * 7 - 1


def test_a_mask_goes_before(image):
    mask = sitk.Cast(image < 50, sitk.sitkUInt8)
    np.testing.assert_array_equal(learned_of(RegionOf(), image, mask), sitk.GetArrayFromImage(image) < 50)
