"""Grey-value morphology against scipy and scikit-image, with the ball spelled out."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.image_filter import ImageFilter
from MedProcLib.enhancement.contrast.top_hat import TopHat
from MedProcLib.enhancement.morphology import connected
from MedProcLib.enhancement.morphology.ball import dilated, eroded, opened
from MedProcLib.enhancement.morphology.fill_holes import FillHoles
from MedProcLib.enhancement.morphology.grey_morphology import GreyMorphology
from MedProcLib.enhancement.morphology.h_extrema import HExtrema
from MedProcLib.enhancement.morphology.reconstruction import Reconstruction


def run(operation: ImageFilter, values, spacing_zyx=None):
    image = sitk.GetImageFromArray(np.asarray(values, np.float32))
    image.SetSpacing(tuple(spacing_zyx or (1.0,) * np.ndim(values))[::-1])
    return sitk.GetArrayFromImage(operation(image))


def ball(radius, spacing):
    """The voxels whose centers lie within the ellipsoid."""
    axes = [np.arange(-int(radius / s), int(radius / s) + 1) * s for s in spacing]
    return sum(m**2 for m in np.meshgrid(*axes, indexing="ij")) <= radius**2 + 1e-6


GRIDS = [
    ((14, 15, 16), (1, 1, 1), 3.0),
    ((9, 20, 22), (2.5, 0.8, 0.7), 4.0),
    ((20, 25), (1, 0.5), 3.0),
    ((5, 4, 30), (1, 1, 1), 6.0),
    ((1, 20, 30), (5, 1, 1), 3.0),
    ((20, 30, 1), (1, 1, 1), 2.0),
    ((8, 9, 10), (3, 3, 3), 1.0),
]


@pytest.mark.parametrize("shape, spacing, radius", GRIDS)
def test_operations_are_those_of_scipy_with_the_ball_spelled_out(shape, spacing, radius):
    values = np.random.default_rng(0).normal(0, 100, shape).astype(np.float32)
    footprint = ball(radius, spacing)
    peers = {
        "erode": ndimage.grey_erosion,
        "dilate": ndimage.grey_dilation,
        "open": ndimage.grey_opening,
        "close": ndimage.grey_closing,
        "gradient": ndimage.morphological_gradient,
    }
    for kind, peer in peers.items():
        result = run(GreyMorphology(kind=kind, radius_mm=radius), values, spacing)
        np.testing.assert_array_equal(result, peer(values, footprint=footprint, mode="reflect"), err_msg=kind)


@pytest.mark.parametrize("shape, spacing, radius", GRIDS)
def test_a_part_is_the_part_of_the_whole(shape, spacing, radius):
    values = np.random.default_rng(1).normal(0, 1, shape)
    full, part = tuple(slice(0, n) for n in shape), tuple(slice(n // 3, n // 3 + max(1, n // 4)) for n in shape)
    for run_on in (eroded, dilated, opened):
        whole = run_on(values, radius, spacing, full)
        np.testing.assert_array_equal(run_on(values, radius, spacing, part), whole[part])


@pytest.mark.parametrize("shape, spacing, radius", GRIDS)
def test_top_hats_are_what_opening_and_closing_take(shape, spacing, radius):
    values = np.random.default_rng(2).normal(50, 10, shape).astype(np.float32)
    footprint = ball(radius, spacing)
    white = values - ndimage.grey_opening(values, footprint=footprint, mode="reflect")
    black = ndimage.grey_closing(values, footprint=footprint, mode="reflect") - values
    for kind, expected in (("bright", white), ("dark", black), ("enhance", values + 0.5 * (white - black))):
        result = run(TopHat(kind=kind, radius_mm=radius, amount=0.5), values, spacing)
        np.testing.assert_allclose(result, expected, atol=1e-4)


def test_a_small_ball_is_detail_and_a_large_one_is_not():
    z, y, x = np.mgrid[:40, :40, :60]
    small = (z - 20) ** 2 + (y - 20) ** 2 + (x - 10) ** 2 <= 3**2
    large = (z - 20) ** 2 + (y - 20) ** 2 + (x - 40) ** 2 <= 10**2
    result = run(TopHat(kind="bright", radius_mm=5), 20 + 30.0 * (small | large) + x)
    assert result[20, 20, 10] == pytest.approx(30, abs=6)
    assert result[20, 20, 40] == pytest.approx(0, abs=6)


def test_reconstruction_is_that_of_scikit_image():
    morphology = pytest.importorskip("skimage.morphology")
    values = ndimage.gaussian_filter(np.random.default_rng(3).normal(0, 100, (16, 30, 32)), 1).astype(np.float32)
    faces = ndimage.generate_binary_structure(3, 1)
    marker = ndimage.grey_erosion(values, footprint=ball(2, (1, 1, 1)))
    expected = morphology.reconstruction(marker, values, "dilation", footprint=faces)
    np.testing.assert_allclose(run(Reconstruction(), values), expected, atol=1e-4)
    np.testing.assert_allclose(run(Reconstruction(kind="close"), -values), -expected, atol=1e-4)
    plane = values[7]
    marker = ndimage.grey_erosion(plane, footprint=ball(2, (1, 1)))
    expected = morphology.reconstruction(marker, plane, "dilation", footprint=faces[1])
    np.testing.assert_allclose(run(Reconstruction(), plane), expected, atol=1e-4)
    sliced = run(Reconstruction(connected="each slice"), values, (3, 1, 1))
    np.testing.assert_allclose(sliced[7], expected, atol=1e-4)
    turned = run(Reconstruction(connected="each slice"), np.moveaxis(values, 0, 2), (1, 1, 3))
    np.testing.assert_allclose(np.moveaxis(turned, 2, 0), sliced, atol=1e-4)


@pytest.mark.parametrize("rising", [True, False])
def test_reconstruction_in_slabs_is_that_of_the_whole(rising, monkeypatch):
    values = ndimage.gaussian_filter(np.random.default_rng(7).normal(0, 100, (40, 20, 22)), (0, 1, 1)).astype(
        np.float32
    )
    # a winding channel through all slabs, there and back
    values[:, 5, 5] = values[:, 5, 9] = values[-1, 5, 5:10] = 80
    marker = np.full_like(values, -200)
    marker[0, 5, 5] = 80
    sign = 1 if rising else -1
    whole = connected.reconstructed(sign * marker, sign * values, rising)
    monkeypatch.setattr(connected, "SLAB_VOXELS", 3 * 20 * 22)
    np.testing.assert_array_equal(connected.reconstructed(sign * marker, sign * values, rising), whole)
    assert sign * whole[0, 5, 9] == 80 and (whole != sign * marker).mean() > 0.9


def test_opening_by_reconstruction_keeps_shapes_that_opening_rounds():
    values = np.zeros((60, 60))
    values[10:40, 10:40] = 100
    values[48, 5:55] = 100
    plain, kept = (run(op(kind="open", radius_mm=4), values) for op in (GreyMorphology, Reconstruction))
    assert plain[10, 10] == 0 and kept[10, 10] == 100
    assert kept[48].max() == 0


def test_h_maxima_are_cut_by_their_height():
    morphology = pytest.importorskip("skimage.morphology")
    x = np.arange(100.0)
    ridge = 50 * np.exp(-(((x - 30) / 6) ** 2)) + 8 * np.exp(-(((x - 70) / 6) ** 2))
    values = np.tile(ridge, (20, 1)).astype(np.float32)
    cut = run(HExtrema(height=10), values)
    assert cut[:, 30] == pytest.approx(40, abs=1e-3)
    assert cut[:, 60:].max() < 1 and cut[5, 20] == pytest.approx(values[5, 20])
    filled = run(HExtrema(kind="minima", height=10), -values)
    np.testing.assert_allclose(filled, -cut, atol=1e-4)
    noisy = np.random.default_rng(4).normal(0, 10, (12, 20, 24)).astype(np.float32)
    faces = ndimage.generate_binary_structure(3, 1)
    expected = morphology.reconstruction(noisy - 15, noisy, "dilation", footprint=faces)
    np.testing.assert_allclose(run(HExtrema(height=15), noisy), expected, atol=1e-4)


def test_without_a_height_the_noise_is_cut():
    truth = 100.0 * (np.hypot(*np.mgrid[-40:40, -40:40]) < 25)
    noisy = truth + np.random.default_rng(5).normal(0, 3, truth.shape)
    result = run(HExtrema(), noisy)
    assert result[35:45, 35:45].std() < 0.5 * noisy[35:45, 35:45].std()
    assert (result > 50).sum() == (truth > 50).sum()


def test_holes_are_filled_to_their_rim():
    values = np.zeros((9, 30, 30))
    values[:, 5:25, 5:25] = 100
    values[2:7, 10:15, 10:15] = 20
    values[:, 18:21, 18:21] = 40
    values[4, 18, 21:] = 60
    in_slices = run(FillHoles(), values, (3, 1, 1))
    assert (in_slices[:, 5:25, 5:25] >= 60).all() and in_slices[4, 19, 19] == 60 and in_slices[3, 19, 19] == 100
    assert in_slices[0, 0, 0] == 0
    through = run(FillHoles(connected="3D"), values, (3, 1, 1))
    assert through[4, 12, 12] == 100 and through[4, 19, 19] == 40
    peaks = run(FillHoles(kind="bright peaks"), 100 - values, (3, 1, 1))
    np.testing.assert_array_equal(peaks, 100 - in_slices)
    binary = np.random.default_rng(6).random((30, 40)) > 0.35
    np.testing.assert_array_equal(run(FillHoles(), binary), ndimage.binary_fill_holes(binary))
