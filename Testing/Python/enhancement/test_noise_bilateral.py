"""The bilateral filter against its plain definition."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.enhancement.noise.bilateral import Bilateral

from .noise_phantoms import image_of


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.5), (1, 1, 9)])
def test_it_is_the_plain_definition(spacing):
    values = np.random.default_rng(0).normal(100, 5, (12, 14, 17)).astype(np.float32)
    result = sitk.GetArrayFromImage(Bilateral(1.3, 1.5, noise=5)(image_of(values, spacing)))
    padded = np.pad(values, 5, mode="reflect").astype(float)
    offsets = np.array(list(np.ndindex(11, 11, 11))) - 5
    distance = np.linalg.norm(offsets * spacing[::-1], axis=1)
    offsets, distance = offsets[distance <= 2.5 * 1.3], distance[distance <= 2.5 * 1.3]
    for z, y, x in ((0, 0, 0), (6, 7, 8), (11, 13, 16), (3, 0, 16)):
        around = padded[tuple((offsets + 5 + np.array([z, y, x])).T)]
        weights = np.exp(-0.5 * (distance / 1.3) ** 2 - 0.5 * ((around - values[z, y, x]) / (1.5 * 5)) ** 2)
        assert result[z, y, x] == pytest.approx(np.average(around, weights=weights), abs=1e-3)


def test_a_wide_range_leaves_a_gaussian():
    values = np.zeros((41, 41), np.float32)
    values[20, 20] = 1
    result = sitk.GetArrayFromImage(Bilateral(1.0, 20, noise=10)(image_of(values)))
    assert result[20, 20] == pytest.approx(1 / (2 * np.pi), rel=0.1)
    assert result[20, 21] / result[20, 20] == pytest.approx(np.exp(-0.5), rel=0.01)


def test_noise_goes_and_a_step_stays():
    values = np.zeros((20, 40, 40))
    values[:, :, 20:] = 60
    noisy = values + np.random.default_rng(0).normal(0, 5, values.shape)
    result = sitk.GetArrayFromImage(Bilateral()(image_of(noisy)))
    assert np.std(result - values) < 1.7
    assert np.abs(result[:, :, 19].mean()) < 0.5 and np.abs(result[:, :, 20].mean() - 60) < 0.5
