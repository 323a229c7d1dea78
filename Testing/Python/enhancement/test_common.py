"""What every enhancement keeps: grid, voxels without a number, input, recipe; and that it can be stopped."""

import threading
import time

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.intensity.standardize import Standardize
from MedProcLib.enhancement.noise.curvature_diffusion import CurvatureDiffusion
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans
from MedProcLib.enhancement.shading.n4 import N4

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()
LEFT_HANDED = (1, 0, 0, 0, 1, 0, 0, 0, -1)
ALL = [
    CurvatureDiffusion(scale_mm=0.8),
    N4(working_spacing_mm=2, iterations=5),
    NonLocalMeans(noise=4, search_radius_mm=2.1),
    NonLocalMeans(noise=4, search_radius_mm=2.1, rician=True),
    Standardize(),
    Standardize(method="z_score"),
    Standardize(method="percentiles"),
]
every = pytest.mark.parametrize("enhance", ALL, ids=lambda e: f"{e.declaration.name}-{list(e.parameters.values())[-1]}")


def head_like(size=(40, 36, 20), spacing=(1.0, 1.0, 1.0), seed=1) -> sitk.Image:
    """A bright ellipsoid with a darker one in it on a dark ground, with noise and a slow gain: float32."""
    axes = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in reversed(size)]
    mesh = np.meshgrid(*axes, indexing="ij")
    radius = np.sqrt(sum(m**2 for m in mesh))
    values = 10 + 90.0 * (radius < 0.85) - 40.0 * (radius < 0.4)
    values = values * (1 + 0.2 * mesh[-1]) + np.random.default_rng(seed).normal(0, 4, values.shape)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image


@every
@pytest.mark.parametrize("direction", [OBLIQUE, LEFT_HANDED], ids=["oblique", "left-handed"])
def test_the_place_of_the_image_does_not_change_the_values(enhance, direction):
    image = head_like(spacing=(1, 1, 2.5))
    expected = sitk.GetArrayFromImage(enhance(image))
    image.SetOrigin((-70, 33, 5))
    image.SetDirection(direction)
    result = enhance(image)
    assert Geometry.of(result) == Geometry.of(image)
    np.testing.assert_allclose(sitk.GetArrayFromImage(result), expected, rtol=1e-3, atol=1e-3 * np.ptp(expected))


@every
@pytest.mark.parametrize("size", [(40, 36, 1), (40, 36), (40, 36, 5)])
@pytest.mark.parametrize("last", [1.0, 5.0])
def test_slices_and_thick_slices(enhance, size, last):
    image = head_like(size, (1.0,) * (len(size) - 1) + (last,))
    result = enhance(image)
    assert result.GetSize() == size
    assert result.GetPixelID() == sitk.sitkFloat32
    values = sitk.GetArrayFromImage(result)
    assert np.isfinite(values).all() and values.std() > 0


@every
def test_nan_and_infinity_stay_where_they_were_and_do_not_spread(enhance):
    image = head_like()
    values = sitk.GetArrayFromImage(image)
    values[10, 18, 20], values[3:5, :4, 7], values[0, 0, 0] = np.nan, np.nan, np.inf
    result = sitk.GetArrayFromImage(enhance(Geometry.of(image).image_of(values)))
    np.testing.assert_array_equal(np.isnan(result), np.isnan(values))
    np.testing.assert_array_equal(np.isinf(result), np.isinf(values))


@every
@pytest.mark.parametrize("kind", [sitk.sitkInt8, sitk.sitkUInt16, sitk.sitkFloat64])
def test_pixel_types_agree_and_the_input_is_left_alone(enhance, kind):
    whole = sitk.Cast(sitk.Clamp(head_like(), lowerBound=0, upperBound=127), sitk.sitkInt8)
    expected = sitk.GetArrayFromImage(enhance(sitk.Cast(whole, sitk.sitkFloat32)))
    image = sitk.Cast(whole, kind)
    before = sitk.GetArrayFromImage(image)
    result = sitk.GetArrayFromImage(enhance(image))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), before)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.ptp(expected))


@every
@pytest.mark.parametrize("factor, kind", [(1e28, np.float32), (1e300, np.float64)])
def test_huge_values(enhance, factor, kind):
    image = head_like()
    if isinstance(enhance, NonLocalMeans):
        enhance = NonLocalMeans(search_radius_mm=2.1, rician=enhance.rician)
    expected = sitk.GetArrayFromImage(enhance(image))
    big = sitk.GetArrayFromImage(image).astype(kind) * kind(factor)
    result = sitk.GetArrayFromImage(enhance(Geometry.of(image).image_of(big)))
    scale = 1 if isinstance(enhance, Standardize) else factor
    np.testing.assert_allclose(result / scale, expected, rtol=1e-3, atol=1e-3 * np.ptp(expected))


@every
def test_constant_and_numberless_images(enhance):
    constant = sitk.Image(12, 12, 12, sitk.sitkInt16) + 7
    if isinstance(enhance, (CurvatureDiffusion, NonLocalMeans)) and not getattr(enhance, "rician", False):
        np.testing.assert_allclose(sitk.GetArrayFromImage(enhance(constant)), 7)
    elif not isinstance(enhance, NonLocalMeans):
        with pytest.raises(InputError, match="constant"):
            enhance(constant)
    with pytest.raises(InputError, match="NaN"):
        enhance(sitk.Image(12, 12, 12, sitk.sitkFloat32) + float("nan"))


@every
def test_the_same_twice_and_through_a_recipe_file(enhance):
    image = head_like((24, 20, 12))
    once = sitk.GetArrayFromImage(enhance(image))
    recipe = Recipe.from_json(Recipe.of(enhance).to_json())
    assert recipe == Recipe.of(enhance)
    np.testing.assert_array_equal(once, sitk.GetArrayFromImage(recipe.run(image=image)["image"]))


@every
def test_a_mask_where_there_is_no_number(enhance):
    image = head_like((24, 20, 12))
    values = sitk.GetArrayFromImage(image)
    values[4] = np.nan
    mask = np.zeros(values.shape, np.uint8)
    mask[4] = 1
    with pytest.raises(InputError, match="no voxel that holds a number"):
        enhance(Geometry.of(image).image_of(values), Geometry.of(image).image_of(mask))


@pytest.mark.parametrize(
    "enhance",
    [CurvatureDiffusion(scale_mm=5), N4(convergence=1e-7), NonLocalMeans(search_radius_mm=8)],
    ids=lambda e: e.declaration.name,
)
def test_cancel_ends_within_a_second(enhance, real_flair):
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    stop = threading.Event()
    progress = Progress(cancel=stop)
    ended = []

    def work():
        with pytest.raises(Cancelled):
            enhance(real_flair, progress=progress)
        ended.append(time.process_time())

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(2.0)
    assert not ended, "it must still be at work for this test to say anything"
    asked = time.process_time()
    stop.set()
    worker.join(30)
    # processor time, so that a busy machine does not count: two threads at work for a second
    assert ended and ended[0] - asked < 2.0
