"""Denoising, smoothing and standardization against known truth and a peer."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.noise import noise_sd
from MedProcLib.core.statistics import median_and_sd, mode_and_sd
from MedProcLib.enhancement.intensity.standardize import Standardize
from MedProcLib.enhancement.noise.curvature_diffusion import CurvatureDiffusion, time_steps
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans


def psnr(values, truth):
    return 10 * np.log10(truth.max() ** 2 / np.mean((values - truth) ** 2))


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


@pytest.mark.parametrize("share", [0.03, 0.06])
def test_non_local_means_is_no_worse_than_scikit_image(real_flair, share):
    restoration = pytest.importorskip("skimage.restoration")
    truth = sitk.GetArrayFromImage(real_flair)[16:20, 60:220, 60:220].astype(np.float32)
    noise = float(share * truth.max())
    noisy = truth + np.random.default_rng(0).normal(0, noise, truth.shape).astype(np.float32)
    peer = max(psnr(np.stack([_peer(restoration, s, h * noise, noise) for s in noisy]), truth) for h in (0.5, 0.6, 0.8))
    ours = NonLocalMeans(noise=noise, search_radius_mm=3)(image_of(noisy, real_flair.GetSpacing()))
    assert psnr(sitk.GetArrayFromImage(ours), truth) >= peer > psnr(noisy, truth) + 1


def _peer(restoration, plane, h, sigma):
    return restoration.denoise_nl_means(
        plane, patch_size=3, patch_distance=4, h=h, sigma=sigma, fast_mode=True, preserve_range=True
    )


def test_non_local_means_is_the_plain_definition():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (9, 10, 11)).astype(np.float32)
    result = sitk.GetArrayFromImage(NonLocalMeans(noise=1, strength=0.7, search_radius_mm=2)(image_of(values)))
    padded = np.pad(values, 3, mode="reflect").astype(float)
    for z, y, x in ((4, 5, 5), (0, 0, 0), (8, 9, 10), (3, 0, 7)):
        patch = padded[z + 2 : z + 5, y + 2 : y + 5, x + 2 : x + 5]
        total = mean = 0.0
        for dz, dy, dx in np.ndindex(5, 5, 5):
            other = padded[z + dz : z + dz + 3, y + dy : y + dy + 3, x + dx : x + dx + 3]
            weight = np.exp(-max(np.mean((patch - other) ** 2) - 2, 0) / 0.7**2)
            total, mean = total + weight, mean + weight * other[1, 1, 1]
        assert result[z, y, x] == pytest.approx(mean / total, abs=1e-4)


def test_rician_bias_is_removed():
    rng = np.random.default_rng(2)
    truth = np.full((40, 40, 20), 3.0)
    truth[20:] = 20.0
    magnitude = np.hypot(truth + rng.normal(0, 2, truth.shape), rng.normal(0, 2, truth.shape))
    plain, corrected = (
        sitk.GetArrayFromImage(NonLocalMeans(noise=2, rician=rician)(image_of(magnitude))) for rician in (False, True)
    )
    assert plain[3:15].mean() > 3.4
    assert corrected[3:15].mean() == pytest.approx(3.0, abs=0.25)
    assert corrected[25:].mean() == pytest.approx(20.0, abs=0.1)


def test_thick_slices_are_not_mixed():
    values = np.zeros((3, 32, 32))
    values[1] = 100
    noisy = values + np.random.default_rng(0).normal(0, 2, values.shape)
    result = sitk.GetArrayFromImage(NonLocalMeans(noise=2, strength=5)(image_of(noisy, (1, 1, 6))))
    assert np.abs(result - values).max() < 3


def test_only_the_mask_changes():
    values = np.random.default_rng(0).normal(50, 5, (20, 20, 20)).astype(np.float32)
    mask = np.zeros(values.shape, np.uint8)
    mask[5:15, 5:15, 5:15] = 1
    for enhance in (NonLocalMeans(), CurvatureDiffusion()):
        result = sitk.GetArrayFromImage(enhance(image_of(values), sitk.GetImageFromArray(mask)))
        np.testing.assert_array_equal(result[mask == 0], values[mask == 0])
        assert result[mask == 1].std() < 0.7 * values[mask == 1].std()


@pytest.mark.parametrize("shape, spacing", [((30, 60, 60), (5.0, 1.0, 1.0)), ((120, 120), (1.0, 1.0))])
def test_noise_is_measured_over_structure(shape, spacing):
    rng = np.random.default_rng(0)
    mesh = np.meshgrid(*[np.linspace(0, 1, n) for n in shape], indexing="ij")
    structure = 300 * mesh[-1] + 200 * (mesh[-2] > 0.5)
    values = structure + rng.normal(0, 7, shape)
    everywhere = np.ones(shape, bool)
    assert noise_sd(values, spacing, everywhere) == pytest.approx(7, rel=0.08)
    assert noise_sd(1e300 * values, spacing, everywhere) == pytest.approx(7e300, rel=0.08)
    assert noise_sd(np.full(shape, 5.0), spacing, everywhere) == 0


def test_noise_added_to_a_real_image_adds_in_quadrature(real_flair):
    """The image's own noise is correlated by the scanner's interpolation; it must count all the same."""
    values = sitk.GetArrayFromImage(real_flair)[10:28].astype(np.float32)
    spacing = real_flair.GetSpacing()[::-1]
    head = values > 60
    own = noise_sd(values, spacing, head)
    assert own > 8
    for added in (20, 40):
        noisy = values + np.random.default_rng(0).normal(0, added, values.shape)
        assert noise_sd(noisy, spacing, head) == pytest.approx(np.hypot(own, added), rel=0.07)


def test_robust_statistics_stand_outliers():
    rng = np.random.default_rng(0)
    tissue, outliers = rng.normal(100, 8, 20000), rng.uniform(150, 400, 3000)
    values = np.concatenate([tissue, outliers])
    assert mode_and_sd(values) == pytest.approx((100, 8), rel=0.06)
    assert median_and_sd(tissue) == pytest.approx((100, 8), rel=0.03)


def test_diffusion_removes_a_small_disc_and_keeps_a_large_one():
    y, x = np.mgrid[:128, :128] * 0.5
    small = (x - 16) ** 2 + (y - 16) ** 2 < 1.5**2
    large = (x - 42) ** 2 + (y - 42) ** 2 < 14**2
    image = image_of(100.0 * (small | large), (0.5, 0.5))
    result = sitk.GetArrayFromImage(CurvatureDiffusion(scale_mm=2.0, conductance=100)(image))
    assert result[small].max() < 35
    assert result[84, 84] == pytest.approx(100, abs=0.5)
    assert np.count_nonzero(result > 50) * 0.25 == pytest.approx(np.pi * 14**2, rel=0.03)


@pytest.mark.parametrize("spacing", [(0.2, 0.2, 5.0), (1.0, 1.0, 1.0), (3.0, 3.0, 3.0)])
def test_diffusion_steps_are_stable_and_add_up(spacing):
    image = image_of(np.random.default_rng(0).normal(0, 1, (12, 40, 40)), spacing)
    step, count = time_steps(image, 1.5)
    assert step * count == pytest.approx(1.5**2 / 2)
    assert step <= min(spacing) ** 2 / 16 + 1e-12
    result = sitk.GetArrayFromImage(CurvatureDiffusion(scale_mm=1.5, conductance=50)(image))
    values = sitk.GetArrayFromImage(image)
    assert values.min() <= result.min() and result.max() <= values.max()


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
