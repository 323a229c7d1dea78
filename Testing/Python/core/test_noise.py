"""The noise level that is read from noise of a known one."""

import numpy as np
import pytest
from scipy import ndimage

from MedProcLib.core.noise import fine_noise_sd, noise_sd, white_noise_sd


@pytest.mark.parametrize("sides, scatter", [((20, 64, 64), 0.01), ((10, 24, 24), 0.03), ((4, 8, 8), 0.10)])
def test_known_noise(sides, scatter):
    generator = np.random.default_rng(0)
    region = np.zeros((20, 64, 64), bool)
    region[tuple(slice((n - side) // 2, (n + side) // 2) for n, side in zip(region.shape, sides, strict=True))] = True
    images = [generator.normal(100, 5, region.shape) for _ in range(12)]
    for reading, truth, times in ((fine_noise_sd, 0.96, 1.7), (noise_sd, 1.0, 1.7)):
        found = [reading(image, (3, 1, 1), region) / 5 for image in images]
        assert np.mean(found) == pytest.approx(truth, abs=0.015 + scatter)
        assert np.std(found) < times * scatter


@pytest.mark.parametrize("shape, spacing, within", [((24, 96, 96), (3, 1, 1), 0.015), ((4, 4, 6000), (1, 1, 1), 0.06)])
@pytest.mark.parametrize("signal, own", [(None, 1.0), (100.0, 1.0), (0.0, (2 - np.pi / 2) ** 0.5)])
def test_white_noise_has_no_bias(shape, spacing, within, signal, own):
    """Of normal noise (no signal given) and of that of magnitudes, whose deviation without a signal is Rayleigh's."""
    generator = np.random.default_rng(1)
    region, found = np.ones(shape, bool), []
    for _ in range(4):
        real, imaginary = generator.normal(0, 5, (2, *shape))
        image = 100 + real if signal is None else np.hypot(signal + real, imaginary)
        found.append([reading(image, spacing, region) / 5 for reading in (noise_sd, white_noise_sd)])
    assert np.mean(found, axis=0) == pytest.approx(own, rel=within)


@pytest.mark.parametrize("blur", [0.5, 0.7, 1.0, 1.3, 1.5])
@pytest.mark.parametrize("shape, spacing", [((200, 200), (1, 1)), ((16, 90, 90), (3, 1, 1)), ((60, 12, 90), (1, 2, 1))])
def test_noise_that_neighbors_share_counts_in_full(shape, spacing, blur):
    """White noise blurred by a Gaussian (SD in voxels of the finest axes), over two tissues and a ramp."""
    finest = [side == 1 for side in spacing]
    noise = np.random.default_rng(2).normal(0, 1, shape)
    noise = ndimage.gaussian_filter(noise, [blur * fine for fine in finest], mode="wrap")
    along = np.indices(shape)[-1] / shape[-1]
    tissue = 20 * along + 80 * ndimage.gaussian_filter((along > 0.6).astype(float), [0.8 * fine for fine in finest])
    image = tissue + 5 * noise / noise.std()
    assert noise_sd(image, spacing, np.ones(shape, bool)) == pytest.approx(5, rel=0.1)
    assert blur < 1 or fine_noise_sd(image, spacing, np.ones(shape, bool)) < 3


def test_saturated_parts_of_a_radiograph_say_nothing_of_its_noise():
    """Direct exposure beside a limb is the largest value: read there, the noise was none and nothing was denoised."""
    beside = np.abs(np.linspace(-1, 1, 200)) > 0.55
    image = 600 + 100 * np.cos(np.linspace(-2, 2, 200)) + np.random.default_rng(6).normal(0, 5, (200, 200))
    image = np.where(beside, 1023, image)
    for reading, truth in ((fine_noise_sd, 0.96), (noise_sd, 1.0)):
        assert reading(image, (1, 1), np.ones(image.shape, bool)) / 5 == pytest.approx(truth, abs=0.04)
    even = np.where(beside, 1023.0, np.full((200, 200), 600.0))
    assert fine_noise_sd(even, (1, 1), np.ones(even.shape, bool)) < 0.1


def test_in_a_box_of_six_voxels_fine_noise_is_all_that_can_be_told():
    generator, region = np.random.default_rng(4), np.ones((6, 6, 6), bool)
    found = [noise_sd(generator.normal(0, 5, region.shape), (1, 1, 1), region) / 5 for _ in range(40)]
    assert np.mean(found) == pytest.approx(1, abs=0.1)


def test_noise_of_interpolated_images_counts_in_full():
    """A radiograph or slice shifted by half a voxel: neighbors share half their noise, those two apart nothing."""
    noise = ndimage.uniform_filter(np.random.default_rng(3).normal(0, 1, (10, 120, 120)), (1, 2, 2), mode="wrap")
    assert noise_sd(noise / noise.std(), (3, 1, 1), np.ones(noise.shape, bool)) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("edge, within", [(0.0, 0.13), (0.03, 0.27)])
@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 2), (0.7, 0.6)])
def test_noise_of_images_filled_up_with_zeros_in_k_space(shares, edge, within):
    """Magnitudes, measured up to these shares of the finest frequency, at once or fading out (as a blur: up to 1.6)."""
    generator, shape = np.random.default_rng(5), (4, 192, 192)
    passed = [
        1.0 / (1 + np.exp(np.clip((2 * np.abs(np.fft.fftfreq(n)) - share) / max(edge, 1e-9), -50, 50)))
        for n, share in zip(shape[1:], shares, strict=True)
    ]
    filtered = np.multiply.outer(*passed)
    noise = np.fft.ifft2(np.fft.fft2(generator.normal(0, 1, shape) + 1j * generator.normal(0, 1, shape)) * filtered)
    y, x = np.indices(shape[1:]) - 96
    radius = np.hypot(y / 80, x / 65)
    truth = 300 * (radius < 1) + 200 * ((radius < 0.9) & (radius > 0.8)) + 100 * (np.hypot(y + 20, x - 10) < 15)
    image = np.abs(np.fft.ifft2(np.fft.fft2(truth) * filtered) + 10 * noise / noise.real.std())
    assert noise_sd(image, (4, 1, 1), np.broadcast_to(radius < 1, shape)) == pytest.approx(10, rel=within)
