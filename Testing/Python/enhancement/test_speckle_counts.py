"""Speckle filters and denoising of counts against known statistics."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.noise.frost import Frost
from MedProcLib.enhancement.noise.lee import Lee
from MedProcLib.enhancement.noise.speckle_diffusion import SpeckleDiffusion
from MedProcLib.enhancement.noise.speckle_level import speckle_cv
from MedProcLib.enhancement.noise.variance_stabilized import (
    VarianceStabilized,
    anscombe,
    exact_unbiased_inverse,
    noise_model,
)

FILTERS = [Lee(), Frost(), SpeckleDiffusion()]


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


def speckled(truth, looks, seed=0):
    return truth * np.random.default_rng(seed).gamma(looks, 1 / looks, truth.shape)


def discs(side=160):
    y, x = np.mgrid[:side, :side]
    truth = np.full((side, side), 100.0)
    truth[(x - 50) ** 2 + (y - 50) ** 2 < 900] = 300
    truth[(x - 115) ** 2 + (y - 110) ** 2 < 600] = 40
    return truth


@pytest.mark.parametrize("looks", [10, 40])
def test_the_speckle_of_a_known_number_of_looks_is_measured(looks):
    values = speckled(discs(), looks)
    assert speckle_cv(values, (0.3, 0.3), values > 0) == pytest.approx(looks**-0.5, rel=0.12)


@pytest.mark.parametrize("enhance", FILTERS, ids=lambda f: type(f).__name__)
def test_speckle_goes_while_means_and_edges_stay(enhance):
    truth = discs()
    values = speckled(truth, 25)
    result = sitk.GetArrayFromImage(enhance(image_of(values, (0.3, 0.3))))
    for level in (100, 300, 40):
        inside = truth == level
        for axis in (0, 1):
            for shift in range(-5, 6):
                inside &= np.roll(truth, shift, axis) == level
        assert result[inside].mean() == pytest.approx(values[inside].mean(), rel=0.01)
        assert result[inside].std() < 0.4 * values[inside].std()
    assert np.sum(result > 200) == pytest.approx(np.sum(truth > 200), rel=0.02)
    assert np.mean((result - truth) ** 2) < 0.3 * np.mean((values - truth) ** 2)


@pytest.mark.parametrize("enhance", FILTERS, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("factor", [0.01, 1000])
def test_the_scale_of_intensities_does_not_matter(enhance, factor):
    values = speckled(discs(64), 16)
    one, other = (sitk.GetArrayFromImage(enhance(image_of(v))) for v in (values, factor * values))
    np.testing.assert_allclose(other / factor, one, rtol=1e-3)


def test_lee_is_the_plain_formula():
    values = speckled(discs(40), 9)
    result = sitk.GetArrayFromImage(Lee(radius_mm=2, speckle_cv=0.3)(image_of(values)))
    for y, x in ((20, 20), (11, 31), (5, 17)):
        window = values[y - 2 : y + 3, x - 2 : x + 3]
        mean, variance = window.mean(), window.var(ddof=1)
        signal = max((variance - 0.09 * mean**2) / 1.09, 0)
        assert result[y, x] == pytest.approx(mean + signal / variance * (values[y, x] - mean), rel=1e-4)


def test_frost_is_the_plain_formula():
    values = speckled(discs(40), 9)
    result = sitk.GetArrayFromImage(Frost(radius_mm=2, damping=1.5, speckle_cv=0.3)(image_of(values)))
    dy, dx = np.mgrid[-2:3, -2:3]
    distance = np.hypot(dy, dx)
    for y, x in ((20, 20), (11, 31), (5, 17)):
        window = values[y - 2 : y + 3, x - 2 : x + 3]
        weight = np.exp(-1.5 * window.var(ddof=1) / window.mean() ** 2 / 0.09 * distance / 2) * (distance <= 2)
        assert result[y, x] == pytest.approx(np.sum(weight * window) / weight.sum(), rel=1e-4)


def test_speckle_diffusion_is_the_published_scheme():
    values = speckled(discs(32), 16)
    enhance = SpeckleDiffusion(scale_mm=0.5, speckle_cv=0.25)
    result = sitk.GetArrayFromImage(enhance(image_of(values)))
    padded = np.pad(values, 1, mode="edge")
    north, south, west, east = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
    steps = [n - values for n in (north, south, west, east)]
    gradient = sum(s**2 for s in steps) / values**2
    laplacian = sum(steps) / values
    q2 = (gradient / 2 - laplacian**2 / 16) / (1 + laplacian / 4) ** 2
    c = np.clip(1 / (1 + (q2 - 0.0625) / (0.0625 * 1.0625)), 0, 1)
    cs, ce = np.pad(c, 1, mode="edge")[2:, 1:-1], np.pad(c, 1, mode="edge")[1:-1, 2:]
    expected = values + 0.125 * (c * steps[0] + cs * steps[1] + c * steps[2] + ce * steps[3])
    np.testing.assert_allclose(result, expected, rtol=1e-4)


def test_images_around_zero_have_no_speckle():
    with pytest.raises(InputError, match="not positive"):
        Lee()(image_of(np.random.default_rng(0).normal(-5, 1, (20, 20))))


@pytest.mark.parametrize("mean", [0.02, 0.5, 3.0, 20.0, 59.0, 61.0, 500.0])
def test_the_inverse_is_unbiased(mean):
    """E[f(k)] for k ~ Poisson(mean), summed here in another way, must turn back into the mean."""
    share, expectation = np.exp(-mean), 0.0
    for count in range(int(mean + 15 * np.sqrt(mean) + 25)):
        expectation += share * 2 * np.sqrt(count + 0.375)
        share *= mean / (count + 1)
    assert exact_unbiased_inverse(np.array([expectation]))[0] == pytest.approx(mean, rel=4e-4, abs=1e-4)


def test_counts_are_equally_noisy_once_transformed():
    for mean in (5, 20, 200):
        counts = np.random.default_rng(0).poisson(mean, 200_000).astype(float)
        assert anscombe(counts).std() == pytest.approx(1, abs=0.05)


def activity():
    z, y, x = np.mgrid[:32, :64, :64]
    hot = (z - 16) ** 2 + (y - 32) ** 2 + (x - 32) ** 2 < 150
    return 8 + 60.0 * hot + 25 * ((y - 14) ** 2 + (x - 44) ** 2 < 60)


@pytest.mark.parametrize("scale", [1.0, 53.0])
def test_the_intensity_of_a_count_is_measured(scale):
    values = scale * np.random.default_rng(0).poisson(activity())
    assert noise_model(values, values >= 0, (2, 2, 2)) == (pytest.approx(scale, rel=0.08), 0)


def test_the_intensity_of_a_count_is_measured_where_neighbors_share_noise():
    """As in PET: blurred by a Gaussian of 1 voxel, a 41st of the variance is left, smooth from voxel to voxel."""
    noise = np.random.default_rng(0).poisson(activity()) - activity()
    noise = ndimage.gaussian_filter(noise.astype(float), 1.0)
    truth = ndimage.gaussian_filter(activity().astype(float), 1.0)
    flat = np.s_[4:-4, 42:58, 6:16]
    expected = noise[flat].var() / truth[flat].mean()
    found, _ = noise_model(truth + noise, truth > 0, (2, 2, 2))
    assert found == pytest.approx(expected, rel=0.1)


def test_noise_that_is_equal_everywhere_is_told_from_counts():
    ramp = np.broadcast_to(np.linspace(20, 200, 64), (32, 64, 64))
    values = ramp + np.random.default_rng(0).normal(0, 4, ramp.shape)
    assert noise_model(values, values > 0, (2, 2, 2)) == (0, pytest.approx(4, rel=0.08))


@pytest.mark.parametrize("denoiser, gain", [("non_local_means", 6), ("wavelet", 4), ("gaussian", 0)])
def test_counts_gain_and_keep_their_mean(denoiser, gain):
    truth = activity()
    values = 53.0 * np.random.default_rng(0).poisson(truth)
    width = 1.5 if denoiser == "gaussian" else 4.0
    enhance = VarianceStabilized(denoiser=denoiser, smoothing_mm=width)
    result = sitk.GetArrayFromImage(enhance(image_of(values, (2, 2, 2)))) / 53
    before, after = (np.mean((v - truth) ** 2) for v in (values / 53, result))
    assert 10 * np.log10(before / after) > gain
    cold = np.zeros(truth.shape, bool)
    cold[3:-3, 38:61, 3:20] = True
    assert result[cold].mean() == pytest.approx((values / 53)[cold].mean(), rel=0.015)


def test_few_counts_are_not_biased():
    counts = np.random.default_rng(0).poisson(0.7, (40, 40, 40))
    result = sitk.GetArrayFromImage(
        VarianceStabilized(denoiser="gaussian", smoothing_mm=1.5, intensity_per_count=1)(image_of(counts))
    )
    assert result.mean() == pytest.approx(counts.mean(), rel=0.01)
    assert (np.square(anscombe(counts.astype(float)).mean() / 2) - 0.375) < 0.9 * counts.mean()


def test_negative_images_are_refused_with_a_reason():
    values = np.random.default_rng(0).normal(-800, 10, (20, 20, 20))
    with pytest.raises(InputError, match="negative"):
        VarianceStabilized()(image_of(values))
