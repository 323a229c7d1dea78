import numpy as np
import pytest
from Benchmarks._bodies import ball
from scipy import ndimage
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.shape.partial_volume import partial_volume

FINE = 5


def imaged(diameter, shift, spacing=(1.0, 1.0, 1.0), blur=0.8):
    """Mask and image (0 to 1) of a ball: the share of each voxel that is object, blurred."""
    body = ball(diameter)
    turn = Rotation.identity()
    steps = (np.arange(FINE) - FINE // 2) / FINE
    places = body.places(turn, np.array(shift), spacing, 7)
    offsets = np.stack(np.meshgrid(*[steps * side for side in spacing], indexing="ij"), -1).reshape(-1, 3)
    shares = np.mean([body.inside(places + offset) for offset in offsets], axis=0)
    return body.inside(places), ndimage.gaussian_filter(shares, blur)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.0)])
@pytest.mark.parametrize("levels", [(-50, 50), (2000, 100)])
def test_volume_of_a_blurred_ball_within_half_a_percent(spacing, levels):
    background, level = levels
    mask, image = imaged(20, (0.3, -0.2, 0.4), spacing)
    found = partial_volume(mask, background + (level - background) * image, spacing)
    assert found.volume == pytest.approx(ball(20).volume, rel=0.005)
    assert (found.background_level, found.object_level) == pytest.approx(levels, abs=10)


def test_the_standard_error_is_that_of_the_noise():
    rng = np.random.default_rng(2)
    mask, image = imaged(16, (0.3, -0.2, 0.4))
    found = [partial_volume(mask, image + rng.normal(0, 0.1, image.shape), (1, 1, 1)) for _ in range(30)]
    scatter = np.std([one.volume for one in found])
    assert 0.6 < np.mean([one.standard_error for one in found]) / scatter < 1.7


def test_a_mask_drawn_too_large_hardly_matters():
    mask, image = imaged(20, (0.0, 0.0, 0.0))
    found = partial_volume(ndimage.binary_dilation(mask), image, (1, 1, 1))
    assert found.volume == pytest.approx(ball(20).volume, rel=0.02)


def test_low_contrast_and_small_objects_give_a_reason():
    mask, image = imaged(16, (0.0, 0.0, 0.0))
    noisy = image + np.random.default_rng(0).normal(0, 0.5, image.shape)
    found = partial_volume(mask, noisy, (1, 1, 1))
    assert np.isnan(found.volume) and "contrast" in found.reason
    tiny = np.zeros((9, 9, 9), bool)
    tiny[4, 4, 4:6] = True
    assert "few voxels" in partial_volume(tiny, tiny.astype(float), (1, 1, 1)).reason
    assert np.isnan(partial_volume(mask, np.zeros(mask.shape), (1, 1, 1)).volume)


def test_missing_and_huge_values():
    mask, image = imaged(16, (0.1, 0.0, 0.2))
    values = 1e30 * image
    values[0, 0, :3] = np.nan
    assert partial_volume(mask, values, (1, 1, 1)).volume == pytest.approx(ball(16).volume, rel=0.01)
