"""Wavelet shrinkage against the transform written the plain way, known noise and a real image."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.enhancement.noise.gaussian import Gaussian
from MedProcLib.enhancement.noise.wavelet_shrinkage import (
    WaveletShrinkage,
    level_steps,
    noise_gains,
    smoothed,
    sure_threshold,
)


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


def test_a_level_is_the_plain_convolution():
    values = np.random.default_rng(0).normal(0, 1, (3, 20, 17))
    expected = values
    for axis, distance in enumerate((1, 4, 2)):
        taps = np.zeros(2 * distance + 1)
        taps[[0, distance, -1]] = 0.25, 0.5, 0.25
        expected = ndimage.convolve1d(expected, taps, axis, mode="reflect")
    np.testing.assert_allclose(smoothed(values, (1, 4, 2)), expected, atol=1e-12)


@pytest.mark.parametrize("spacing, steps", [
    ((1, 1, 1), ((1, 1, 1), (2, 2, 2))),
    ((0.5, 0.5, 4), ((0, 1, 1), (0, 2, 2), (0, 4, 4))),
    ((1, 1, 2), ((0, 1, 1), (1, 2, 2))),
    ((6, 6, 6), ((1, 1, 1),)),
])  # fmt: skip
def test_levels_are_alike_in_mm_along_all_axes(spacing, steps):
    grid = Geometry.of(image_of(np.zeros((20, 20, 20)), spacing))
    assert level_steps(grid, 4.0) == steps


def test_noise_spreads_over_the_levels_as_computed():
    steps = ((1, 1, 1), (2, 2, 2), (4, 4, 4))
    smooth = np.random.default_rng(0).normal(0, 1, (64, 64, 64))
    for step, gain in zip(steps, noise_gains(steps), strict=True):
        coarser = smoothed(smooth, step)
        assert (smooth - coarser).std() == pytest.approx(gain, rel=0.06)
        smooth = coarser


def test_details_that_are_not_shrunk_add_up_to_the_image():
    values = np.random.default_rng(0).normal(100, 20, (12, 30, 30))
    kept = sitk.GetArrayFromImage(WaveletShrinkage(method="hard", noise=1e-6)(image_of(values)))
    np.testing.assert_allclose(kept, values, rtol=1e-5)


def test_pure_noise_is_left_with_the_coarse_part_only():
    """A threshold far above the noise leaves the smoothest level, whose noise is known: the product of 1D gains."""
    values = np.random.default_rng(1).normal(0, 10, (60, 60, 60))
    result = sitk.GetArrayFromImage(WaveletShrinkage(method="hard", noise=1000)(image_of(values)))
    taps = np.convolve([0.25, 0.5, 0.25], [0.25, 0, 0.5, 0, 0.25])
    assert result[8:-8, 8:-8, 8:-8].std() == pytest.approx(10 * np.sqrt(np.sum(taps**2)) ** 3, rel=0.06)


def test_sure_finds_the_threshold_of_least_error():
    rng = np.random.default_rng(2)
    truth = np.where(rng.random(200_000) < 0.1, rng.normal(0, 6, 200_000), 0)
    noisy = truth + rng.normal(0, 2, truth.size)
    thresholds = np.linspace(0, 4, 81)
    errors = [np.mean((noisy - np.clip(noisy, -2 * t, 2 * t) - truth) ** 2) for t in thresholds]
    found = sure_threshold(noisy, 2.0)
    assert np.interp(found, thresholds, errors) <= 1.002 * min(errors)


@pytest.mark.parametrize("share, gain", [(0.03, 5.0), (0.06, 7.0)])
def test_it_gains_more_than_every_gaussian_on_a_real_image(real_flair, share, gain):
    truth = sitk.GetArrayFromImage(real_flair)[14:22].astype(np.float32)
    noisy = truth + np.random.default_rng(0).normal(0, share * truth.max(), truth.shape)

    def psnr(values):
        return 10 * np.log10(truth.max() ** 2 / np.mean((values - truth) ** 2))

    image = image_of(noisy, real_flair.GetSpacing())
    best = max(psnr(sitk.GetArrayFromImage(Gaussian(sd_mm=sd)(image))) for sd in (0.3, 0.4, 0.5, 0.6, 0.7))
    ours = psnr(sitk.GetArrayFromImage(WaveletShrinkage()(image)))
    assert ours > best + 0.7 and ours > psnr(noisy) + gain


def test_a_ball_keeps_its_volume():
    axis = (np.arange(28 * 5) - 69.37) / 5
    fine = sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij", sparse=True)) < 64
    share = fine.reshape(28, 5, 28, 5, 28, 5).mean((1, 3, 5))
    changes = []
    for seed in range(3):
        values = 100 + 100 * share + np.random.default_rng(seed).normal(0, 10, share.shape)
        result = sitk.GetArrayFromImage(WaveletShrinkage()(image_of(values)))
        changes.append(np.sum(result > 150) / np.sum(values > 150) - 1)
        assert result[:3].std() < 3
    assert np.mean(changes) == pytest.approx(0, abs=0.01)
