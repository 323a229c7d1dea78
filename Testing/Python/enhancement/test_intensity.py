"""Mappings of intensities against formulas, scikit-image and plain numpy; what cannot be mapped is refused."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.intensity import sample as sampling
from MedProcLib.enhancement.intensity.gamma import Gamma
from MedProcLib.enhancement.intensity.histogram_equalization import HistogramEqualization
from MedProcLib.enhancement.intensity.histogram_matching import HistogramMatching
from MedProcLib.enhancement.intensity.logarithm import Logarithm
from MedProcLib.enhancement.intensity.rescale import Rescale
from MedProcLib.enhancement.intensity.sigmoid import Sigmoid
from MedProcLib.enhancement.intensity.standardize import Standardize
from MedProcLib.enhancement.intensity.window import Window


def image_of(values):
    return sitk.GetImageFromArray(np.asarray(values))


def array_of(image):
    return sitk.GetArrayFromImage(image)


@pytest.fixture(scope="module")
def flair(real_flair):
    return array_of(real_flair)[8:26, 40:280:2, 40:280:2].astype(np.float32)


def test_window_is_dicoms_linear_exact():
    values = np.array([[-2000, -161, -160, -60, 40, 140, 240, 241, 3000]], np.int16)
    expected = [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    np.testing.assert_allclose(array_of(Window()(image_of(values)))[0], expected, atol=1e-6)
    kept = array_of(Window(output="clamp_only")(image_of(values)))[0]
    np.testing.assert_array_equal(kept, np.clip(values[0], -160, 240))


def test_rescale_is_scikit_images(flair):
    exposure = pytest.importorskip("skimage.exposure")
    limits = tuple(np.percentile(flair, (2, 98)))
    ours = array_of(Rescale(low_percentile=2, high_percentile=98, output_low=-5, output_high=20)(image_of(flair)))
    peer = exposure.rescale_intensity(flair.astype(float), limits, (-5, 20))
    np.testing.assert_allclose(ours, peer, atol=2e-4)
    clamped = Rescale(limits="values", low_value=50, high_value=300, output="clamp_only")(image_of(flair))
    np.testing.assert_array_equal(array_of(clamped), np.clip(flair, 50, 300))


def test_the_limits_come_from_the_mask_and_all_voxels_are_mapped():
    values = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)
    mask = np.zeros(values.shape, np.uint8)
    mask[2:4] = 1  # 200 to 399
    result = array_of(Rescale(low_percentile=0, high_percentile=100)(image_of(values), image_of(mask)))
    np.testing.assert_allclose(result, np.clip((values - 200) / 199, 0, 1), atol=1e-6)


@pytest.mark.parametrize("power", [0.4, 1, 2.2])
def test_gamma_is_scikit_images(flair, power):
    exposure = pytest.importorskip("skimage.exposure")
    low, high = float(flair.min()), float(flair.max())
    peer = exposure.adjust_gamma((flair.astype(float) - low) / (high - low), power) * (high - low) + low
    np.testing.assert_allclose(array_of(Gamma(gamma=power)(image_of(flair))), peer, rtol=1e-4, atol=1e-2)


def test_sigmoid_is_scikit_images(flair):
    exposure = pytest.importorskip("skimage.exposure")
    scaled = (flair - flair.min()) / np.ptp(flair)
    ours = Sigmoid(limits="values", center=0.4, width=0.5)(image_of(scaled))
    peer = exposure.adjust_sigmoid(scaled.astype(float), cutoff=0.4, gain=10)
    np.testing.assert_allclose(array_of(ours), peer, atol=1e-5)
    low, high = np.percentile(flair, (1, 99))
    measured = array_of(Sigmoid()(image_of(flair)))
    middle = np.abs(flair - (low + high) / 2) < 1e-3 * (high - low)
    np.testing.assert_allclose(measured[middle], 0.5, atol=0.01)


def test_logarithm():
    values = np.array([[0, 1, 9, 65535]], np.uint16)
    np.testing.assert_allclose(array_of(Logarithm()(image_of(values)))[0], np.log1p([0, 1, 9, 65535]), rtol=1e-6)
    signed = np.array([[-1024, 0, 3071]], np.int16)
    with pytest.raises(InputError, match=r"lowest value is -1024.*offset above 1024"):
        Logarithm()(image_of(signed))
    shifted = array_of(Logarithm(negative="shift")(image_of(signed)))[0]
    np.testing.assert_allclose(shifted, np.log([1, 1025, 4096]), rtol=1e-6)
    np.testing.assert_allclose(array_of(Logarithm(offset=1025)(image_of(signed)))[0], np.log([1, 1025, 4096]))
    with pytest.raises(InputError, match="has no logarithm"):
        Logarithm(offset=0)(image_of(values))


def test_equalization_is_scikit_images(flair):
    exposure = pytest.importorskip("skimage.exposure")
    ours = array_of(HistogramEqualization(bins=256)(image_of(flair + np.linspace(0, 0.5, flair.shape[-1], dtype="f"))))
    peer = exposure.equalize_hist(flair + np.linspace(0, 0.5, flair.shape[-1], dtype="f"), 256)
    np.testing.assert_allclose(ours, peer, atol=2e-4)


def test_equalized_shares_are_equally_many(flair):
    result = array_of(HistogramEqualization()(image_of(flair)))
    np.testing.assert_allclose(np.percentile(result, (30, 60, 90)), (0.3, 0.6, 0.9), atol=0.01)


def test_more_bins_than_values_are_mapped_value_by_value():
    values = np.array([[3, 3, 3, 7, 7, 90, 90, 90, 90, 250]], np.uint8)
    result = array_of(HistogramEqualization(bins=65536)(image_of(values)))[0]
    np.testing.assert_allclose(result, [0.3] * 3 + [0.5] * 2 + [0.9] * 4 + [1.0], atol=1e-6)


def test_matching_all_is_scikit_images(flair):
    exposure = pytest.importorskip("skimage.exposure")
    rng = np.random.default_rng(0)
    image = (flair + rng.uniform(0, 1, flair.shape)).astype(np.float32)
    reference = (np.sqrt(np.maximum(flair[:, ::-1], 0)) * 40 + rng.normal(0, 5, flair.shape)).astype(np.float32)
    ours = array_of(
        HistogramMatching(learned_from="all", quantiles=4096)(image_of(image), reference=image_of(reference))
    )
    peer = exposure.match_histograms(image, reference)
    # where few voxels have an intensity the quantiles are further apart than they are
    difference = np.abs(ours - peer) / np.ptp(reference)
    assert np.percentile(difference, 99.9) < 0.002 and difference.max() < 0.01


def test_matching_undoes_a_monotone_change_of_the_foreground(flair):
    """The foreground of both is the same tissue, so the map is found exactly, whatever the ground is."""
    other = 3 * flair + 100
    ours = array_of(HistogramMatching()(image_of(other), reference=image_of(flair)))
    np.testing.assert_allclose(ours, flair, atol=0.01 * np.ptp(flair))
    assert np.sqrt(np.mean((ours - flair) ** 2)) < 0.002 * np.ptp(flair)


def test_matching_of_a_reference_on_another_grid_and_with_nan(flair):
    reference = flair[3:12, 10:100, 10:100].copy()
    reference[0, 0] = np.nan
    result = array_of(HistogramMatching()(image_of(flair), reference=image_of(reference)))
    assert np.isfinite(result).all()
    with pytest.raises(InputError, match="The reference holds no number"):
        HistogramMatching()(image_of(flair), reference=image_of(np.full((4, 4, 4), np.nan, np.float32)))
    with pytest.raises(InputError, match="needs a reference"):
        HistogramMatching()(image_of(flair), reference=None)


@pytest.mark.parametrize(
    "enhance", [Rescale(), Gamma(), Sigmoid(), HistogramEqualization(), Standardize()], ids=lambda e: type(e).__name__
)
def test_constant_images_are_refused(enhance):
    with pytest.raises(InputError, match="constant"):
        enhance(sitk.Image(8, 8, 8, sitk.sitkInt16) + 5)
    values = np.random.default_rng(0).normal(100, 5, (8, 8, 8)).astype(np.float32)
    values[2:4] = 7
    mask = np.zeros(values.shape, np.uint8)
    mask[2:4] = 1
    with pytest.raises(InputError, match="constant"):
        enhance(image_of(values), image_of(mask))


def test_settings_that_contradict_each_other():
    image = image_of(np.arange(27.0).reshape(3, 3, 3))
    for enhance in (
        Rescale(low_percentile=60, high_percentile=40),
        Rescale(limits="values", low_value=5, high_value=5),
        Gamma(low_percentile=50, high_percentile=50),
    ):
        with pytest.raises(InputError, match="below the high"):
            enhance(image)
    with pytest.raises(InputError, match="contrast would be lost"):
        Rescale(output_low=3, output_high=3)(image)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32])
def test_integers_do_not_overflow(kind):
    """Results beyond the type of the image: the result is of floating point."""
    limits = np.iinfo(kind)
    values = np.array([[limits.min, 0, limits.max // 2, limits.max]], kind)
    result = Rescale(low_percentile=0, high_percentile=100, output_low=-1e6, output_high=1e6)(image_of(values))
    assert result.GetPixelID() == sitk.sitkFloat32
    assert array_of(result)[
        0,
        (0, -1),
    ].tolist() == pytest.approx([-1e6, 1e6])
    assert (np.diff(array_of(result)[0].astype(float)) >= 0).all()


def test_a_large_image_is_sampled_and_keeps_its_extremes(monkeypatch):
    values = np.random.default_rng(0).normal(0, 1, (40, 50, 60)).astype(np.float32)
    values[7, 7, 7], values[9, 9, 9] = -50, 60
    region = np.ones(values.shape, bool)
    whole = np.percentile(values, (10, 90))
    monkeypatch.setattr(sampling, "ENOUGH_VALUES", 20_000)
    assert sampling.percentiles(values, region, (0, 100)) == (-50, 60)
    assert sampling.percentiles(values, region, (10, 90)) == pytest.approx(whole, abs=0.03)
    assert sampling.sample(values, region).size < 21_000
