"""Outlines at half height: disks of unlike brightness on an uneven ground, through the preset for nuclei too."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.cleanup.half_height import HalfHeight
from MedProcLib.segmentation.presets.presets import preset_named
from MedProcLib.segmentation.threshold.auto_threshold import AutoThreshold

from .phantoms import array

CENTERS = [(y, x) for y in range(30, 200, 35) for x in range(30, 260, 35)]
BRIGHTNESS = [20.0, 60.0, 200.0]
RADIUS = 9


def disks() -> tuple[sitk.Image, np.ndarray]:
    """Blurred disks, ten times as bright as others, on a ground that rises to the right; and their numbers."""
    y, x = np.mgrid[:220, :280]
    truth, light = np.zeros(y.shape, np.uint8), np.zeros(y.shape)
    for number, (cy, cx) in enumerate(CENTERS, 1):
        disk = np.hypot(y - cy, x - cx) < RADIUS
        truth[disk], light[disk] = number, BRIGHTNESS[number % 3]
    noise = np.random.default_rng(0).normal(0, 1, y.shape)
    values = ndimage.gaussian_filter(light, 1.2) + 10 + 0.05 * x + noise
    return sitk.GetImageFromArray(values.astype(np.float32)), truth


@pytest.mark.parametrize("side", ["bright", "dark"])
def test_dim_and_bright_disks_get_their_own_size(side):
    image, truth = disks()
    generous = sitk.GetImageFromArray(ndimage.grey_dilation(truth, (3, 3)))
    image = image if side == "bright" else 300 - image
    found = array(HalfHeight(side)(image, generous))
    sizes = np.bincount(found.ravel())[1:] / np.bincount(truth.ravel())[1:]
    assert sizes.min() > 0.9 and sizes.max() < 1.1


def test_a_picture_loaded_as_a_volume_of_one_slice_gets_the_same_outlines():
    """With a dark spot in each disk, which is part of it."""
    image, truth = disks()
    y, x = np.indices(truth.shape)
    values = array(image)
    for cy, cx in CENTERS:
        values[np.hypot(y - cy, x - cx) < 3] = 0
    found, of_slice = (
        array(HalfHeight()(sitk.GetImageFromArray(values[at]), sitk.GetImageFromArray(truth[at]))).reshape(truth.shape)
        for at in (..., None)
    )
    np.testing.assert_array_equal(found, of_slice)
    assert all(found[center] == number for number, center in enumerate(CENTERS, 1))


def test_the_square_root_finds_what_is_a_third_as_bright_as_others():
    image, truth = disks()
    linear, root = (array(AutoThreshold(scale=scale)(image)) > 0 for scale in ("linear", "square root"))
    middle = np.isin(truth, np.flatnonzero([n % 3 == 1 for n in range(truth.max() + 1)]))
    assert linear[middle].mean() < 0.1 and root[middle].mean() > 0.8


def test_the_preset_for_nuclei_finds_those_a_third_as_bright():
    image, truth = disks()
    found = array(preset_named("nuclei").recipe().run(image=image)["labels"])
    for number in range(1, truth.max() + 1):
        disk = truth == number
        same = found == np.bincount(found[disk]).argmax()
        if number % 3:
            assert np.count_nonzero(disk & same) > 0.7 * np.count_nonzero(disk | same)


def test_segments_without_a_ground_are_refused():
    image, truth = disks()
    with pytest.raises(InputError, match="no ground is left"):
        HalfHeight()(image, sitk.GetImageFromArray(np.ones_like(truth)))
