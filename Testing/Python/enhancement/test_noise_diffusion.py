"""Gradient and curvature diffusion against ITK's filters, the heat equation and shrinking circles."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.enhancement.noise.curvature_diffusion import CurvatureDiffusion
from MedProcLib.enhancement.noise.diffusion import time_steps
from MedProcLib.enhancement.noise.gradient_diffusion import GradientDiffusion

from .noise_phantoms import image_of


def run(operation, values, spacing=None):
    return sitk.GetArrayFromImage(operation(image_of(values, spacing)))


@pytest.mark.parametrize("spacing", [(0.2, 0.2, 5.0), (1.0, 1.0, 1.0), (3.0, 3.0, 3.0)])
@pytest.mark.parametrize("kind", [GradientDiffusion, CurvatureDiffusion])
def test_steps_are_stable_and_add_up(kind, spacing):
    values = np.random.default_rng(0).normal(0, 1, (12, 40, 40)).astype(np.float32)
    length, count = time_steps(Geometry.of(image_of(values, spacing)), 1.5)
    assert length * count == pytest.approx(1.5**2 / 2)
    assert length <= 1 / sum(2 / s**2 for s in spacing)
    result = run(kind(scale_mm=1.5, edge_sd=50), values, spacing)
    assert values.min() - 0.05 <= result.min() and result.max() <= values.max() + 0.05
    assert result.std() < values.std()


@pytest.mark.parametrize("conductance", ["exponential", "rational"])
def test_where_nothing_is_steep_it_is_a_gaussian(conductance):
    z, y, x = (np.arange(n) - n // 2 for n in (5, 40, 40))
    r2 = (y[:, None] * 0.8) ** 2 + (x[None] * 0.8) ** 2
    values = np.broadcast_to(np.exp(-r2 / (2 * 4**2)), (len(z), 40, 40))
    result = run(GradientDiffusion(2, 100, conductance, noise=1), values, (0.8, 0.8, 5))
    width = 4**2 + 2**2
    expected = 4**2 / width * np.exp(-r2 / (2 * width))
    assert np.abs(result[2] - expected)[r2 < 100].max() < 0.005


def test_gradient_diffusion_is_the_one_of_itk_along_one_axis():
    """ITK's edge is in root mean square gradients, exp(-(step / edge)² / 2), the mean taken over the whole image."""
    row = np.cumsum(np.random.default_rng(0).normal(0, 3, 60)) + 40 * (np.arange(60) > 30)
    values = np.broadcast_to(row, (40, 60)).astype(np.float32)
    peer = sitk.GradientAnisotropicDiffusionImageFilter()
    length, count = time_steps(Geometry.of(image_of(values)), 1.5)
    peer.SetTimeStep(length)
    peer.SetNumberOfIterations(count)
    peer.SetConductanceParameter(2)
    peer.SetConductanceScalingUpdateInterval(1000)
    expected = sitk.GetArrayFromImage(peer.Execute(image_of(values)))
    padded = np.pad(row, 1, mode="edge")
    mean_square = np.mean(((padded[2:] - padded[:-2]) / 2) ** 2)
    result = run(GradientDiffusion(1.5, noise=2 * np.sqrt(2 * mean_square), edge_sd=1), values)
    assert np.abs(expected - values).max() > 3
    np.testing.assert_allclose(result[20], expected[20], atol=0.02)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 1.6)])
def test_curvature_diffusion_is_the_flow_of_itk_where_nothing_is_steep(spacing):
    values = sitk.GetArrayFromImage(
        sitk.SmoothingRecursiveGaussian(image_of(np.random.default_rng(0).normal(0, 10, (20, 24, 28))), 1.2)
    )
    length, count = time_steps(Geometry.of(image_of(values, spacing)), 1.0)
    expected = sitk.GetArrayFromImage(sitk.CurvatureFlow(image_of(values, spacing), length, count))
    result = run(CurvatureDiffusion(1.0, edge_sd=100, noise=100), values, spacing)
    assert np.abs(expected - values).max() > 0.3
    np.testing.assert_allclose(result, expected, atol=2e-3)


def test_a_circle_shrinks_by_twice_the_time_and_a_steep_one_stays():
    """Curvature motion: r² = r0² - 2 t, and t = scale² / 2."""
    y, x = np.mgrid[:96, :96] - 47.5
    radius = np.hypot(x, y)
    values = np.clip(100 - 5 * (radius - 20), 0, 200)  # a cone, so that all contours are circles

    def radius_at_half(result):
        return np.sqrt(np.count_nonzero(result > 100) / np.pi)

    free = run(CurvatureDiffusion(6, edge_sd=100, noise=10), values)
    assert radius_at_half(free) == pytest.approx(np.sqrt(20**2 - 36), abs=0.1)
    disc = 1000.0 * (radius < 20)
    kept = run(CurvatureDiffusion(6, edge_sd=3, noise=10), disc)
    assert radius_at_half(kept + 100 - 500) == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("kind", [GradientDiffusion, CurvatureDiffusion])
def test_noise_goes_and_a_step_stays(kind):
    values = np.zeros((20, 40, 40))
    values[:, :, 20:] = 60
    noisy = values + np.random.default_rng(0).normal(0, 5, values.shape)
    result = run(kind(), noisy)
    assert np.std(result - values) < 2.9
    assert np.abs(result[:, :, 19].mean()) < 1 and np.abs(result[:, :, 20].mean() - 60) < 1


@pytest.mark.parametrize("kind", [GradientDiffusion, CurvatureDiffusion])
def test_constant_images_stay(kind):
    np.testing.assert_array_equal(run(kind(), np.full((5, 6, 7), 3.0)), 3)


def test_smoothing_makes_nothing_brighter_or_darker_than_all_around():
    """Letters burnt into an image, with edges of one voxel: by central differences alone down to -20 and up to 294."""
    generator = np.random.default_rng(3)
    letters = np.kron(generator.random((20, 20)) > 0.5, np.ones((1, 2))) * 255.0
    result = sitk.GetArrayFromImage(CurvatureDiffusion(noise=60)(image_of(letters)))
    assert result.min() > -0.01 and result.max() < 255.01 and np.abs(result - letters).max() > 20
