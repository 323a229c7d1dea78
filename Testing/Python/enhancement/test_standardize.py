"""Standardized images agree where the tissue does."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.intensity.standardize import Standardize

from .noise_phantoms import image_of


def test_standardized_images_of_one_tissue_agree():
    rng = np.random.default_rng(0)
    first = rng.normal(200, 12, (30, 30, 30))
    first[:8] = rng.normal(320, 10, (8, 30, 30))
    second = 3.5 * first + 40
    mask = sitk.GetImageFromArray(np.ones(first.shape, np.uint8))
    for method in ("tissue_peak", "z_score", "percentiles"):
        a, b = (sitk.GetArrayFromImage(Standardize(method=method)(image_of(v), mask)) for v in (first, second))
        np.testing.assert_allclose(a, b, atol=0.05 if method == "tissue_peak" else 1e-4)
    peak = sitk.GetArrayFromImage(Standardize()(image_of(first), mask))
    assert peak[8:].mean() == pytest.approx(0, abs=0.2) and peak[8:].std() == pytest.approx(1, abs=0.1)
    score = sitk.GetArrayFromImage(Standardize(method="z_score")(image_of(first), mask))
    assert (score.mean(), score.std()) == pytest.approx((0, 1), abs=1e-4)
    share = sitk.GetArrayFromImage(Standardize(method="percentiles")(image_of(first), mask))
    assert np.percentile(share, (1, 99)) == pytest.approx((0, 1), abs=1e-3)


def test_percentiles_in_the_wrong_order():
    with pytest.raises(InputError, match="below the high"):
        Standardize(method="percentiles", low_percentile=90, high_percentile=10)(image_of(np.eye(8)))


def test_what_is_saturated_does_not_count():
    """Two thirds of a radiograph are air at the detector's highest value: the limb's values say the scale."""
    rng = np.random.default_rng(0)
    values = np.full((80, 90), 1023.0)
    values[:, 30:60] = rng.normal(600, 40, (80, 30))
    mask = sitk.GetImageFromArray(np.ones(values.shape, np.uint8))
    for method in ("tissue_peak", "z_score"):
        limb = sitk.GetArrayFromImage(Standardize(method=method)(image_of(values), mask))[:, 30:60]
        assert (limb.mean(), limb.std()) == pytest.approx((0, 1), abs=0.25), method
    halves = np.repeat([3.0, 7.0], 40)[None] * np.ones((20, 1))
    both = sitk.GetArrayFromImage(
        Standardize(method="z_score")(image_of(halves), sitk.Image(80, 20, sitk.sitkUInt8) + 1)
    )
    np.testing.assert_allclose(np.unique(both), (-1, 1), atol=1e-5)
