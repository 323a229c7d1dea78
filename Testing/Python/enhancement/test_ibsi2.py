"""Texture filters against the reference maps of the standard (IBSI 2, phase 1)."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.image_filter import ImageFilter

from .ibsi2 import IBSI2_PHANTOMS, TOLERANCE, ibsi2_configuration


@pytest.mark.parametrize("test_id", ["1.a.1", "1.b.1", "2.a", "3.a.1"])
def test_every_voxel_is_within_the_tolerance_of_the_reference_map(data, test_id):
    phantom = sitk.ReadImage(str(data / "ibsi2" / f"{IBSI2_PHANTOMS[test_id]}.nii.gz"))
    reference = sitk.GetArrayFromImage(sitk.ReadImage(str(data / "ibsi2" / f"map_{test_id.replace('.', '_')}.nii.gz")))
    response = sitk.GetArrayFromImage(ibsi2_configuration(test_id)(phantom))
    assert np.abs(response - reference).max() <= TOLERANCE / 10 * np.ptp(reference)


def test_there_is_an_operation_for_each_published_map():
    counts = {"1": 5, "2": 3, "3": 9, "4": 4, "5": 2, "6": 2, "7": 2, "8": 3, "9": 2, "10": 2}
    for family, count in counts.items():
        tests = [test for test in IBSI2_PHANTOMS if test.split(".")[0] == family]
        assert len(tests) == count
        assert all(isinstance(ibsi2_configuration(test), ImageFilter) for test in tests)


@pytest.mark.parametrize("test_id", ["4.a.1", "4.a.2", "5.a.1", "9.a"])
def test_the_response_to_the_impulse_is_the_kernel(data, test_id):
    """An impulse of 255 in the middle: its response is symmetric as the kernel is, and nowhere larger than there."""
    phantom = sitk.ReadImage(str(data / "ibsi2" / "impulse.nii.gz"))
    array = sitk.GetArrayFromImage(phantom)
    ((z, y, x),) = np.argwhere(array)
    response = sitk.GetArrayFromImage(ibsi2_configuration(test_id)(phantom))
    around = response[z - 20 : z + 21, y - 20 : y + 21, x - 20 : x + 21]
    height = np.abs(response).max()
    if test_id.startswith("4"):
        # the modulus of a Gabor kernel is its Gaussian: sigma 5 voxels across, 10 along; in the slice of the impulse
        v, u = np.mgrid[-20:21, -20:21]
        angle = np.pi / 3
        across, along = u * np.cos(angle) + v * np.sin(angle), u * np.sin(angle) - v * np.cos(angle)
        gaussian = 255 * np.exp(-(across**2 + along**2 / 4) / 50)
        if test_id == "4.a.1":
            np.testing.assert_allclose(around[20], gaussian, atol=1e-4 * 255)
            assert np.abs(around[19]).max() < 1e-4 * 255
        else:
            # a voxel off the center, in one of its three planes only: averages over four directions and three planes
            angles = np.arange(4) * np.pi / 4
            expected = np.mean(np.exp(-((3 * np.cos(angles)) ** 2 + (3 * np.sin(angles)) ** 2 / 4) / 50)) * 255 * 2 / 3
            assert around[20, 20, 23] == pytest.approx(expected, rel=1e-4)
            assert around[23, 20, 20] == pytest.approx(expected, rel=1e-4)
    elif test_id == "5.a.1":
        # db2 in closed form; convolution places the third weight at the impulse
        r = np.sqrt(3)
        low = np.array([1 - r, 3 - r, 3 + r, 1 + r]) / (4 * np.sqrt(2))
        high = low[::-1] * [-1, 1, -1, 1]
        kernel = 255 * low[:, None, None] * high[:, None] * low
        np.testing.assert_allclose(around[18:22, 18:22, 18:22], kernel, atol=1e-4 * height)
        assert np.count_nonzero(np.abs(response) > 1e-3) == 64
    else:
        np.testing.assert_allclose(around, -around[:, :, ::-1], atol=0.01 * height)
        np.testing.assert_allclose(around, around.transpose(1, 0, 2), atol=0.01 * height)
