"""Non-local means against its plain definition, a peer and known truth."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans

from .noise_phantoms import image_of, psnr, rician


@pytest.mark.parametrize("share", [0.03, 0.06])
def test_it_is_better_than_scikit_image(real_flair, share):
    restoration = pytest.importorskip("skimage.restoration")
    truth = sitk.GetArrayFromImage(real_flair)[16:20, 60:220, 60:220].astype(np.float32)
    noise = float(share * truth.max())
    noisy = truth + np.random.default_rng(0).normal(0, noise, truth.shape).astype(np.float32)
    peer = max(psnr(np.stack([_peer(restoration, s, h * noise, noise) for s in noisy]), truth) for h in (0.5, 0.6, 0.8))
    ours = NonLocalMeans(noise=noise)(image_of(noisy, real_flair.GetSpacing()))
    assert psnr(sitk.GetArrayFromImage(ours), truth) > peer + 0.2 > psnr(noisy, truth) + 1.3


def _peer(restoration, plane, h, sigma):
    return restoration.denoise_nl_means(
        plane, patch_size=3, patch_distance=4, h=h, sigma=sigma, fast_mode=True, preserve_range=True
    )


@pytest.mark.parametrize("radii", [(2, 1), (2, 2), (3, 1)])
@pytest.mark.parametrize("squares", [False, True])
def test_it_is_the_plain_definition_in_3d(radii, squares):
    """At corners, edges and inside of an image that is cut in parts; patches are mirrored at the border."""
    search, patch = radii
    values = np.random.default_rng(1).normal(5, 1, (9, 10, 14)).astype(np.float32)
    operation = NonLocalMeans(noise=1, strength=2, search_radius_mm=search, patch_radius_mm=patch, rician=squares)
    result = sitk.GetArrayFromImage(operation(image_of(values)))
    margin, side, window = search + patch, 2 * patch + 1, 2 * search + 1
    padded = np.pad(values, margin, mode="reflect").astype(float)
    for z, y, x in ((4, 5, 5), (0, 0, 0), (8, 9, 13), (3, 0, 7), (0, 9, 2), (5, 4, 13)):
        here = padded[z + search :, y + search :, x + search :][:side, :side, :side]
        total = mean = 0.0
        for dz, dy, dx in np.ndindex(window, window, window):
            if np.hypot(np.hypot(dz - search, dy - search), dx - search) > search:
                continue
            there = padded[z + dz :, y + dy :, x + dx :][:side, :side, :side]
            weight = max(0, 1 - np.mean((here - there) ** 2) / 4) ** 2
            center = there[patch, patch, patch]
            total, mean = total + weight, mean + weight * (center**2 if squares else center)
        expected = np.sqrt(max(mean / total - 2, 0)) if squares else mean / total
        assert result[z, y, x] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("reach", "step"), [(3, 1), (10, 2)])
def test_it_is_the_plain_definition_in_2d(reach, step):
    """Of a wide search every second voxel, from the middle on."""
    values = np.random.default_rng(1).normal(0, 1, (40, 23)).astype(np.float32)
    result = sitk.GetArrayFromImage(NonLocalMeans(noise=1, strength=2, search_radius_mm=reach)(image_of(values)))
    padded = np.pad(values, reach + 1, mode="reflect").astype(float)
    offsets = [(dy, dx) for dy in range(-reach, reach + 1, step) for dx in range(-reach, reach + 1, step)]
    offsets = [(reach + dy, reach + dx) for dy, dx in offsets if np.hypot(dy, dx) <= reach]
    for y, x in ((0, 0), (20, 11), (39, 22), (5, 22)):
        here = padded[y + reach :, x + reach :][:3, :3]
        there = [padded[y + dy :, x + dx :][:3, :3] for dy, dx in offsets]
        weights = np.maximum(0, 1 - np.mean((np.array(there) - here) ** 2, axis=(1, 2)) / 4) ** 2
        expected = np.average([patch[1, 1] for patch in there], weights=weights)
        assert result[y, x] == pytest.approx(expected, abs=1e-5)


def test_rician_bias_is_removed():
    truth = np.full((40, 40, 20), 3.0)
    truth[20:] = 20.0
    magnitude = rician(truth, 2)
    plain, corrected = (
        sitk.GetArrayFromImage(NonLocalMeans(noise=2, rician=rician)(image_of(magnitude))) for rician in (False, True)
    )
    assert plain[3:15].mean() > 3.4
    assert corrected[3:15].mean() == pytest.approx(3.0, abs=0.25)
    assert corrected[25:].mean() == pytest.approx(20.0, abs=0.1)


def test_rician_noise_of_values_below_zero_is_refused():
    """It works on squares: of a standardized image, background at -3, the brightest voxels would be the background."""
    truth = np.full((6, 40, 40), 100.0)
    truth[:, :20] = 20
    magnitude = rician(truth, 2)
    standardized = (magnitude - 100) / 20
    with pytest.raises(InputError, match="switch rician off"):
        NonLocalMeans(noise=0.1, rician=True)(image_of(standardized))
    NonLocalMeans(noise=0.1)(image_of(standardized))
    ringing = magnitude.copy()
    ringing[:, ::4] = -1  # as splines leave it at edges
    NonLocalMeans(noise=2, rician=True)(image_of(ringing))


def test_thick_slices_are_not_mixed():
    values = np.zeros((3, 32, 32))
    values[1] = 100
    noisy = values + np.random.default_rng(0).normal(0, 2, values.shape)
    result = sitk.GetArrayFromImage(NonLocalMeans(noise=2, strength=10)(image_of(noisy, (1, 1, 6))))
    assert np.abs(result - values).max() < 3


def test_an_image_without_noise_stays_as_it_is():
    values = np.zeros((8, 20, 20), np.float32)
    values[:, 5:] = 1000
    np.testing.assert_array_equal(sitk.GetArrayFromImage(NonLocalMeans()(image_of(values))), values)


def test_values_and_noise_of_any_size():
    values = np.random.default_rng(0).normal(100, 5, (10, 20, 20))
    expected = sitk.GetArrayFromImage(NonLocalMeans(noise=5)(image_of(values)))
    for factor in (1e-20, 1e25):
        scaled = NonLocalMeans(noise=5 * factor)(sitk.GetImageFromArray(values * factor))
        np.testing.assert_allclose(sitk.GetArrayFromImage(scaled) / factor, expected, rtol=1e-4)
    hardly = sitk.GetArrayFromImage(NonLocalMeans(noise=1e-30)(image_of(values)))
    np.testing.assert_allclose(hardly, values, rtol=1e-5)


def test_patches_of_thick_slices_lie_in_their_plane():
    """Two volumes that differ in the slices beyond the search radius, but within the patch's, give the same."""
    values = np.random.default_rng(0).normal(0, 1, (9, 20, 20)).astype(np.float32)
    other = values.copy()
    other[:3] += 5
    runs = [
        sitk.GetArrayFromImage(NonLocalMeans(noise=1, search_radius_mm=2.1)(image_of(v, (1, 1, spacing))))
        for spacing in (2, 1.4)
        for v in (values, other)
    ]
    np.testing.assert_array_equal(runs[0][4], runs[1][4])
    assert np.abs(runs[2][4] - runs[3][4]).max() > 1e-3


def test_large_voxels_are_denoised_too():
    values = np.random.default_rng(0).normal(50, 5, (12, 20, 20))
    result = sitk.GetArrayFromImage(NonLocalMeans()(image_of(values, (4, 4, 4))))
    assert result.std() < 0.4 * values.std()
