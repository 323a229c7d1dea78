"""The noise level and robust statistics against known truth."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.noise import fine_noise_sd, noise_sd
from MedProcLib.core.statistics import median_and_sd, mode_and_sd
from MedProcLib.enhancement.noise.tissue_noise import tissue_noise

from .noise_phantoms import image_of, rician


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
    for added, blur in ((20, 0.0), (40, 0.0), (40, 1.0)):
        noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 1, values.shape), (0, blur, blur))
        noisy = values + (added * noise / noise.std()).astype(np.float32)
        assert noise_sd(noisy, spacing, head) == pytest.approx(np.hypot(own, added), rel=0.07)


def test_robust_statistics_stand_outliers():
    rng = np.random.default_rng(0)
    tissue, outliers = rng.normal(100, 8, 20000), rng.uniform(150, 400, 3000)
    values = np.concatenate([tissue, outliers])
    assert mode_and_sd(values) == pytest.approx((100, 8), rel=0.06)
    assert median_and_sd(tissue) == pytest.approx((100, 8), rel=0.03)


def head(shape=(20, 128, 128)):
    """Two tissues with a slow gain on black, and where they are."""
    y, x = np.mgrid[-1 : 1 : shape[1] * 1j, -1 : 1 : shape[2] * 1j]
    radius = np.hypot(x, y)
    plane = 100 * (radius < 0.8) + 60 * (radius < 0.4) + 20 * x * (radius < 0.8)
    return np.broadcast_to(plane, shape), np.broadcast_to(radius < 0.8, shape)


@pytest.mark.parametrize("sd", [5, 10, 20])
def test_in_magnitude_images_it_is_that_of_the_tissue(sd):
    """In the background it would be 0.655 of it."""
    truth, _ = head()
    magnitude = rician(truth, sd).astype(np.float32)
    grid = Geometry.of(image_of(magnitude))
    assert tissue_noise(magnitude, np.ones(truth.shape, bool), grid) == pytest.approx(sd, rel=0.08)


@pytest.mark.parametrize("blur, loss", [(0.3, 0.08), (0.5, 0.1), (0.7, 0.2)])
def test_fine_noise_is_most_of_what_neighbors_hardly_share(blur, loss):
    truth, tissue = head()
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 1, truth.shape), (0, blur, blur))
    measured = fine_noise_sd(truth + 10 * noise / noise.std(), (1, 1, 1), tissue)
    assert 10 * (1 - loss) < measured < 10.5


def test_a_few_slices_of_a_large_image_tell_its_noise(monkeypatch):
    truth, _ = head((60, 64, 64))
    noisy = (truth + np.random.default_rng(0).normal(0, 6, truth.shape)).astype(np.float32)
    grid, everywhere = Geometry.of(image_of(noisy)), np.ones(truth.shape, bool)
    monkeypatch.setattr("MedProcLib.enhancement.noise.tissue_noise.ENOUGH_VOXELS", 40_000)
    assert tissue_noise(noisy, everywhere, grid) == pytest.approx(6, rel=0.08)
    one_slice = everywhere & (np.arange(60) == 31)[:, None, None]
    assert tissue_noise(noisy, one_slice, grid) == pytest.approx(6, rel=0.15)


def test_what_is_known_or_absent_is_not_measured():
    truth, _ = head()
    grid, everywhere = Geometry.of(image_of(truth)), np.ones(truth.shape, bool)
    assert tissue_noise(truth, everywhere, grid, 3.5) == 3.5
    assert tissue_noise(np.full(truth.shape, 4.0), everywhere, grid, 3.5) == 0


@pytest.mark.parametrize("step", [1e-9, 1e-320])
def test_values_that_only_rounding_tells_apart_are_one(step):
    values = np.r_[np.full(500, 1e6 if step > 1e-300 else 0.0), np.full(500, 1e6 + step if step > 1e-300 else step)]
    assert mode_and_sd(values) == (pytest.approx(values[0]), 0)
