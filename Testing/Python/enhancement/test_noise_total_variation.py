"""Total variation denoising against scikit-image's and what is known of its minimum."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.enhancement.noise.total_variation import STEPS, TotalVariation, least_variation

from .noise_phantoms import image_of

NOISE = 10.0


def stepped(shape=(10, 30, 40)):
    """A slanted step of 100 with noise, and its box."""
    truth = np.broadcast_to(100.0 * (np.add.outer(np.arange(shape[1]), np.arange(shape[2])) > 35), shape)
    noisy = truth + np.random.default_rng(0).normal(0, NOISE, shape)
    return truth, noisy.astype(np.float32), tuple(slice(0, n) for n in shape)


def rms(difference):
    return float(np.sqrt(np.mean(np.square(difference))))


@pytest.mark.parametrize("weight", [5.0, 10.0])
def test_it_ends_where_scikit_images_does(weight):
    restoration = pytest.importorskip("skimage.restoration")
    _, noisy, whole = stepped()
    expected = restoration.denoise_tv_chambolle(noisy.astype(float), weight=weight, eps=1e-9, max_num_iter=1500)
    endless = least_variation(noisy / weight, whole, [1, 1, 1], 300) * weight
    assert rms(endless - expected) < 0.012 * NOISE
    ours = least_variation(noisy / weight, whole, [1, 1, 1], STEPS) * weight
    assert rms(ours - expected) < weight / 10 * 0.12 * NOISE
    early = restoration.denoise_tv_chambolle(noisy.astype(float), weight=weight, eps=0, max_num_iter=STEPS)
    assert rms(ours - expected) < rms(early - expected)


def test_a_step_of_two_halves_comes_closer_by_the_known_amount():
    """Along one axis each half of n voxels moves by weight / n towards the other, however many steps high."""
    values = np.repeat([0.0, 100.0], 5)[np.newaxis, :].repeat(20, axis=0).astype(np.float32)
    result = least_variation(values / 2, tuple(slice(0, n) for n in values.shape), [1, 1], 2000) * 2
    np.testing.assert_allclose(result[:, :5], 0.4, atol=0.02)
    np.testing.assert_allclose(result[:, 5:], 99.6, atol=0.02)


def test_noise_goes_and_a_step_stays():
    truth, noisy, _ = stepped((20, 40, 40))
    result = sitk.GetArrayFromImage(TotalVariation(noise=NOISE)(image_of(noisy)))
    assert rms(result - truth) < 0.45 * NOISE
    assert np.median(result[truth > 0]) == pytest.approx(100, abs=2.5)


def test_thick_slices_are_denoised_one_by_one():
    _, noisy, _ = stepped((4, 30, 30))
    whole = sitk.GetArrayFromImage(TotalVariation(noise=NOISE)(image_of(noisy, (1, 1, 2))))
    one = sitk.GetArrayFromImage(TotalVariation(noise=NOISE)(image_of(noisy[2])))
    np.testing.assert_allclose(whole[2], one, atol=1e-3)
