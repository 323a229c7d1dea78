"""Lungs in CT where the image cuts them, and air that is none."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy import ct_lungs
from MedProcLib.segmentation.anatomy.ct_lungs import CtLungs

from .torso import torso, truth


def lungs_of(values: np.ndarray, like: sitk.Image, **settings) -> np.ndarray:
    image = sitk.GetImageFromArray(np.rint(values).astype(np.int16))
    image.CopyInformation(like)
    return sitk.GetArrayFromImage(CtLungs(**settings)(image))


def test_a_lung_that_the_round_field_of_view_cuts_open_is_found():
    """Without its side wall: the field ends 30 mm inside the right lung's outer border."""
    image = torso()
    values = sitk.GetArrayFromImage(image)
    y, x = np.mgrid[: values.shape[1], : values.shape[2]] * 3.0
    field = np.hypot(x - 190, y - 120) < 115
    values[:, ~field] = -3024
    found = lungs_of(values, image)
    for side, name in ((1, "lung_right"), (2, "lung_left")):
        known = np.broadcast_to(truth(image)[name], values.shape) & field
        assert 2 * np.count_nonzero((found == side) & known) > 0.95 * (np.count_nonzero(found == side) + known.sum())
    assert not found[:, ~field].any()


def test_sinuses_above_the_lungs_and_gas_beside_them_are_none_of_them():
    """Seven milliliters of half-filled cells, beyond the lungs; gas that is read as -925 HU beside the right one."""
    image = torso(size=(100, 82, 110))
    values, z, y, x = sitk.GetArrayFromImage(image), *(np.indices((110, 82, 100)) * 3.0)
    sinus = (x - 150) ** 2 + (y - 90) ** 2 + (z - 305) ** 2 < 12**2
    values[sinus] = -800 + np.random.default_rng(1).normal(0, 20, np.count_nonzero(sinus))
    gas = (x - 90) ** 2 + (y - 115) ** 2 + (z - 75) ** 2 < 14**2
    values[gas] = -925 + np.random.default_rng(2).normal(0, 8, np.count_nonzero(gas))
    found = lungs_of(values, image, leave_out_airways=False)
    assert not found[sinus | gas].any() and np.count_nonzero(found) > 10_000


def test_a_dark_lobe_between_tissue_is_lung_and_gas_there_is_not():
    """Below the left lung and open to it: once as dark as gas with vessels, once gas alone."""
    image = torso()
    values, (z, y, x) = sitk.GetArrayFromImage(image), np.indices((54, 82, 100)) * 3.0
    lobe = ((x - 205) / 24) ** 2 + ((y - 115) / 30) ** 2 + ((z - 4) / 15) ** 2 < 1
    gas = values.copy()
    gas[lobe] = -1000
    assert not lungs_of(gas, image, leave_out_airways=False)[lobe].any()
    values[lobe] = -975
    values[lobe & (np.hypot((x + 6) % 18 - 9, (y + 6) % 18 - 9) < 2.6)] = -400
    assert (lungs_of(values, image, leave_out_airways=False)[lobe] == 2).mean() > 0.95


def test_a_lung_that_the_image_cuts_is_found_where_an_airway_reaches_its_rim_too():
    """A crop around the right lung's side; in two slices gas runs from it to the other side of the image."""
    image = torso()
    values = sitk.GetArrayFromImage(image)
    values[26:28, 37:41, 25:60] = -1000
    part = np.ascontiguousarray(values[8:46, 30:74, 6:49])
    crop = sitk.GetImageFromArray(part)
    crop.SetSpacing(image.GetSpacing())
    known = truth(image)["lung_right"][8:46, 30:74, 6:49]
    found = lungs_of(part, crop, leave_out_airways=False) > 0
    assert 2 * np.count_nonzero(found & known) > 0.95 * (np.count_nonzero(found) + np.count_nonzero(known))


def test_dense_lung_ends_half_way_to_soft_tissue():
    """Breathed out, and blurred as scanners do: at one threshold for all 6 % of its volume was left out."""
    image = torso()
    values, lung = sitk.GetArrayFromImage(image).astype(float), truth(image)["lung_left"]
    values[lung] += -650 - np.median(values[lung])
    found = lungs_of(ndimage.gaussian_filter(values, (0, 1, 1)), image, leave_out_airways=False) == 2
    assert 0.98 < np.count_nonzero(found) / np.count_nonzero(lung) < 1.02
    assert 2 * np.count_nonzero(found & lung) > 0.985 * (np.count_nonzero(found) + np.count_nonzero(lung))


def test_a_lower_threshold_is_lower_in_usual_lung_too():
    """Lungs of -850 and -650 HU: half way to soft tissue they end at -405 and -305 HU."""
    values = np.full((9, 20, 20), 40.0)
    values[:, 5:15, 5:15] = -850
    grid = Geometry.of(sitk.GetImageFromArray(values))
    ends = {
        hu: [ct_lungs._half_way(np.maximum(values, lung), values < 0, grid, hu)[4, 10, 4] for lung in (-850, -650)]
        for hu in (-200.0, -400.0, -600.0)
    }
    assert ends == {-200: [-200, -200], -400: [-400, pytest.approx(-305)], -600: [-600, pytest.approx(-505)]}
