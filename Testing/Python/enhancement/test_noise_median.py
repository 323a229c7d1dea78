"""The median filter against scipy's."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.enhancement.noise.median import Median
from MedProcLib.enhancement.noise.selection_network import median_network, middle

from .noise_phantoms import image_of


@pytest.mark.parametrize("count", [1, 3, 5, 7, 9, 19, 27, 33, 57])
def test_the_network_finds_the_median(count):
    arrays = list(np.random.default_rng(count).integers(0, 20, (count, 400)).astype(np.float32))
    before = [a.copy() for a in arrays]
    np.testing.assert_array_equal(middle(arrays), np.median(arrays, axis=0))
    np.testing.assert_array_equal(arrays, before)


def test_the_network_is_as_small_as_merging_makes_it():
    """Of the 27 log2(27)^2 / 4 or so comparisons of a full sort, less what the median does not need."""
    assert len(median_network(27)) < 150


@pytest.mark.parametrize(
    "spacing, radius", [((1, 1, 1), 1.5), ((0.8, 0.8, 1.5), 2.5), ((1, 1, 6), 2.3), ((3, 3, 3), 1)]
)
def test_it_is_the_median_of_the_ball(spacing, radius):
    values = np.random.default_rng(0).normal(0, 1, (11, 18, 23)).astype(np.float32)
    result = sitk.GetArrayFromImage(Median(radius_mm=radius)(image_of(values, spacing)))
    z, y, x = np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij")
    at_least = max(radius, min(spacing))
    ball = (x * spacing[0]) ** 2 + (y * spacing[1]) ** 2 + (z * spacing[2]) ** 2 <= at_least**2 + 1e-5
    np.testing.assert_array_equal(result, ndimage.median_filter(values, footprint=ball, mode="reflect"))


def test_outliers_vanish_and_a_step_stays():
    values = np.zeros((30, 30), np.float32)
    values[:, 15:] = 100
    hit = values.copy()
    hit[3::7, 2::6] = 1000
    np.testing.assert_array_equal(sitk.GetArrayFromImage(Median()(image_of(hit))), values)
