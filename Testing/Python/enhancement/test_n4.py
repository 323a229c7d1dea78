"""The bias field that was put in comes out again."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.enhancement.shading.n4 import N4


def phantom(spacing=(2.0, 2.0, 2.0), size=(64, 64, 40)):
    """Two tissues in small cells in a ball on black, the mask of the ball, and a field of +-25 % along x."""
    grid = Geometry(size, spacing, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    mesh = np.meshgrid(*[np.linspace(-1, 1, n) for n in reversed(size)], indexing="ij")
    ball = sum(m**2 for m in mesh) < 0.8
    cells = np.sin(mesh[2] * 25) * np.sin(mesh[1] * 25) * np.sin(mesh[0] * 25) > 0
    noise = np.random.default_rng(3).normal(1, 0.02, ball.shape)
    truth = np.where(ball, np.where(cells, 100.0, 160.0), 0) * noise
    return grid, truth, ball, 1 + 0.25 * mesh[2]


@pytest.mark.parametrize("spacing", [(2, 2, 2), (1.5, 1.5, 6)])
@pytest.mark.parametrize("masked", [True, False])
def test_a_known_field_is_removed(spacing, masked):
    grid, truth, ball, field = phantom(spacing)
    image = grid.image_of((truth * field).astype(np.float32))
    result = N4()(image, grid.image_of(ball) if masked else None)
    left = (sitk.GetArrayFromImage(result)[ball] / truth[ball]) / np.mean(field[ball])
    assert field[ball].std() / field[ball].mean() > 0.1
    assert left.std() / left.mean() < 0.02


def test_the_intensity_scale_is_kept():
    grid, truth, ball, field = phantom()
    image = grid.image_of((truth * field).astype(np.float32))
    result = N4()(image, grid.image_of(ball))
    ratio = sitk.GetArrayFromImage(image)[ball] / sitk.GetArrayFromImage(result)[ball]
    assert ratio.mean() == pytest.approx(1, abs=1e-3)


def test_zero_and_negative_voxels_are_kept_out_and_stay_what_they_are():
    grid, truth, ball, field = phantom()
    values = (truth * field).astype(np.float32)
    clean = sitk.GetArrayFromImage(N4()(grid.image_of(values), grid.image_of(ball)))
    values[~ball] = -50
    values[20, 32, 30:34] = 0
    result = sitk.GetArrayFromImage(N4()(grid.image_of(values), grid.image_of(ball)))
    assert (result[~ball] < 0).all() and (result[20, 32, 30:34] == 0).all()
    inner = ball & (values > 0)
    assert np.abs(result[inner] / clean[inner] - 1).max() < 0.02


def test_a_volume_of_one_slice_is_corrected_as_the_image_is():
    grid, truth, ball, field = phantom()
    values = (truth * field)[20].astype(np.float32)
    flat = sitk.GetImageFromArray(values)
    flat.SetSpacing(grid.spacing[:2])
    thin = sitk.JoinSeries([flat])
    thin.SetSpacing((*grid.spacing[:2], 5.0))
    result = [sitk.GetArrayFromImage(N4()(image)) for image in (flat, thin)]
    assert np.allclose(result[0], result[1][0], rtol=1e-6)
    inside = ball[20]
    assert (result[0][inside] / truth[20][inside]).std() < 0.03 < (values[inside] / truth[20][inside]).std()


@pytest.mark.parametrize(
    ("values", "side", "message"),
    [(-1, 4.0, "positive"), (1, 0.01, "larger than the working spacing along two axes")],
)
def test_what_cannot_be_corrected(values, side, message):
    image = sitk.GetImageFromArray(values * (1 + np.random.default_rng(0).random((12, 12, 12))))
    image.SetSpacing([side] * 3)
    with pytest.raises(InputError, match=message):
        N4()(image)


def test_the_coarse_field_is_the_one_of_the_filter_itself(real_flair):
    """At the same coarse grid and knots, and as many iterations."""
    image = sitk.Shrink(sitk.Cast(real_flair, sitk.sitkFloat32), [8, 8, 2])
    mask = image > 80
    peer = sitk.N4BiasFieldCorrectionImageFilter()
    peer.SetMaximumNumberOfIterations([5] * 4)
    peer.SetConvergenceThreshold(0)
    peer.Execute(image, mask)
    inside = sitk.GetArrayFromImage(mask) > 0
    expected = np.exp(sitk.GetArrayFromImage(peer.GetLogBiasFieldAsImage(image)))[inside]
    corrected = sitk.GetArrayFromImage(N4(working_spacing_mm=2, iterations=5, convergence=1e-7)(image, mask))[inside]
    ours = sitk.GetArrayFromImage(image)[inside] / corrected
    assert np.abs(ours / ours.mean() / (expected / expected.mean()) - 1).max() < 1e-4
