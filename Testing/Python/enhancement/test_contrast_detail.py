"""Sharpening, detail boost and local normalization against analytic images and the plain way."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.contrast.detail_boost import DetailBoost
from MedProcLib.enhancement.contrast.laplacian import Laplacian
from MedProcLib.enhancement.contrast.local_normalization import LocalNormalization
from MedProcLib.enhancement.contrast.unsharp_mask import UnsharpMask


def run(operation, values, spacing_zyx=None, mask=None):
    def image_of(array):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(tuple(spacing_zyx or (1.0,) * array.ndim)[::-1])
        return image

    image = image_of(np.asarray(values, np.float32))
    return sitk.GetArrayFromImage(operation(image, None if mask is None else image_of(mask.astype(np.uint8))))


def disk(side=120, radius=25, height=100.0):
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return height * (np.hypot(y, x) < radius)


def test_unsharp_mask_is_its_formula_in_mm():
    values = np.random.default_rng(0).normal(100, 20, (12, 30, 32))
    spacing = (2.5, 0.8, 0.6)
    blurred = ndimage.gaussian_filter(values, [1.5 / s for s in spacing], mode="reflect")
    result = run(UnsharpMask(sd_mm=1.5, amount=0.7, threshold=0), values, spacing)
    np.testing.assert_allclose(result, values + 0.7 * (values - blurred), atol=2e-3)


def test_unsharp_mask_amplifies_a_wave_by_what_the_gaussian_takes():
    x = np.arange(200.0)
    wave = np.tile(10 * np.sin(2 * np.pi * x / 8), (40, 1))
    result = run(UnsharpMask(sd_mm=1.5, amount=2, threshold=0), wave)
    gain = 1 + 2 * (1 - np.exp(-((2 * np.pi / 8 * 1.5) ** 2) / 2))
    np.testing.assert_allclose(result[:, 20:-20], gain * wave[:, 20:-20], atol=0.02)


def test_the_threshold_spares_flat_noise_and_keeps_the_edge_steeper():
    truth = ndimage.gaussian_filter(disk(), 1.5)
    noisy = truth + np.random.default_rng(1).normal(0, 2, truth.shape)
    plain, spared = (run(UnsharpMask(sd_mm=2, amount=1.5, threshold=t), noisy) for t in (0, 3))
    flat = truth == 0
    assert plain[flat].std() > 2 * noisy[flat].std()
    assert spared[flat].std() < 1.1 * noisy[flat].std()
    slopes = [np.abs(np.diff(ndimage.gaussian_filter(v, (3, 0))[58:62], axis=1)).max() for v in (noisy, spared)]
    assert slopes[1] > 1.15 * slopes[0]


@pytest.mark.parametrize("padding", [-3024, -2000])
def test_padding_around_the_circle_of_a_ct_is_not_sharpened(padding):
    """It got 960 HU darker and air beside it 990 brighter; farther in than the Gaussian reaches nothing is another."""
    air = -1000 + np.random.default_rng(4).normal(0, 10, (3, 120, 120))
    radius = np.hypot(*np.mgrid[-59.5:60, -59.5:60])
    result = run(UnsharpMask(), np.where(radius < 55, air, padding), (3, 0.5, 0.5))
    assert np.all(result[:, radius >= 55] == padding)
    assert np.abs(result - air)[:, radius < 55].max() < 50
    whole = run(UnsharpMask(threshold=0), air, (3, 0.5, 0.5))
    cut = run(UnsharpMask(threshold=0), np.where(radius < 55, air, padding), (3, 0.5, 0.5))
    np.testing.assert_allclose(cut[:, radius < 46], whole[:, radius < 46], atol=1e-2)


def test_laplacian_of_a_quadratic_is_its_second_derivative():
    spacing = (3.0, 1.0, 0.5)
    z, y, x = (n * s for n, s in zip(np.mgrid[:8, :12, :14].astype(float), spacing, strict=True))
    values = 2 * x**2 - 0.5 * y**2 + 0.25 * z**2 + 3 * x * y - 7
    inner = (slice(1, -1),) * 3
    result = run(Laplacian(kind="laplacian"), values, spacing)
    np.testing.assert_allclose(result[inner], 4 - 1 + 0.5, atol=1e-2)
    sharp = run(Laplacian(amount=0.8), values, spacing)
    np.testing.assert_allclose(sharp[inner], (values - 0.8 * 0.5**2 / 4 * 3.5)[inner], atol=1e-3)


def test_laplacian_sharpening_in_a_plane_is_the_kernel_of_the_textbooks():
    values = np.random.default_rng(2).normal(0, 10, (20, 22))
    kernel = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4
    expected = values + 1.5 * ndimage.correlate(values, kernel, mode="reflect")
    np.testing.assert_allclose(run(Laplacian(amount=1.5), values), expected, atol=2e-3)


def test_detail_boost_with_gains_of_one_changes_nothing():
    values = np.random.default_rng(3).normal(100, 20, (8, 30, 32))
    result = run(DetailBoost(fine_gain=1, medium_gain=1, coarse_gain=1), values)
    np.testing.assert_allclose(result, values, atol=1e-3)


@pytest.mark.parametrize("band, wavelength", [("fine_gain", 4), ("medium_gain", 8), ("coarse_gain", 20)])
def test_each_gain_amplifies_waves_of_its_size(band, wavelength):
    finest = 1.0
    x = np.arange(240.0)
    wave = np.tile(0.2 * np.sin(2 * np.pi * x / wavelength), (40, 1))
    # far away, so that the range is large and the wave is weak
    wave[:, 230:] += 1000
    quiet = {"fine_gain": 1, "medium_gain": 1, "coarse_gain": 1, "coring": 0, "finest_mm": finest}
    result = run(DetailBoost(**(quiet | {band: 3})), wave)
    passed = [np.exp(-((2 * np.pi / wavelength * s * finest) ** 2) / 2) for s in (1, 2, 4)]
    share = {"fine_gain": 1 - passed[0], "medium_gain": passed[0] - passed[1], "coarse_gain": passed[1] - passed[2]}
    middle = (slice(None), slice(40, 160))
    gain = np.ptp(result[middle]) / np.ptp(wave[middle])
    assert gain == pytest.approx(1 + 2 * share[band], rel=0.02)
    assert share[band] == max(share.values())


def test_detail_boost_lifts_weak_detail_without_halos_or_noise():
    rng = np.random.default_rng(4)
    truth = disk(160, 50, 400.0)
    detail = 12.0 * (np.hypot(*(np.mgrid[:160, :160] - 79.5)) < 3)
    noise = rng.normal(0, 2, truth.shape)
    image = truth + detail + noise
    boosted = run(DetailBoost(finest_mm=1, fine_gain=2, medium_gain=3, coarse_gain=2), image)
    plain = run(UnsharpMask(sd_mm=2, amount=2, threshold=0), image)
    near, around = (np.hypot(*(np.mgrid[:160, :160] - 79.5)) < r for r in (2, 12))
    flat = (
        (truth > 0) & ~ndimage.binary_dilation(around, iterations=15) & ndimage.binary_erosion(truth > 0, iterations=15)
    )
    contrast = boosted[near].mean() - np.median(boosted[flat])
    assert contrast > 1.5 * 12
    uncored = run(DetailBoost(finest_mm=1, fine_gain=2, medium_gain=3, coarse_gain=2, coring=0), image)
    assert boosted[flat].std() < 1.5 * image[flat].std() < 0.8 * uncored[flat].std()
    # what the edge of 400 overshoots by, beside the plain mask's
    halo, plain_halo = (v.max() - (400 + 12) for v in (boosted, plain))
    assert halo < 0.35 * plain_halo and plain_halo > 150


def test_local_normalization_is_the_mean_and_sd_of_a_gaussian_window():
    rng = np.random.default_rng(5)
    x = np.linspace(0, 4, 160)
    values = 100 + 40 * np.sin(x) + rng.normal(0, 1, (150, 160)) * (5 + 4 * x)
    sd = 12.0
    weight = ndimage.gaussian_filter(np.ones_like(values), sd, mode="constant")
    mean = ndimage.gaussian_filter(values, sd, mode="constant") / weight
    spread = np.sqrt(ndimage.gaussian_filter(values**2, sd, mode="constant") / weight - mean**2)
    result = run(LocalNormalization(sd_mm=sd, least_percent=1), values)
    expected = (values - mean) / spread
    assert np.abs(result - expected).max() < 0.15
    assert np.corrcoef(result.ravel(), expected.ravel())[0, 1] > 0.9995


def test_shading_and_gain_are_gone_after_local_normalization():
    rng = np.random.default_rng(6)
    texture = rng.normal(0, 1, (24, 60, 64))
    gain = np.linspace(1, 5, 64)
    result = run(LocalNormalization(sd_mm=8, least_percent=1), 5 * gain + 10 * gain * texture, (2, 1, 1))
    assert np.corrcoef(result.ravel(), texture.ravel())[0, 1] > 0.93
    assert [result[..., c].std() for c in (slice(5, 20), slice(-20, -5))] == pytest.approx([1, 1], abs=0.15)


def test_local_normalization_counts_the_mask_only():
    rng = np.random.default_rng(7)
    values = rng.normal(50, 5, (30, 40, 40))
    mask = np.zeros(values.shape, bool)
    mask[5:25, 8:32, 8:32] = True
    other = np.where(mask, values, 1e4)
    first, second = (run(LocalNormalization(sd_mm=6), v, mask=mask)[mask] for v in (values, other))
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert (second.mean(), second.std()) == pytest.approx((0, 1), abs=0.1)


def test_flat_background_is_not_blown_up():
    values = np.zeros((80, 120))
    values[:, 60:] = np.random.default_rng(8).normal(0, 100, (80, 60))
    values[:, :60] = np.random.default_rng(9).normal(0, 1, (80, 60))
    result = run(LocalNormalization(sd_mm=6, least_percent=10), values)
    assert result[:, :30].std() < 0.2
    with pytest.raises(InputError, match="constant"):
        run(LocalNormalization(), np.full((20, 20), 3.0))
